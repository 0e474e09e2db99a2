import type { Random } from '../../../base/random.js';
import type { Frame } from '../frame.js';
import { blend, joinInto, mix, smoothStep } from '../intensities.js';
import {
  bodySide,
  type DrawnLesion,
  drawExtent,
  keepInside,
  lengthOf,
  pickPixel,
} from '../lesions.js';
import { fractalField, noiseField, SmoothNoise } from '../noise.js';
import type { Extent } from '../phantom.js';
import { blob, region, type Shape } from '../shapes.js';
import { type Brain, lobeAt } from './brainAnatomy.js';

export const headCtLesionKinds = [
  'haemorrhage',
  'subdural haematoma',
  'epidural haematoma',
  'subarachnoid haemorrhage',
  'infarct',
  'mass',
] as const;

interface Scene {
  readonly frame: Frame;
  readonly brain: Brain;
  readonly density: Float32Array;
  readonly extent: Extent;
  readonly random: Random;
}

/** Density of blood, from a little above grey matter (old) to bright (fresh). */
function bloodDensity(random: Random): number {
  return random.between(0.66, 0.98);
}

/** Paints a lesion of `kind` into the density inside the skull. */
export function drawHeadCtLesion(
  kind: string,
  frame: Frame,
  brain: Brain,
  density: Float32Array,
  random: Random,
): DrawnLesion {
  const scene = { frame, brain, density, extent: drawExtent(random), random };
  switch (kind) {
    case 'subdural haematoma':
      return extraAxial(scene, 'subdural');
    case 'epidural haematoma':
      return extraAxial(scene, 'epidural');
    case 'subarachnoid haemorrhage':
      return subarachnoid(scene);
    case 'infarct':
      return infarct(scene);
    case 'mass':
      return mass(scene);
    default:
      return haemorrhage(scene);
  }
}

function placeOf({ frame, brain }: Scene, pixel: number): string {
  const [u, v] = frame.at(pixel);
  const lobe = lobeAt(brain.level, u, v);
  return lobe === 'brainstem' ? lobe : `${bodySide(u)} ${lobe}`;
}

function deepTissue({ frame, brain }: Scene, least: number): Float32Array {
  return brain.tissue.map((tissue, i) => {
    if (tissue < 0.5) return 0;
    const [u, v] = frame.at(i);
    return (
      smoothStep(least - 0.02, least, brain.contour.depth(u, v, i)) *
      (1 - (brain.fluid[i] as number))
    );
  });
}

/** Blood in the tissue, or in the ventricles where the slice has them. */
function haemorrhage(scene: Scene): DrawnLesion {
  const { ventricles } = scene.brain;
  return ventricles !== undefined && scene.random.uniform() < 0.3
    ? intraventricular(scene, ventricles)
    : intracerebral(scene);
}

function intracerebral(scene: Scene): DrawnLesion {
  const { frame, brain, density, extent, random } = scene;
  const pixel = pickPixel(deepTissue(scene, 0.08), random);
  const [u, v] = frame.at(pixel);
  const radius = lengthOf(extent, 0.06, 0.32, random);
  const clot = blob(u, v, radius, random, {
    irregularity: random.between(0.1, 0.4),
    elongation: random.between(1, 1.6),
  });
  const coverage = frame.coverage(clot, 0.04);
  keepInside(coverage, brain.tissue);
  if (random.uniform() < 0.7) {
    const swollen = frame.coverage(
      blob(u, v, radius * random.between(1.15, 1.5), random, { irregularity: 0.25 }),
      0.08,
    );
    keepInside(swollen, brain.tissue);
    blend(density, swollen, 0.29, 0.75);
    // The dark seam belongs to the lesion.
    const level = bloodDensity(random);
    paintBlood(scene, coverage, level);
    joinInto(coverage, swollen);
  } else {
    paintBlood(scene, coverage, bloodDensity(random));
  }
  return {
    coverage,
    finding: {
      nouns: [
        'intracerebral haemorrhage',
        'haemorrhage',
        'intraparenchymal hemorrhage',
        'brain haemorrhage',
        'haematoma',
        'bleed',
      ],
      looks: ['bright', 'hyperdense', 'acute', 'white'],
      place: placeOf(scene, pixel),
      extent,
    },
  };
}

function paintBlood({ frame, density, random }: Scene, coverage: Float32Array, level: number) {
  const patches = fractalField(frame.size, 18, 2, random);
  blend(
    density,
    coverage,
    patches.map((value) => level + 0.05 * value),
  );
}

/** Blood under the skull: a crescent that follows the brain (subdural), or a lens (epidural). */
function extraAxial(scene: Scene, kind: 'subdural' | 'epidural'): DrawnLesion {
  const { frame, brain, extent, random } = scene;
  const side = random.uniform() < 0.5 ? -1 : 1;
  const towards = random.between(-0.9, 0.9);
  const isLens = kind === 'epidural';
  const reach = isLens ? lengthOf(extent, 0.3, 0.6, random) : lengthOf(extent, 0.6, 1.2, random);
  const thickness = isLens
    ? lengthOf(extent, 0.08, 0.26, random)
    : lengthOf(extent, 0.05, 0.16, random);
  const { cavity } = brain;
  const shape: Shape = region((u, v, pixel) => {
    let turn = Math.atan2(v, side * u) - towards;
    turn -= 2 * Math.PI * Math.round(turn / (2 * Math.PI));
    const along = Math.abs(turn) / reach;
    if (along >= 1) return -0.2 * (along - 1) - 0.01;
    const profile = isLens ? 1 - along * along : (1 - along ** 4) ** 0.8;
    return thickness * profile - cavity.depth(u, v, pixel);
  });
  const coverage = frame.coverage(shape, 0.025);
  keepInside(coverage, frame.coverage(cavity));
  keepInside(coverage, frame.coverage(region((u) => side * u - 0.01)));
  const old = !isLens && random.uniform() < 0.3;
  const level = old ? random.between(0.27, 0.36) : bloodDensity(random);
  paintBlood(scene, coverage, level);
  const place = `${bodySide(side)} convexity`;
  return {
    coverage,
    finding: {
      nouns: isLens
        ? ['epidural haematoma', 'extradural haematoma', 'epidural hemorrhage', 'extra-axial bleed']
        : ['subdural haematoma', 'subdural hemorrhage', 'subdural collection', 'extra-axial bleed'],
      looks: [isLens ? 'lens-shaped' : 'crescent-shaped', old ? 'chronic' : 'acute'],
      place,
      preposition: 'over',
      extent,
    },
  };
}

function subarachnoid(scene: Scene): DrawnLesion {
  const { frame, brain, density, extent, random } = scene;
  const sulci = brain.fluid.map((fluid, i) => {
    const [u, v] = frame.at(i);
    const inVentricle = brain.ventricles !== undefined && brain.ventricles.depth(u, v) > -0.02;
    return inVentricle ? 0 : fluid;
  });
  const cavity = frame.coverage(brain.cavity);
  keepInside(sulci, cavity);
  const [u, v] = frame.at(pickPixel(sulci, random, 0.7));
  const spread = lengthOf(extent, 0.25, 1.2, random);
  const reach = frame.coverage(blob(u, v, spread, random, { irregularity: 0.3 }), 0.15);
  keepInside(sulci, reach);
  const coverage = sulci.map((value) => smoothStep(0.15, 0.6, value));
  blend(density, coverage, bloodDensity(random) - 0.08, 0.92);
  const side = spread > 0.7 ? 'sulci and cisterns' : `${bodySide(u)} sulci`;
  return {
    coverage,
    finding: {
      nouns: [
        'subarachnoid haemorrhage',
        'subarachnoid hemorrhage',
        'blood in the subarachnoid space',
        'subarachnoid blood',
      ],
      looks: ['bright', 'hyperdense', 'diffuse'],
      place: side,
      extent,
      uncounted: true,
    },
  };
}

function intraventricular(scene: Scene, ventricles: Shape): DrawnLesion {
  const { frame, brain, density, extent, random } = scene;
  const whole = frame.coverage(ventricles, 0.02);
  // Blood sinks to the back (a level), or fills one side as a cast.
  const level = mix(0.35, -0.5, { small: 0.25, medium: 0.6, large: 1 }[extent]);
  const side = random.choose([-1, 1, 0]);
  const wave = noiseField(frame.size, 6, 6, random);
  const coverage = whole.map((value, i) => {
    if (value === 0) return 0;
    const [u, v] = frame.at(i);
    const rises = smoothStep(level - 0.03, level + 0.03, v + 0.03 * (wave[i] as number));
    const chosen = side === 0 || u * side > -0.03 ? 1 : 0;
    return value * rises * chosen;
  });
  if (brain.level === 'posterior fossa' || !coverage.some((value) => value >= 0.5)) {
    coverage.set(whole);
  }
  blend(density, coverage, bloodDensity(random));
  return {
    coverage,
    finding: {
      nouns: ['intraventricular hemorrhage', 'blood in the ventricles'],
      looks: ['bright', 'hyperdense'],
      place: 'ventricular system',
      extent,
      uncounted: true,
    },
  };
}

function infarct(scene: Scene): DrawnLesion {
  const { frame, brain, density, extent, random } = scene;
  const pixel = pickPixel(deepTissue(scene, 0.02), random);
  const [u, v] = frame.at(pixel);
  const direction = Math.atan2(v, u);
  const opening = lengthOf(extent, 0.2, 0.6, random);
  const tip = random.between(0.12, 0.35);
  const wave = noiseField(frame.size, 8, 8, random);
  const wobble = new SmoothNoise(random);
  const wedge = region((x, y) => {
    let turn = Math.atan2(y, x) - direction + 0.2 * wobble.at(4 * x, 4 * y);
    turn -= 2 * Math.PI * Math.round(turn / (2 * Math.PI));
    const radius = Math.hypot(x, y);
    return Math.min((opening - Math.abs(turn)) * radius, radius - tip);
  });
  const coverage = frame.coverage(wedge, 0.14);
  for (let i = 0; i < coverage.length; i++) {
    const value = coverage[i] as number;
    if (value > 0) coverage[i] = smoothStep(0.2, 0.8, value + 0.18 * (wave[i] as number));
  }
  keepInside(coverage, brain.tissue);
  if (brain.ventricles !== undefined) {
    keepInside(
      coverage,
      frame.coverage(brain.ventricles).map((value) => 1 - value),
    );
  }
  const level = random.between(0.22, 0.32);
  // Swelling closes the sulci: grey, white and fluid become alike.
  blend(density, coverage, level, random.between(0.75, 0.95));
  return {
    coverage,
    finding: {
      nouns: ['infarct', 'ischaemic stroke', 'ischemic infarct', 'hypodense area', 'infarction'],
      looks: ['dark', 'hypodense', 'wedge-shaped'],
      place: placeOf(scene, pixel),
      extent,
    },
  };
}

function mass(scene: Scene): DrawnLesion {
  const { frame, brain, density, extent, random } = scene;
  const pixel = pickPixel(deepTissue(scene, 0.06), random);
  const [u, v] = frame.at(pixel);
  const radius = lengthOf(extent, 0.07, 0.24, random);
  const coverage = frame.coverage(blob(u, v, radius, random, { irregularity: 0.18 }), 0.05);
  const swollen = frame.coverage(
    blob(u, v, radius * random.between(1.3, 1.9), random, { irregularity: 0.4, elongation: 1.2 }),
    0.1,
  );
  keepInside(coverage, brain.tissue);
  keepInside(
    swollen,
    brain.tissue.map((tissue, i) => tissue * (1 - 0.8 * (brain.grey[i] as number))),
  );
  blend(density, swollen, 0.28, 0.85);
  const patches = fractalField(frame.size, 14, 2, random);
  const level = random.choose([random.between(0.28, 0.34), random.between(0.55, 0.66)]);
  blend(
    density,
    coverage,
    patches.map((value) => level + 0.04 * value),
  );
  joinInto(coverage, swollen);
  return {
    coverage,
    finding: {
      nouns: ['mass', 'brain tumour', 'mass with oedema', 'space-occupying lesion', 'tumor'],
      looks: [level > 0.5 ? 'hyperdense' : 'hypodense', 'round'],
      place: placeOf(scene, pixel),
      extent,
    },
  };
}
