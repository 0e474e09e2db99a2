import type { Random } from '../../../base/random.js';
import { blend, joinInto, smoothStep } from '../intensities.js';
import { type DrawnLesion, drawExtent, keepInside, lengthOf, pickPixel } from '../lesions.js';
import { fractalField, noiseField } from '../noise.js';
import type { Extent } from '../phantom.js';
import { blob, ellipse, rim } from '../shapes.js';
import type { Abdomen } from './abdomenAnatomy.js';

export const abdominalCtLesionKinds = [
  'liver metastases',
  'liver cyst',
  'liver tumour',
  'kidney mass',
  'ascites',
  'lymphadenopathy',
  'free air',
] as const;

interface Scene {
  readonly abdomen: Abdomen;
  readonly extent: Extent;
  readonly random: Random;
}

/** Paints a lesion of `kind` into the densities of the abdomen. */
export function drawAbdominalCtLesion(kind: string, abdomen: Abdomen, random: Random): DrawnLesion {
  const scene = { abdomen, extent: drawExtent(random), random };
  switch (kind) {
    case 'liver metastases':
      return metastases(scene);
    case 'liver cyst':
      return cyst(scene);
    case 'liver tumour':
      return tumour(scene);
    case 'kidney mass':
      return kidneyMass(scene);
    case 'ascites':
      return ascites(scene);
    case 'lymphadenopathy':
      return lymphNodes(scene);
    default:
      return freeAir(scene);
  }
}

function liverPlace(v: number): string {
  return v < -0.15
    ? 'anterior part of the liver'
    : v > 0.12
      ? 'posterior part of the liver'
      : 'liver';
}

function metastases({ abdomen, extent, random }: Scene): DrawnLesion {
  const { frame, liver, density, liverDensity } = abdomen;
  const count = 2 + random.integer(7);
  const darker = random.between(0.08, 0.24);
  const halo = random.uniform() < 0.4;
  const coverage = new Float32Array(density.length);
  for (let n = 0; n < count; n++) {
    const [u, v] = frame.at(pickPixel(liver, random));
    const radius = lengthOf(extent, 0.025, 0.11, random) * random.between(0.7, 1.2);
    const node = blob(u, v, radius, random, { irregularity: 0.15, elongation: 1.1 });
    const spot = frame.coverage(node, 0.03);
    keepInside(spot, liver);
    blend(density, spot, liverDensity - darker);
    if (halo) {
      const edge = frame.coverage(rim(node, 0.3 * radius), 0.02);
      keepInside(edge, liver);
      blend(density, edge, liverDensity + 0.08, 0.7);
    }
    joinInto(coverage, spot);
  }
  return {
    coverage,
    finding: {
      nouns: ['liver metastases', 'multiple liver lesions', 'hepatic metastases', 'liver lesions'],
      looks: ['hypodense', 'dark', 'round', ...(halo ? ['rim-enhancing'] : [])],
      place: 'liver',
      extent,
      plural: true,
    },
  };
}

function cyst({ abdomen, extent, random }: Scene): DrawnLesion {
  const { frame, liver, density } = abdomen;
  const [u, v] = frame.at(pickPixel(liver, random));
  const shape = blob(u, v, lengthOf(extent, 0.04, 0.19, random), random, { irregularity: 0.05 });
  const coverage = frame.coverage(shape, 0.014);
  keepInside(coverage, liver);
  blend(density, coverage, random.between(0.28, 0.34));
  return {
    coverage,
    finding: {
      nouns: ['liver cyst', 'hepatic cyst', 'cyst', 'simple cyst'],
      looks: ['dark', 'hypodense', 'round', 'sharply defined', 'fluid-filled'],
      place: liverPlace(v),
      extent,
    },
  };
}

function tumour({ abdomen, extent, random }: Scene): DrawnLesion {
  const { frame, liver, density, liverDensity, enhanced } = abdomen;
  const [u, v] = frame.at(pickPixel(liver, random));
  const radius = lengthOf(extent, 0.07, 0.26, random);
  const shape = blob(u, v, radius, random, {
    irregularity: 0.2,
    elongation: random.between(1, 1.3),
  });
  const coverage = frame.coverage(shape, 0.04);
  keepInside(coverage, liver);
  const bright = enhanced && random.uniform() < 0.5;
  const level = liverDensity + (bright ? random.between(0.1, 0.22) : -random.between(0.07, 0.18));
  const patches = fractalField(frame.size, 16, 3, random);
  blend(
    density,
    coverage,
    patches.map((value) => level + 0.06 * value),
  );
  if (random.uniform() < 0.5) {
    const core = frame.coverage(blob(u, v, 0.45 * radius, random, { irregularity: 0.35 }), 0.05);
    keepInside(core, coverage);
    blend(density, core, 0.34, 0.9);
  }
  return {
    coverage,
    finding: {
      nouns: [
        'liver tumour',
        'liver mass',
        'hepatocellular carcinoma',
        'hepatic mass',
        'liver cancer',
      ],
      looks: [bright ? 'hyperdense' : 'hypodense', 'heterogeneous', 'irregular'],
      place: liverPlace(v),
      extent,
    },
  };
}

function kidneyMass({ abdomen, extent, random }: Scene): DrawnLesion {
  const { frame, kidneys, density, cavity, kidneyDensity, enhanced } = abdomen;
  const [u, v] = frame.at(pickPixel(kidneys, random));
  const isCyst = random.uniform() < 0.4;
  const shape = blob(u, v, lengthOf(extent, 0.05, 0.17, random), random, {
    irregularity: isCyst ? 0.04 : 0.16,
  });
  const coverage = frame.coverage(shape, 0.02);
  keepInside(coverage, frame.coverage(cavity));
  const patches = fractalField(frame.size, 20, 2, random);
  const solid = enhanced ? kidneyDensity - random.between(0.12, 0.3) : random.between(0.5, 0.6);
  const level = isCyst ? 0.31 : solid;
  const uneven = isCyst ? 0.005 : 0.05;
  blend(
    density,
    coverage,
    patches.map((value) => level + uneven * value),
  );
  return {
    coverage,
    finding: {
      nouns: isCyst
        ? ['kidney cyst', 'renal cyst', 'cyst']
        : ['kidney mass', 'renal mass', 'renal tumour', 'kidney tumour'],
      looks: isCyst ? ['round', 'dark', 'fluid-filled'] : ['solid', 'heterogeneous', 'round'],
      place: `${u < 0 ? 'right' : 'left'} kidney`,
      preposition: 'of',
      extent,
    },
  };
}

/** Free fluid: fills the fat between wall and organs from the flanks and the back. */
function ascites({ abdomen, extent, random }: Scene): DrawnLesion {
  const { frame, fat, density, cavity } = abdomen;
  const width = lengthOf(extent, 0.06, 0.3, random);
  const wave = noiseField(frame.size, 6, 6, random);
  const coverage = new Float32Array(density.length);
  for (let i = 0; i < coverage.length; i++) {
    if ((density[i] as number) > 0.35 || (density[i] as number) < -0.1) continue;
    const [u, v] = frame.at(i);
    const depth = cavity.depth(u, v, i);
    if (depth < 0) continue;
    const flank = width * (0.55 + 0.6 * Math.abs(u)) * (1 + 0.3 * (wave[i] as number));
    const front = smoothStep(0.45, 0.2, v);
    coverage[i] =
      smoothStep(0.01, -0.02, depth - flank) *
      Math.max(fat[i] as number, smoothStep(0.03, 0, depth)) *
      front;
  }
  blend(density, coverage, random.between(0.33, 0.38));
  return {
    coverage,
    finding: {
      nouns: ['ascites', 'free fluid', 'peritoneal fluid', 'fluid'],
      looks: ['perihepatic', 'free'],
      place: 'abdomen',
      extent,
      uncounted: true,
    },
  };
}

function lymphNodes({ abdomen, extent, random }: Scene): DrawnLesion {
  const { frame, besideVessels, density } = abdomen;
  const where = besideVessels.map((value, i) => ((density[i] as number) < 0.3 ? value : 0));
  const coverage = new Float32Array(density.length);
  const count = 3 + random.integer(6);
  const level = random.between(0.46, 0.54);
  for (let n = 0; n < count; n++) {
    const [u, v] = frame.at(pickPixel(where, random, 0.8));
    const radius = lengthOf(extent, 0.028, 0.075, random);
    const node = ellipse(u, v, radius, radius * random.between(0.75, 1.2), random.between(0, 3));
    const spot = frame.coverage(node, 0.014);
    blend(density, spot, level + 0.02 * random.normal());
    joinInto(coverage, spot);
  }
  return {
    coverage,
    finding: {
      nouns: ['enlarged lymph nodes', 'lymphadenopathy changes', 'pathological lymph nodes'],
      looks: ['round', 'multiple', 'retroperitoneal'],
      place: 'retroperitoneum',
      extent,
      plural: true,
    },
  };
}

/** Free air rises under the front wall, above a flat lower border. */
function freeAir({ abdomen, extent, random }: Scene): DrawnLesion {
  const { frame, cavity, density } = abdomen;
  const centre = random.between(-0.25, 0.3);
  const width = lengthOf(extent, 0.12, 0.4, random);
  const height = lengthOf(extent, 0.03, 0.11, random);
  const coverage = new Float32Array(density.length);
  const wave = noiseField(frame.size, 8, 8, random);
  const front = 0.45;
  for (let i = 0; i < coverage.length; i++) {
    const [u, v] = frame.at(i);
    if (v > 0) continue;
    const depth = cavity.depth(u, v, i);
    const lens = height * (1 - ((u - centre) / width) ** 2) + 0.006 * (wave[i] as number);
    const inside = Math.min(depth + 0.008, lens - depth);
    coverage[i] = smoothStep(-0.008, 0.008, inside) * smoothStep(-front + 0.25, -front, v);
  }
  blend(density, coverage, -0.3);
  return {
    coverage,
    finding: {
      nouns: ['free air', 'pneumoperitoneum', 'free intraperitoneal air', 'extraluminal gas'],
      looks: ['black'],
      place: 'anterior abdomen',
      extent,
      uncounted: true,
    },
  };
}
