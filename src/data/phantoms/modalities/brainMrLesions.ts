import type { Random } from '../../../base/random.js';
import type { Frame } from '../frame.js';
import { blend, joinInto, mix, smoothStep } from '../intensities.js';
import {
  bodySide,
  type DrawnLesion,
  drawExtent,
  keepInside,
  keepOutside,
  lengthOf,
  pickPixel,
} from '../lesions.js';
import { fractalField, noiseField, SmoothNoise } from '../noise.js';
import type { Extent } from '../phantom.js';
import { blob, ellipse, grow, intersection, region, rim } from '../shapes.js';
import { type Brain, lobeAt } from './brainAnatomy.js';
import type { Contrast } from './brainMr.js';

export const brainMrLesionKinds = [
  'white matter lesions',
  'tumour',
  'metastases',
  'infarct',
  'haemorrhage',
  'cyst',
  'diffuse white matter disease',
] as const;

/** Everything a lesion is drawn with. */
interface Scene {
  readonly frame: Frame;
  readonly brain: Brain;
  readonly contrast: Contrast;
  readonly signal: Float32Array;
  readonly extent: Extent;
  readonly random: Random;
}

/** Paints a lesion of `kind` into `signal`. */
export function drawBrainMrLesion(
  kind: string,
  frame: Frame,
  brain: Brain,
  contrast: Contrast,
  signal: Float32Array,
  random: Random,
): DrawnLesion {
  const scene = { frame, brain, contrast, signal, extent: drawExtent(random), random };
  switch (kind) {
    case 'white matter lesions':
      return whiteMatterLesions(scene);
    case 'tumour':
      return tumour(scene);
    case 'metastases':
      return metastases(scene);
    case 'infarct':
      return infarct(scene);
    case 'haemorrhage':
      return haemorrhage(scene);
    case 'cyst':
      return cyst(scene);
    default:
      return diffuseDisease(scene);
  }
}

/** What extra water does to the signal: bright on T2 and FLAIR, dark on T1; `strength` 0…1. */
function watery({ contrast }: Scene, strength: number): number {
  switch (contrast.name) {
    case 'T1':
    case 'T1 contrast':
      return mix(contrast.white, 0.26, strength);
    case 'T2':
      return mix(contrast.grey, 0.92, strength);
    case 'FLAIR':
      return mix(contrast.grey, 1, strength);
  }
}

function lookOfWater({ contrast }: Scene): string[] {
  return contrast.name === 'T1' || contrast.name === 'T1 contrast'
    ? ['dark', 'hypointense']
    : ['bright', 'hyperintense'];
}

/** Where lesions of white matter can start: tissue that is neither cortex nor fluid. */
function whiteMatter(brain: Brain): Float32Array {
  return brain.tissue.map(
    (tissue, i) => tissue * (1 - (brain.grey[i] as number)) * (1 - (brain.fluid[i] as number)),
  );
}

function solidTissue(brain: Brain): Float32Array {
  return brain.tissue.map((tissue, i) => tissue * (1 - (brain.fluid[i] as number)));
}

function placeOf(scene: Scene, pixel: number): string {
  const [u, v] = scene.frame.at(pixel);
  const lobe = lobeAt(scene.brain.level, u, v);
  return lobe === 'brainstem' ? lobe : `${bodySide(u)} ${lobe}`;
}

function whiteMatterLesions(scene: Scene): DrawnLesion {
  const { frame, brain, signal, extent, random } = scene;
  const white = whiteMatter(brain);
  const { ventricles } = brain;
  const nearVentricle =
    ventricles === undefined
      ? white
      : white.map((value, i) => {
          const [u, v] = frame.at(i);
          return value > 0.5 ? value * smoothStep(0.3, 0.02, -ventricles.depth(u, v)) : 0;
        });
  const count = Math.round(lengthOf(extent, 2, 16, random));
  const coverage = new Float32Array(signal.length);
  for (let n = 0; n < count; n++) {
    const around = random.uniform() < 0.65 ? nearVentricle : white;
    const [u, v] = frame.at(pickPixel(around, random, 0.8));
    const spot = blob(u, v, random.between(0.018, 0.05) * (n === 0 ? 1.2 : 1), random, {
      irregularity: 0.25,
      elongation: random.between(1, 1.6),
    });
    joinInto(coverage, frame.coverage(spot, 0.02));
  }
  keepInside(coverage, brain.tissue);
  keepOutside(coverage, brain.fluid);
  blend(signal, coverage, watery(scene, random.between(0.45, 0.95)));
  return {
    coverage,
    finding: {
      nouns: [
        'white matter lesions',
        'demyelinating lesions',
        'multiple sclerosis lesions',
        'focal white matter changes',
        'lesions',
      ],
      looks: [...lookOfWater(scene), 'multiple', 'scattered', 'patchy'],
      place: random.choose(['white matter', 'periventricular white matter']),
      extent,
      plural: true,
    },
  };
}

function tumour(scene: Scene): DrawnLesion {
  const { frame, brain, contrast, signal, extent, random } = scene;
  const pixel = pickPixel(solidTissue(brain), random);
  const [u, v] = frame.at(pixel);
  const radius = lengthOf(extent, 0.08, 0.3, random);
  const core = blob(u, v, radius, random, { irregularity: 0.22 });
  const coverage = frame.coverage(core, 0.03);
  const swollen = frame.coverage(
    blob(u, v, radius * random.between(1.25, 1.8), random, {
      irregularity: 0.45,
      elongation: random.between(1, 1.5),
    }),
    0.1,
  );
  const hasOedema = random.uniform() < 0.7;
  keepInside(coverage, brain.tissue);
  // Oedema spreads in white matter and spares the cortex.
  const spared = brain.grey.map((grey, i) => Math.max(0.8 * grey, brain.fluid[i] as number));
  keepInside(swollen, brain.tissue);
  keepOutside(swollen, spared);
  if (hasOedema) blend(signal, swollen, watery(scene, random.between(0.35, 0.75)));
  const patches = fractalField(frame.size, 16, 3, random);
  const level = watery(scene, random.between(0.3, 0.75));
  blend(
    signal,
    coverage,
    patches.map((value) => level * (1 + 0.12 * value)),
  );
  const necrotic = random.uniform() < 0.5;
  if (necrotic) {
    const hole = blob(u, v, radius * random.between(0.4, 0.65), random, { irregularity: 0.3 });
    const inside = frame.coverage(intersection(hole, core), 0.03);
    blend(signal, inside, mix(contrast.fluid, level, contrast.name === 'FLAIR' ? 0.45 : 0.15));
  }
  const ring = contrast.name === 'T1 contrast';
  if (ring) {
    const enhancing = frame.coverage(rim(core, radius * random.between(0.18, 0.4)), 0.03);
    for (let i = 0; i < enhancing.length; i++) {
      const value = enhancing[i] as number;
      if (value > 0) enhancing[i] = value * smoothStep(-1.2, 0.4, patches[i] as number);
    }
    blend(signal, enhancing, random.between(0.9, 1.1));
  }
  if (hasOedema) joinInto(coverage, swollen);
  return {
    coverage,
    finding: {
      nouns: ['brain tumour', 'tumour', 'mass', 'glioma', 'mass lesion', 'space-occupying lesion'],
      looks: [
        ring ? 'ring-enhancing' : 'heterogeneous',
        ...(hasOedema ? ['infiltrating'] : []),
        ...(necrotic ? ['necrotic'] : []),
      ],
      place: placeOf(scene, pixel),
      extent,
    },
  };
}

function metastases(scene: Scene): DrawnLesion {
  const { frame, brain, contrast, signal, extent, random } = scene;
  const where = solidTissue(brain);
  const coverage = new Float32Array(signal.length);
  const count = 2 + random.integer(4);
  const wall = contrast.name === 'T1 contrast' ? 1 : watery(scene, 0.35);
  const centre = contrast.name === 'T1 contrast' ? 0.35 : watery(scene, 0.8);
  for (let n = 0; n < count; n++) {
    const [u, v] = frame.at(pickPixel(where, random));
    const radius = lengthOf(extent, 0.03, 0.11, random);
    const halo = frame.coverage(grow(blob(u, v, 1.3 * radius, random), 0.02), 0.06);
    const node = ellipse(u, v, radius, radius * random.between(0.85, 1.15));
    keepInside(halo, brain.tissue);
    blend(signal, halo, watery(scene, 0.4));
    const whole = frame.coverage(node, 0.02);
    keepInside(whole, brain.tissue);
    blend(signal, whole, wall);
    if (radius > 0.04) {
      blend(signal, frame.coverage(ellipse(u, v, 0.55 * radius, 0.55 * radius), 0.02), centre);
    }
    joinInto(coverage, whole);
    joinInto(coverage, halo);
  }
  return {
    coverage,
    finding: {
      nouns: ['brain metastases', 'metastases', 'multiple nodules', 'round lesions'],
      looks: ['round', 'multiple', ...(contrast.name === 'T1 contrast' ? ['enhancing'] : [])],
      place: 'brain',
      extent,
      plural: true,
    },
  };
}

function infarct(scene: Scene): DrawnLesion {
  const { frame, brain, contrast, signal, extent, random } = scene;
  const pixel = pickPixel(solidTissue(brain), random);
  const [u, v] = frame.at(pixel);
  // A wedge of the supplied territory, its tip towards the middle.
  const direction = Math.atan2(v, u);
  const opening = lengthOf(extent, 0.12, 0.45, random);
  const wave = noiseField(frame.size, 9, 9, random);
  const tip = random.between(0.15, 0.35);
  const wobble = new SmoothNoise(random);
  const wedge = region((x, y) => {
    let turn = Math.atan2(y, x) - direction + 0.2 * wobble.at(4 * x, 4 * y);
    turn -= 2 * Math.PI * Math.round(turn / (2 * Math.PI));
    const radius = Math.hypot(x, y);
    return Math.min((opening - Math.abs(turn)) * radius, radius - tip);
  });
  const coverage = frame.coverage(wedge, 0.1);
  for (let i = 0; i < coverage.length; i++) {
    const value = coverage[i] as number;
    if (value > 0) coverage[i] = smoothStep(0.2, 0.8, value + 0.16 * (wave[i] as number));
  }
  keepInside(coverage, brain.tissue);
  keepOutside(coverage, brain.fluid);
  const old = contrast.name === 'FLAIR' && random.uniform() < 0.3;
  const strength = random.between(0.4, 0.85);
  blend(
    signal,
    coverage,
    old ? mix(contrast.fluid, contrast.white, 0.3) : watery(scene, strength),
    0.9,
  );
  return {
    coverage,
    finding: {
      nouns: ['infarct', 'ischaemic stroke', 'infarction', 'area of ischaemia', 'stroke'],
      looks: old ? ['old', 'cystic'] : [...lookOfWater(scene), 'wedge-shaped', 'territorial'],
      place: placeOf(scene, pixel),
      extent,
    },
  };
}

function haemorrhage(scene: Scene): DrawnLesion {
  const { frame, brain, contrast, signal, extent, random } = scene;
  const pixel = pickPixel(solidTissue(brain), random);
  const [u, v] = frame.at(pixel);
  const radius = lengthOf(extent, 0.06, 0.24, random);
  const clot = blob(u, v, radius, random, {
    irregularity: 0.25,
    elongation: random.between(1, 1.5),
  });
  const coverage = frame.coverage(clot, 0.03);
  keepInside(coverage, brain.tissue);
  const patches = fractalField(frame.size, 18, 2, random);
  const t1 = contrast.name === 'T1' || contrast.name === 'T1 contrast';
  const fresh = random.uniform() < 0.4;
  const level = t1 ? (fresh ? 0.42 : 0.95) : fresh ? 0.16 : 0.85;
  blend(
    signal,
    coverage,
    patches.map((value) => level * (1 + 0.14 * value)),
  );
  if (!t1) {
    const edge = frame.coverage(rim(clot, 0.035), 0.02);
    keepInside(edge, brain.tissue);
    blend(signal, edge, 0.08, 0.85);
  }
  return {
    coverage,
    finding: {
      nouns: ['haemorrhage', 'haematoma', 'intracerebral bleed', 'hemorrhage', 'blood collection'],
      looks: level > 0.6 ? ['bright', 'subacute'] : ['dark', 'acute'],
      place: placeOf(scene, pixel),
      extent,
    },
  };
}

function cyst(scene: Scene): DrawnLesion {
  const { frame, brain, contrast, signal, extent, random } = scene;
  const pixel = pickPixel(brain.tissue, random);
  const [u, v] = frame.at(pixel);
  const radius = lengthOf(extent, 0.05, 0.2, random);
  const hole = blob(u, v, radius, random, {
    irregularity: 0.06,
    elongation: random.between(1, 1.3),
  });
  const coverage = frame.coverage(hole);
  keepInside(coverage, brain.tissue);
  blend(signal, coverage, contrast.fluid * random.between(0.85, 1.15));
  return {
    coverage,
    finding: {
      nouns: ['cyst', 'cystic lesion', 'arachnoid cyst', 'fluid-filled cavity', 'hole'],
      looks: ['smooth', 'round', contrast.name === 'T2' ? 'bright' : 'dark'],
      place: placeOf(scene, pixel),
      extent,
    },
  };
}

function diffuseDisease(scene: Scene): DrawnLesion {
  const { frame, brain, signal, extent, random } = scene;
  const reach = lengthOf(extent, 0.05, 0.26, random);
  const wave = fractalField(frame.size, 9, 2, random);
  const white = whiteMatter(brain);
  const coverage = new Float32Array(signal.length);
  const { ventricles, contour } = brain;
  const depths = white.map((value, i) => (value < 0.5 ? 0 : contour.depth(...frame.at(i), i)));
  const deepest = depths.reduce((most, depth) => Math.max(most, depth), 0);
  for (let i = 0; i < coverage.length; i++) {
    if ((white[i] as number) < 0.05) continue;
    const [u, v] = frame.at(i);
    const away =
      ventricles === undefined ? deepest - contour.depth(u, v, i) : -ventricles.depth(u, v);
    coverage[i] =
      smoothStep(0.03, -0.03, away - reach * (1 + 0.7 * (wave[i] as number))) *
      (white[i] as number);
  }
  blend(signal, coverage, watery(scene, random.between(0.35, 0.7)), 0.9);
  return {
    coverage,
    finding: {
      nouns: [
        'white matter disease',
        'leukoencephalopathy',
        'confluent white matter change',
        'diffuse white matter abnormality',
      ],
      looks: [...lookOfWater(scene), 'confluent', 'diffuse'],
      place: 'periventricular white matter',
      extent,
      uncounted: true,
    },
  };
}
