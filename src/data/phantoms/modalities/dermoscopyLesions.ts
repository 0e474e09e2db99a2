import type { Random } from '../../../base/random.js';
import { gaussianBlur } from '../blur.js';
import type { Finding } from '../captions.js';
import { mix, smoothStep } from '../intensities.js';
import { type DrawnLesion, drawExtent, keepInside, lengthOf } from '../lesions.js';
import { fractalField, noiseField } from '../noise.js';
import type { Extent } from '../phantom.js';
import { blob, ellipse, grow, type Shape } from '../shapes.js';
import { strokeCoverage, vesselTree } from '../strokes.js';
import { type Colour, paintColour, type Skin } from './skinAnatomy.js';

export const dermoscopyLesionKinds = [
  'naevus',
  'melanoma',
  'seborrhoeic keratosis',
  'basal cell carcinoma',
  'vascular lesion',
  'ulcer',
] as const;

interface Scene {
  readonly skin: Skin;
  readonly random: Random;
  readonly extent: Extent;
  readonly u: number;
  readonly v: number;
  readonly radius: number;
}

/** Paints a lesion of `kind` on the skin. */
export function drawDermoscopyLesion(kind: string, skin: Skin, random: Random): DrawnLesion {
  const extent = drawExtent(random);
  const scene = {
    skin,
    random,
    extent,
    u: 0.22 * random.normal(),
    v: 0.22 * random.normal(),
    radius: lengthOf(extent, 0.16, 0.72, random),
  };
  switch (kind) {
    case 'naevus':
      return naevus(scene);
    case 'melanoma':
      return melanoma(scene);
    case 'seborrhoeic keratosis':
      return keratosis(scene);
    case 'basal cell carcinoma':
      return basalCell(scene);
    case 'vascular lesion':
      return vascular(scene);
    default:
      return ulcer(scene);
  }
}

/** The coverage of `shape` with an edge frayed by noise. */
function frayed({ skin, random }: Scene, shape: Shape, softness: number, fray: number) {
  const coverage = skin.frame.coverage(shape, softness);
  const noise = fractalField(skin.size, 18, 2, random);
  for (let i = 0; i < coverage.length; i++) {
    const value = coverage[i] as number;
    if (value > 0 && value < 1) coverage[i] = smoothStep(0, 1, value + fray * (noise[i] as number));
  }
  return coverage;
}

function tinted([r, g, b]: Colour, red: number, green: number, blue: number): Colour {
  return [r * red, g * green, b * blue];
}

/** A net of brown lines round pale meshes, the pigment network. */
function network({ skin, random }: Scene, cells: number): Float32Array {
  const a = noiseField(skin.size, cells, cells, random);
  const b = noiseField(skin.size, cells, cells, random);
  return a.map((value, i) =>
    Math.max(
      smoothStep(0.45, 0.05, Math.abs(value)),
      smoothStep(0.45, 0.05, Math.abs(b[i] as number)),
    ),
  );
}

function finding(scene: Scene, words: Pick<Finding, 'nouns' | 'looks'>): Finding {
  const { u, v } = scene;
  const central = Math.hypot(u, v) < 0.3;
  const side = Math.abs(u) > Math.abs(v) ? (u < 0 ? 'left' : 'right') : v < 0 ? 'upper' : 'lower';
  return {
    ...words,
    place: central ? 'middle of the picture' : `${side} part of the picture`,
    extent: scene.extent,
  };
}

function naevus(scene: Scene): DrawnLesion {
  const { skin, random, u, v, radius } = scene;
  const shape = blob(u, v, 0.8 * radius, random, {
    irregularity: 0.06,
    elongation: random.between(1, 1.3),
  });
  const coverage = frayed(scene, shape, random.between(0.08, 0.2), 0.1);
  const depth = random.between(0.55, 0.85);
  const brown = tinted(skin.base, mix(1, 0.58, depth), mix(1, 0.44, depth), mix(1, 0.36, depth));
  paintColour(skin, coverage, brown, 0.85);
  const net = network(scene, random.between(44, 64));
  keepInside(net, coverage);
  paintColour(skin, net, tinted(brown, 0.68, 0.62, 0.6), random.between(0.2, 0.65));
  return {
    coverage,
    finding: finding(scene, {
      nouns: ['naevus', 'mole', 'melanocytic nevus', 'pigmented lesion', 'benign naevus'],
      looks: ['brown', 'symmetric', 'regular', 'uniform'],
    }),
  };
}

function melanoma(scene: Scene): DrawnLesion {
  const { skin, random, u, v, radius } = scene;
  const shape = blob(u, v, 0.9 * radius, random, {
    irregularity: random.between(0.25, 0.42),
    elongation: random.between(1, 1.4),
    spikes: random.uniform() < 0.4 ? 0.15 : 0,
  });
  const coverage = frayed(scene, shape, random.between(0.05, 0.16), 0.25);
  const patches = fractalField(skin.size, 4, 2, random);
  const other = fractalField(skin.size, 5, 2, random);
  const brown = tinted(skin.base, 0.58, 0.42, 0.34);
  const black = tinted(skin.base, 0.22, 0.2, 0.24);
  const veil: Colour = [0.42, 0.45, 0.58];
  paintColour(skin, coverage, brown, 0.9);
  const layer = (field: Float32Array, threshold: number) => {
    const part = field.map((value) => smoothStep(threshold, threshold + 0.5, value));
    keepInside(part, coverage);
    return part;
  };
  paintColour(skin, layer(patches, random.between(-0.2, 0.4)), black, 0.85);
  if (random.uniform() < 0.6) paintColour(skin, layer(other, 0.5), veil, 0.7);
  if (random.uniform() < 0.4) {
    const pale = layer(
      other.map((value) => -value),
      0.8,
    );
    paintColour(skin, pale, tinted(skin.base, 1, 0.85, 0.82), 0.8);
  }
  const net = network(scene, random.between(36, 52));
  keepInside(net, coverage);
  paintColour(skin, net, black, random.between(0.15, 0.45));
  for (let n = random.integer(14); n > 0; n--) {
    const angle = random.between(0, 2 * Math.PI);
    const away = radius * random.between(0.3, 1);
    const dot = random.between(0.012, 0.03);
    const spot = skin.frame.coverage(
      ellipse(u + away * Math.cos(angle), v + away * Math.sin(angle), dot, dot),
      0.015,
    );
    keepInside(spot, coverage);
    paintColour(skin, spot, black, 0.9);
  }
  return {
    coverage,
    finding: finding(scene, {
      nouns: ['melanoma', 'malignant melanoma', 'skin cancer', 'suspicious pigmented lesion'],
      looks: ['asymmetric', 'irregular', 'dark', 'multicoloured'],
    }),
  };
}

function keratosis(scene: Scene): DrawnLesion {
  const { skin, random, u, v, radius } = scene;
  const shape = blob(u, v, 0.85 * radius, random, { irregularity: 0.12, elongation: 1.2 });
  const coverage = frayed(scene, shape, 0.03, 0.15);
  const folds = fractalField(skin.size, 12, 2, random);
  const brown = tinted(skin.base, random.between(0.6, 0.8), 0.62, random.between(0.5, 0.66));
  paintColour(skin, coverage, brown, 0.9);
  const grooves = folds.map((value) => smoothStep(0.3, 0.02, Math.abs(value)));
  keepInside(grooves, coverage);
  paintColour(skin, grooves, tinted(brown, 0.72, 0.68, 0.66), 0.5);
  for (let n = 5 + random.integer(18); n > 0; n--) {
    const angle = random.between(0, 2 * Math.PI);
    const away = 0.75 * radius * Math.sqrt(random.uniform());
    const white = random.uniform() < 0.5;
    const size = random.between(0.01, 0.035);
    const spot = skin.frame.coverage(
      ellipse(u + away * Math.cos(angle), v + away * Math.sin(angle), size, size),
      0.02,
    );
    keepInside(spot, coverage);
    // Milia-like cysts are white, comedo-like openings dark.
    paintColour(skin, spot, white ? [0.93, 0.88, 0.78] : tinted(brown, 0.4, 0.36, 0.34), 0.8);
  }
  return {
    coverage,
    finding: finding(scene, {
      nouns: ['seborrhoeic keratosis', 'seborrheic keratosis', 'keratosis', 'warty lesion'],
      looks: ['sharply bordered', 'rough', 'brown'],
    }),
  };
}

function basalCell(scene: Scene): DrawnLesion {
  const { skin, random, u, v, radius } = scene;
  const { size, frame } = skin;
  const shape = blob(u, v, 0.75 * radius, random, { irregularity: 0.18 });
  const coverage = frayed(scene, shape, 0.12, 0.15);
  paintColour(
    skin,
    coverage,
    [0.92 * skin.base[0] + 0.06, 0.72 * skin.base[1], 0.76 * skin.base[2]],
    0.75,
  );
  const vessels = new Float32Array(size * size);
  for (let n = 2 + random.integer(3); n > 0; n--) {
    const angle = random.between(0, 2 * Math.PI);
    const from = frame.toPixel(
      u + 0.7 * radius * Math.cos(angle),
      v + 0.7 * radius * Math.sin(angle),
    );
    const tree = strokeCoverage(
      size,
      vesselTree(from, angle + Math.PI, 0.3 * radius * frame.unit, (size / 240) * 2.4, 3, random, {
        winding: 0.3,
        spread: 0.7,
      }),
    );
    for (let i = 0; i < vessels.length; i++)
      vessels[i] = Math.max(vessels[i] as number, tree[i] as number);
  }
  keepInside(vessels, coverage);
  paintColour(skin, vessels, [0.68, 0.16, 0.18], 0.8);
  for (let n = random.integer(6); n > 0; n--) {
    const angle = random.between(0, 2 * Math.PI);
    const away = 0.5 * radius * random.uniform();
    const nest = blob(
      u + away * Math.cos(angle),
      v + away * Math.sin(angle),
      radius * random.between(0.08, 0.2),
      random,
    );
    const spot = frame.coverage(nest, 0.06);
    keepInside(spot, coverage);
    paintColour(skin, spot, [0.36, 0.36, 0.46], 0.7);
  }
  return {
    coverage,
    finding: finding(scene, {
      nouns: ['basal cell carcinoma', 'carcinoma', 'skin tumour', 'pearly nodule'],
      looks: ['pink', 'translucent', 'vascular'],
    }),
  };
}

function vascular(scene: Scene): DrawnLesion {
  const { skin, random, u, v, radius } = scene;
  const shape = blob(u, v, 0.6 * radius, random, { irregularity: 0.14 });
  const coverage = frayed(scene, shape, 0.05, 0.1);
  paintColour(skin, coverage, tinted(skin.base, 0.82, 0.42, 0.45), 0.85);
  const lacunae = gaussianBlur(noiseField(skin.size, 15, 15, random), skin.size, skin.size, 1);
  const purple = random.uniform() < 0.5;
  const pools = lacunae.map((value) => smoothStep(-0.3, 0.2, value));
  keepInside(pools, coverage);
  paintColour(skin, pools, purple ? [0.42, 0.1, 0.24] : [0.68, 0.08, 0.12], 0.85);
  return {
    coverage,
    finding: finding(scene, {
      nouns: ['vascular lesion', 'haemangioma', 'angioma', 'hemangioma'],
      looks: [purple ? 'purple' : 'red', 'lobulated', 'round'],
    }),
  };
}

function ulcer(scene: Scene): DrawnLesion {
  const { skin, random, u, v, radius } = scene;
  const shape = blob(u, v, 0.65 * radius, random, { irregularity: 0.25 });
  const coverage = frayed(scene, shape, 0.04, 0.2);
  const patches = fractalField(skin.size, 9, 3, random);
  paintColour(skin, coverage, [0.66, 0.2, 0.17], 0.9);
  const crust = patches.map((value) => smoothStep(0.1, 0.7, value));
  keepInside(crust, coverage);
  paintColour(
    skin,
    crust,
    random.choose<Colour>([
      [0.32, 0.12, 0.09],
      [0.82, 0.66, 0.36],
    ]),
    0.85,
  );
  const wet = patches.map((value) => smoothStep(0.8, 1.4, -value));
  keepInside(wet, coverage);
  paintColour(skin, wet, [0.93, 0.7, 0.66], 0.6);
  const halo = skin.frame
    .coverage(grow(shape, 0.12), 0.2)
    .map((value, i) => value * (1 - (coverage[i] as number)));
  paintColour(skin, halo, tinted(skin.base, 0.95, 0.74, 0.74), 0.5);
  return {
    coverage,
    finding: finding(scene, {
      nouns: ['ulcer', 'skin ulcer', 'erosion', 'open wound', 'ulceration'],
      looks: ['red', 'crusted', 'raw'],
    }),
  };
}
