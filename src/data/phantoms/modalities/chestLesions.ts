import type { Random } from '../../../base/random.js';
import { mix, smoothStep } from '../intensities.js';
import { bodySide, type DrawnLesion, drawExtent, lengthOf, pickPixel } from '../lesions.js';
import { fractalField, noiseField, SmoothNoise } from '../noise.js';
import type { Extent } from '../phantom.js';
import { blob, ellipse } from '../shapes.js';
import type { Thorax } from './chestAnatomy.js';

export const chestLesionKinds = [
  'consolidation',
  'diffuse opacity',
  'pleural effusion',
  'nodule',
  'mass',
  'cavity',
  'pneumothorax',
  'interstitial pattern',
] as const;

interface Site {
  readonly thorax: Thorax;
  readonly random: Random;
  readonly extent: Extent;
}

/** Paints a lesion of `kind` into the shadows of the chest. */
export function drawChestLesion(kind: string, thorax: Thorax, random: Random): DrawnLesion {
  const site = { thorax, random, extent: drawExtent(random) };
  switch (kind) {
    case 'consolidation':
      return consolidation(site);
    case 'diffuse opacity':
      return diffuseOpacity(site);
    case 'pleural effusion':
      return effusion(site);
    case 'nodule':
      return roundOpacity(site, 'nodule');
    case 'mass':
      return roundOpacity(site, 'mass');
    case 'cavity':
      return cavity(site);
    case 'pneumothorax':
      return pneumothorax(site);
    default:
      return interstitial(site);
  }
}

/** Fills air with something dense: by `amount` (0…1) of the way to solid tissue. */
function densify(thorax: Thorax, amount: Float32Array): void {
  const { opacity, vessels, solid } = thorax;
  for (let i = 0; i < opacity.length; i++) {
    const share = amount[i] as number;
    if (share === 0) continue;
    opacity[i] = mix(opacity[i] as number, Math.max(solid, opacity[i] as number), share);
    vessels[i] = (vessels[i] as number) * (1 - share);
  }
}

function placeOf(thorax: Thorax, pixel: number): string {
  const [u, v] = thorax.frame.at(pixel);
  const zone = v < -0.28 ? 'upper' : v < 0.1 ? 'middle' : 'lower';
  return `${bodySide(u)} ${zone} lung zone`;
}

function consolidation({ thorax, random, extent }: Site): DrawnLesion {
  const { frame, lungs } = thorax;
  const pixel = pickPixel(lungs, random);
  const [u, v] = frame.at(pixel);
  const shape = blob(u, v, lengthOf(extent, 0.12, 0.4, random), random, {
    irregularity: 0.35,
    elongation: random.between(1, 1.4),
  });
  const cloud = fractalField(frame.size, 9, 3, random);
  const density = random.between(0.45, 0.95);
  const coverage = frame.coverage(shape, 0.18);
  for (let i = 0; i < coverage.length; i++) {
    const value = coverage[i] as number;
    if (value === 0) continue;
    const filled = smoothStep(0.1, 0.9, value + 0.18 * (cloud[i] as number));
    coverage[i] = filled * (lungs[i] as number);
  }
  densify(
    thorax,
    coverage.map((value, i) => value * density * (1 + 0.1 * (cloud[i] as number))),
  );
  return {
    coverage,
    finding: {
      nouns: ['consolidation', 'pneumonia', 'airspace opacity', 'infiltrate', 'patchy opacity'],
      looks: ['focal', 'cloudy', 'white', 'ill-defined'],
      place: placeOf(thorax, pixel),
      extent,
    },
  };
}

function diffuseOpacity({ thorax, random, extent }: Site): DrawnLesion {
  const { frame, lungs } = thorax;
  const cloud = fractalField(frame.size, 7, 4, random, 0.65);
  const threshold = extent === 'large' ? -0.6 : extent === 'medium' ? -0.1 : 0.4;
  const density = random.between(0.35, 0.8);
  const coverage = lungs.map(
    (lung, i) => lung * smoothStep(threshold - 0.7, threshold + 0.7, cloud[i] as number),
  );
  densify(
    thorax,
    coverage.map((value) => value * density),
  );
  return {
    coverage,
    finding: {
      nouns: [
        'bilateral opacities',
        'diffuse lung opacities',
        'bilateral infiltrates',
        'multifocal pneumonia changes',
      ],
      looks: ['patchy', 'diffuse', 'hazy'],
      place: 'lungs',
      extent,
      plural: true,
    },
  };
}

function effusion({ thorax, random, extent }: Site): DrawnLesion {
  const { frame, lungs, cage } = thorax;
  const side = random.uniform() < 0.5 ? -1 : 1;
  const height = lengthOf(extent, 0.1, 0.75, random);
  const level = thorax.diaphragm(side * 0.5) - height;
  const wave = noiseField(frame.size, 4, 4, random);
  const density = random.between(0.75, 1);
  const coverage = new Float32Array(lungs.length);
  for (let i = 0; i < coverage.length; i++) {
    const lung = lungs[i] as number;
    if (lung === 0) continue;
    const [u, v] = frame.at(i);
    if (u * side < 0) continue;
    // The meniscus climbs the wall.
    const climb = 0.3 * Math.exp(-cage.depth(u, v, i) / 0.09);
    const surface = level - climb * Math.min(1, height / 0.25) + 0.015 * (wave[i] as number);
    coverage[i] = lung * smoothStep(surface - 0.03, surface + 0.06, v);
  }
  densify(
    thorax,
    coverage.map((value) => value * density),
  );
  return {
    coverage,
    finding: {
      nouns: ['pleural effusion', 'effusion', 'pleural fluid collection'],
      looks: ['basal', 'dense', 'homogeneous'],
      place: `${bodySide(side)} ${extent === 'large' ? 'hemithorax' : 'lung base'}`,
      preposition: random.choose(['in', 'at']),
      extent,
    },
  };
}

function roundOpacity({ thorax, random, extent }: Site, kind: 'nodule' | 'mass'): DrawnLesion {
  const { frame, lungs } = thorax;
  const pixel = pickPixel(lungs, random);
  const [u, v] = frame.at(pixel);
  const radius =
    kind === 'nodule' ? lengthOf(extent, 0.03, 0.07, random) : lengthOf(extent, 0.09, 0.24, random);
  const spiculated = random.uniform() < 0.3;
  const shape = blob(u, v, radius, random, {
    irregularity: random.between(0.05, 0.25),
    elongation: random.between(1, 1.25),
    spikes: spiculated ? 0.3 : 0,
  });
  const coverage = frame.coverage(shape, Math.min(0.05, radius));
  for (let i = 0; i < coverage.length; i++) {
    coverage[i] = (coverage[i] as number) * (lungs[i] as number);
  }
  const density = random.between(0.4, 0.9);
  densify(
    thorax,
    coverage.map((value) => value * density),
  );
  return {
    coverage,
    finding: {
      nouns:
        kind === 'nodule'
          ? ['pulmonary nodule', 'lung nodule', 'nodule', 'coin lesion']
          : ['lung mass', 'mass', 'pulmonary mass', 'lung tumour'],
      looks: [spiculated ? 'spiculated' : 'round', 'solitary', 'dense'],
      place: placeOf(thorax, pixel),
      extent,
    },
  };
}

function cavity({ thorax, random, extent }: Site): DrawnLesion {
  const { frame, lungs, opacity } = thorax;
  const pixel = pickPixel(lungs, random);
  const [u, v] = frame.at(pixel);
  const radius = lengthOf(extent, 0.08, 0.2, random);
  const outer = blob(u, v, radius, random, { irregularity: 0.15 });
  const coverage = frame.coverage(outer, 0.04);
  for (let i = 0; i < coverage.length; i++) {
    coverage[i] = (coverage[i] as number) * (lungs[i] as number);
  }
  const before = Float32Array.from(opacity);
  densify(
    thorax,
    coverage.map((value) => 0.7 * value),
  );
  const hole = frame.coverage(
    ellipse(u, v, radius * random.between(0.55, 0.75), radius * random.between(0.5, 0.75)),
    0.04,
  );
  for (let i = 0; i < opacity.length; i++) {
    const share = (hole[i] as number) * (coverage[i] as number);
    opacity[i] = mix(opacity[i] as number, 0.85 * (before[i] as number), share);
  }
  return {
    coverage,
    finding: {
      nouns: ['cavity', 'cavitating lesion', 'thick-walled cavity', 'lung abscess'],
      looks: ['ring-shaped', 'air-filled', 'round'],
      place: placeOf(thorax, pixel),
      extent,
    },
  };
}

/** Air between lung and wall: darker, without vessels, bounded by the thin line of the lung. */
function pneumothorax({ thorax, random, extent }: Site): DrawnLesion {
  const { frame, lungs, cage, opacity, vessels } = thorax;
  const side = random.uniform() < 0.5 ? -1 : 1;
  const widest = lengthOf(extent, 0.1, 0.34, random);
  const ripple = new SmoothNoise(random);
  const coverage = new Float32Array(lungs.length);
  for (let i = 0; i < coverage.length; i++) {
    const lung = lungs[i] as number;
    if (lung === 0) continue;
    const [u, v] = frame.at(i);
    if (u * side < 0) continue;
    const width = widest * (1.15 - 0.75 * smoothStep(-0.6, 0.5, v)) + 0.02 * ripple.at(2 * v, 1);
    const inside = width - cage.depth(u, v, i);
    const free = smoothStep(-0.01, 0.01, inside);
    coverage[i] = lung * free;
    vessels[i] = (vessels[i] as number) * (1 - free);
    const line = smoothStep(0.014, 0.002, Math.abs(inside)) * lung;
    opacity[i] = (opacity[i] as number) * (1 - 0.4 * free * lung) + 0.1 * line;
  }
  return {
    coverage,
    finding: {
      nouns: ['pneumothorax', 'collapsed lung with pleural air', 'air in the pleural space'],
      looks: ['apical', 'dark'],
      place: `${bodySide(side)} hemithorax`,
      extent,
    },
  };
}

/** A net of fine lines in the lower zones. */
function interstitial({ thorax, random, extent }: Site): DrawnLesion {
  const { frame, lungs, opacity } = thorax;
  const net = noiseField(frame.size, 34, 34, random);
  const finer = noiseField(frame.size, 58, 58, random);
  const top = extent === 'large' ? -0.7 : extent === 'medium' ? -0.25 : 0.02;
  const patches = noiseField(frame.size, 5, 5, random);
  const strength = random.between(0.12, 0.24);
  const coverage = new Float32Array(lungs.length);
  for (let i = 0; i < coverage.length; i++) {
    const lung = lungs[i] as number;
    if (lung === 0) continue;
    const v = frame.v[i] as number;
    const share = lung * smoothStep(top, top + 0.2, v + 0.08 * (patches[i] as number));
    coverage[i] = share;
    const lines =
      smoothStep(0.35, 0, Math.abs(net[i] as number)) +
      0.7 * smoothStep(0.35, 0, Math.abs(finer[i] as number));
    opacity[i] = (opacity[i] as number) + share * (strength * lines * 0.6 + 0.02);
  }
  return {
    coverage,
    finding: {
      nouns: [
        'interstitial lung disease',
        'reticular opacities',
        'interstitial markings',
        'lung fibrosis',
      ],
      looks: ['reticular', 'coarse', 'diffuse'],
      place: extent === 'large' ? 'lungs' : 'lower lung zones',
      extent,
      uncounted: true,
    },
  };
}
