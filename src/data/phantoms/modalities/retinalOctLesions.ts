import type { Random } from '../../../base/random.js';
import { blend, joinInto, smoothStep } from '../intensities.js';
import { type DrawnLesion, drawExtent, lengthOf } from '../lesions.js';
import { noiseField, SmoothNoise } from '../noise.js';
import type { Extent } from '../phantom.js';
import type { RetinaPlan } from './retinaAnatomy.js';

export const octLesionKinds = [
  'intraretinal cysts',
  'subretinal fluid',
  'drusen',
  'pigment epithelial detachment',
  'neovascular membrane',
  'epiretinal membrane',
  'geographic atrophy',
] as const;

interface Scene {
  readonly plan: RetinaPlan;
  readonly extent: Extent;
  readonly random: Random;
}

/** Alters the retina by a lesion of `kind`. */
export function drawOctLesion(kind: string, plan: RetinaPlan, random: Random): DrawnLesion {
  const scene = { plan, extent: drawExtent(random), random };
  switch (kind) {
    case 'intraretinal cysts':
      return cysts(scene);
    case 'subretinal fluid':
      return subretinalFluid(scene);
    case 'drusen':
      return drusen(scene);
    case 'pigment epithelial detachment':
      return detachment(scene);
    case 'neovascular membrane':
      return neovascular(scene);
    case 'epiretinal membrane':
      return epiretinal(scene);
    default:
      return atrophy(scene);
  }
}

/** A column to put a lesion at: near the fovea where there is one, else anywhere. */
function pickColumn({ plan, random }: Scene): number {
  const { size, fovea } = plan;
  const visible = fovea > 0 && fovea < size;
  const at =
    visible && random.uniform() < 0.6
      ? fovea + 0.12 * size * random.normal()
      : random.uniform() * size;
  return Math.min(0.9 * size, Math.max(0.1 * size, at));
}

function placeOf({ plan }: Scene, column: number): string {
  const { size, fovea } = plan;
  if (fovea > 0 && fovea < size && Math.abs(column - fovea) < 0.12 * size) return 'fovea';
  return column < size / 2 ? 'left part of the scan' : 'right part of the scan';
}

/** Coverage between two borders given by column. */
function between(size: number, top: ArrayLike<number>, bottom: ArrayLike<number>): Float32Array {
  const coverage = new Float32Array(size * size);
  for (let x = 0; x < size; x++) {
    const from = top[x] as number;
    const to = bottom[x] as number;
    for (let y = Math.max(0, Math.floor(from)); y < Math.min(size, Math.ceil(to)); y++) {
      coverage[y * size + x] = Math.max(0, Math.min(1, y + 1 - from, to - y));
    }
  }
  return coverage;
}

function cysts(scene: Scene): DrawnLesion {
  const { plan, extent, random } = scene;
  const { size, surface, receptors, thickness } = plan;
  const centre = pickColumn(scene);
  const spread = lengthOf(extent, 0.07, 0.3, random) * size;
  const count = Math.round(lengthOf(extent, 3, 18, random));
  // Fluid thickens the retina around the cysts.
  const swell = thickness * lengthOf(extent, 0, 0.3, random);
  for (let x = 0; x < size; x++) {
    surface[x] = (surface[x] as number) - swell * Math.exp(-0.5 * ((x - centre) / spread) ** 2);
  }
  const coverage = new Float32Array(size * size);
  for (let n = 0; n < count; n++) {
    const x = Math.min(
      size - 2,
      Math.max(1, Math.round(centre + spread * random.between(-1.3, 1.3))),
    );
    const top = surface[x] as number;
    const height = (receptors[x] as number) - top;
    const y = top + height * random.choose([random.between(0.35, 0.5), random.between(0.5, 0.72)]);
    const tall = height * random.between(0.04, 0.15) * (extent === 'small' ? 0.9 : 1.1);
    drawEllipse(coverage, size, x, y, tall * random.between(0.5, 1.1), tall);
  }
  const level = random.between(0.04, 0.12);
  plan.paint = (reflectivity) => blend(reflectivity, coverage, level);
  return {
    coverage,
    finding: {
      nouns: [
        'intraretinal cysts',
        'cystoid macular oedema cysts',
        'cystic spaces',
        'intraretinal fluid pockets',
      ],
      looks: ['dark', 'round', 'multiple'],
      place: placeOf(scene, centre),
      extent,
      plural: true,
    },
  };
}

function drawEllipse(
  coverage: Float32Array,
  size: number,
  x: number,
  y: number,
  radiusX: number,
  radiusY: number,
): void {
  const left = Math.max(0, Math.floor(x - radiusX - 1));
  const right = Math.min(size - 1, Math.ceil(x + radiusX + 1));
  const top = Math.max(0, Math.floor(y - radiusY - 1));
  const bottom = Math.min(size - 1, Math.ceil(y + radiusY + 1));
  const soft = 1 / Math.max(1, Math.min(radiusX, radiusY));
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const radius = Math.hypot((column - x) / radiusX, (row - y) / radiusY);
      const at = row * size + column;
      coverage[at] = Math.max(coverage[at] as number, smoothStep(1 + soft, 1 - 0.5 * soft, radius));
    }
  }
}

function subretinalFluid(scene: Scene): DrawnLesion {
  const { plan, extent, random } = scene;
  const { size, surface, receptors, epithelium, thickness } = plan;
  const centre = pickColumn(scene);
  const half = lengthOf(extent, 0.08, 0.36, random) * size;
  const height = thickness * lengthOf(extent, 0.15, 0.8, random);
  const ripple = new SmoothNoise(random);
  for (let x = 0; x < size; x++) {
    const along = (x - centre) / half;
    if (Math.abs(along) >= 1) continue;
    const lift = height * (1 - along * along) ** 1.4 * (1 + 0.15 * ripple.at(2 * along, 3));
    receptors[x] = (receptors[x] as number) - lift;
    surface[x] = (surface[x] as number) - lift;
  }
  const coverage = between(size, receptors, epithelium);
  const level = random.between(0.03, 0.1);
  plan.paint = (reflectivity) => blend(reflectivity, coverage, level, 0.9);
  return {
    coverage,
    finding: {
      nouns: ['subretinal fluid', 'serous retinal detachment fluid', 'fluid under the retina'],
      looks: ['dark', 'dome-shaped'],
      place: placeOf(scene, centre),
      preposition: 'at',
      extent,
      uncounted: true,
    },
  };
}

/** Raises the pigment epithelium, and the retina with it, by `lift(x)`. */
function raise(plan: RetinaPlan, lift: (x: number) => number): Float32Array {
  const { size, surface, receptors, epithelium, membrane } = plan;
  const raisedEnd = new Float32Array(size);
  for (let x = 0; x < size; x++) {
    const amount = lift(x);
    const width = (membrane[x] as number) - (epithelium[x] as number);
    surface[x] = (surface[x] as number) - 0.6 * amount;
    receptors[x] = (receptors[x] as number) - amount;
    epithelium[x] = (epithelium[x] as number) - amount;
    raisedEnd[x] = amount < 1 ? (membrane[x] as number) : (epithelium[x] as number) + width;
  }
  return raisedEnd;
}

function drusen(scene: Scene): DrawnLesion {
  const { plan, extent, random } = scene;
  const { size, thickness, membrane, epithelium } = plan;
  const count = Math.round(lengthOf(extent, 2, 9, random));
  const bumps = Array.from({ length: count }, () => ({
    x: random.between(0.08, 0.92) * size,
    half: random.between(0.015, 0.05) * size,
    height: thickness * lengthOf(extent, 0.1, 0.26, random),
  }));
  raise(plan, (x) =>
    bumps.reduce(
      (lift, bump) =>
        Math.max(lift, bump.height * Math.exp(-0.5 * ((x - bump.x) / bump.half) ** 2)),
      0,
    ),
  );
  const coverage = raisedCoverage(plan, 1.2);
  const level = random.between(0.42, 0.7);
  const inside = between(
    size,
    epithelium.map((value) => value + 0.1 * thickness),
    membrane,
  );
  for (let i = 0; i < inside.length; i++) {
    inside[i] = Math.min(inside[i] as number, coverage[i] as number);
  }
  plan.paint = (reflectivity) => blend(reflectivity, inside, level, 0.8);
  return {
    coverage,
    finding: {
      nouns: ['drusen', 'drusen deposits', 'deposits under the pigment epithelium'],
      looks: ['multiple', 'bumpy'],
      place: 'macula',
      extent,
      plural: true,
    },
  };
}

/** What lies between the raised epithelium and the membrane, where it is raised by `least` pixels. */
function raisedCoverage({ size, epithelium, membrane }: RetinaPlan, least: number) {
  const width = Math.min(...membrane.map((value, x) => value - (epithelium[x] as number)));
  const top = epithelium.map((value, x) =>
    (membrane[x] as number) - value - width > least ? value : (membrane[x] as number),
  );
  const coverage = between(size, top, membrane);
  return coverage;
}

function detachment(scene: Scene): DrawnLesion {
  const { plan, extent, random } = scene;
  const { size, thickness, membrane } = plan;
  const centre = pickColumn(scene);
  const half = lengthOf(extent, 0.08, 0.28, random) * size;
  const height = thickness * lengthOf(extent, 0.3, 1, random);
  const raisedEnd = raise(plan, (x) => {
    const along = (x - centre) / half;
    return Math.abs(along) >= 1 ? 0 : height * (1 - along * along) ** 1.2;
  });
  const coverage = raisedCoverage(plan, 1.2);
  const inside = between(size, raisedEnd, membrane);
  const level = random.between(0.08, 0.4);
  plan.paint = (reflectivity) => blend(reflectivity, inside, level, 0.9);
  return {
    coverage,
    finding: {
      nouns: ['pigment epithelial detachment', 'detachment of the pigment epithelium', 'PED'],
      looks: ['dome-shaped', 'elevated'],
      place: placeOf(scene, centre),
      preposition: 'at',
      extent,
    },
  };
}

function neovascular(scene: Scene): DrawnLesion {
  const { plan, extent, random } = scene;
  const { size, surface, receptors, epithelium, thickness } = plan;
  const centre = pickColumn(scene);
  const half = lengthOf(extent, 0.07, 0.25, random) * size;
  const height = thickness * lengthOf(extent, 0.2, 0.55, random);
  const ripple = new SmoothNoise(random);
  const top = Float32Array.from(epithelium);
  for (let x = 0; x < size; x++) {
    const along = (x - centre) / half;
    if (Math.abs(along) >= 1) continue;
    const lift = height * (1 - along * along) * (1 + 0.3 * ripple.at(3 * along, 1));
    top[x] = (epithelium[x] as number) - lift;
    surface[x] = (surface[x] as number) - 0.5 * lift;
    receptors[x] = (receptors[x] as number) - 0.75 * lift;
  }
  const coverage = between(
    size,
    top,
    epithelium.map((value, x) =>
      Math.abs((x - centre) / half) < 1 ? value + 0.05 * thickness : value,
    ),
  );
  const patches = noiseField(size, 24, 24, random);
  const level = random.between(0.62, 0.85);
  plan.paint = (reflectivity) =>
    blend(
      reflectivity,
      coverage,
      patches.map((value) => level + 0.1 * value),
      0.9,
    );
  return {
    coverage,
    finding: {
      nouns: [
        'choroidal neovascularisation',
        'neovascular membrane',
        'choroidal neovascularization',
        'subretinal hyperreflective material',
      ],
      looks: ['bright', 'hyperreflective', 'irregular'],
      place: placeOf(scene, centre),
      preposition: 'at',
      extent,
      uncounted: true,
    },
  };
}

/** A bright sheet on a wrinkled retinal surface. */
function epiretinal(scene: Scene): DrawnLesion {
  const { plan, extent, random } = scene;
  const { size, surface, thickness } = plan;
  const centre = pickColumn(scene);
  const half = lengthOf(extent, 0.2, 0.5, random) * size;
  const wrinkles = new SmoothNoise(random);
  const frequency = random.between(14, 26);
  const top = new Float32Array(size).fill(-1);
  const bottom = new Float32Array(size).fill(-1);
  const width = Math.max(2, thickness * random.between(0.06, 0.1));
  for (let x = 0; x < size; x++) {
    const share = smoothStep(1, 0.75, Math.abs(x - centre) / half);
    if (share === 0) continue;
    const fold = thickness * 0.07 * share * Math.max(-0.4, wrinkles.at((frequency * x) / size, 2));
    surface[x] = (surface[x] as number) + fold;
    top[x] = (surface[x] as number) - width * share - Math.max(0, fold);
    bottom[x] = (top[x] as number) + width * share;
  }
  const coverage = between(size, top, bottom);
  plan.paint = (reflectivity) => blend(reflectivity, coverage, 0.9, 0.95);
  return {
    coverage,
    finding: {
      nouns: ['epiretinal membrane', 'macular pucker', 'preretinal membrane'],
      looks: ['bright', 'wrinkled'],
      place: 'retinal surface',
      preposition: 'on',
      extent,
    },
  };
}

/** The outer retina and the epithelium are lost, and light reaches deep into the choroid. */
function atrophy(scene: Scene): DrawnLesion {
  const { plan, extent, random } = scene;
  const { size, receptors, membrane, thickness } = plan;
  const centre = pickColumn(scene);
  const half = lengthOf(extent, 0.06, 0.26, random) * size;
  const depth = size * random.between(0.2, 0.35);
  const light = new Float32Array(size * size);
  const loss = new Float32Array(size * size);
  for (let x = 0; x < size; x++) {
    const share = smoothStep(1.05, 0.95, Math.abs(x - centre) / half);
    if (share === 0) continue;
    const from = (receptors[x] as number) - 0.22 * thickness;
    const to = (membrane[x] as number) - 0.03 * thickness;
    for (let y = Math.max(0, Math.floor(from)); y < size; y++) {
      const at = y * size + x;
      if (y < to) loss[at] = share;
      else light[at] = share * Math.max(0, 1 - (y - to) / depth);
    }
  }
  const streaks = noiseField(size, 40, 3, random);
  const boost = random.between(0.7, 1.3);
  plan.paint = (reflectivity) => {
    blend(reflectivity, loss, 0.38, 0.85);
    for (let i = 0; i < light.length; i++) {
      const share = light[i] as number;
      if (share === 0) continue;
      const factor = 1 + boost * share * (1 + 0.3 * (streaks[i] as number));
      reflectivity[i] = (reflectivity[i] as number) * factor + 0.05 * share;
    }
  };
  const coverage = light.map((value) => smoothStep(0.05, 0.2, value));
  joinInto(coverage, loss);
  return {
    coverage,
    finding: {
      nouns: ['geographic atrophy', 'outer retinal atrophy', 'atrophy of the pigment epithelium'],
      looks: ['bright', 'sharply bordered'],
      place: placeOf(scene, centre),
      preposition: 'at',
      extent,
      uncounted: true,
    },
  };
}
