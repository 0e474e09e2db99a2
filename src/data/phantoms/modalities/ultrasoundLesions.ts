import type { Random } from '../../../base/random.js';
import { blend, joinInto, smoothStep } from '../intensities.js';
import { type DrawnLesion, drawExtent, lengthOf, pickPixel } from '../lesions.js';
import { fractalField, noiseField } from '../noise.js';
import type { Extent } from '../phantom.js';
import { blob, grow, rim, type Shape } from '../shapes.js';
import { castBelow, type EchoMap } from './ultrasoundTissue.js';

export const ultrasoundLesionKinds = [
  'cyst',
  'benign mass',
  'malignant mass',
  'complex mass',
  'echogenic mass',
  'fluid collection',
] as const;

interface Site {
  readonly map: EchoMap;
  readonly random: Random;
  readonly extent: Extent;
  readonly u: number;
  readonly v: number;
  readonly place: string;
}

/** Paints a lesion of `kind` into the echo map, with what it does to the beams below it. */
export function drawUltrasoundLesion(kind: string, map: EchoMap, random: Random): DrawnLesion {
  const extent = drawExtent(random);
  const [u, v] = map.frame.at(pickPixel(map.site, random));
  const site = { map, random, extent, u, v, place: map.placeAt(u, v) };
  switch (kind) {
    case 'cyst':
      return cyst(site);
    case 'benign mass':
      return benignMass(site);
    case 'malignant mass':
      return malignantMass(site);
    case 'complex mass':
      return complexMass(site);
    case 'echogenic mass':
      return echogenicMass(site);
    default:
      return fluidCollection(site);
  }
}

function paintInside({ map, random }: Site, shape: Shape, level: number, softness: number) {
  const { frame, echo } = map;
  const coverage = frame.coverage(shape, softness);
  const texture = fractalField(frame.size, 14, 2, random);
  const uneven = Math.min(0.045, 0.25 * level);
  blend(
    echo,
    coverage,
    texture.map((value) => level + uneven * value),
  );
  return coverage;
}

function cyst(site: Site): DrawnLesion {
  const { map, random, extent, u, v, place } = site;
  const shape = blob(u, v, lengthOf(extent, 0.07, 0.34, random), random, {
    irregularity: 0.06,
    elongation: random.between(1, 1.25),
    angle: random.between(-0.3, 0.3),
  });
  const coverage = paintInside(site, shape, 0.03, 0.02);
  map.frame.add(map.echo, rim(grow(shape, 0.015), 0.02), random.between(0, 0.12), 0.02);
  castBelow(map, coverage, random.between(0.06, 0.28), 0.25);
  return {
    coverage,
    finding: {
      nouns: ['cyst', 'simple cyst', 'cystic lesion', 'anechoic lesion'],
      looks: ['anechoic', 'round', 'well-defined', 'dark', 'smooth'],
      place,
      extent,
    },
  };
}

function benignMass(site: Site): DrawnLesion {
  const { map, random, extent, u, v, place } = site;
  const shape = blob(u, v, lengthOf(extent, 0.08, 0.34, random), random, {
    irregularity: random.between(0.05, 0.16),
    elongation: random.between(1.15, 1.5),
    angle: random.between(-0.25, 0.25),
  });
  const coverage = paintInside(site, shape, random.between(0.18, 0.32), 0.025);
  map.frame.add(map.echo, rim(grow(shape, 0.02), 0.02), random.between(0.02, 0.14), 0.025);
  castBelow(map, coverage, random.between(-0.08, 0.1), 0.3);
  return {
    coverage,
    finding: {
      nouns: ['benign mass', 'solid mass', 'benign tumour', 'benign nodule', 'mass'],
      looks: ['hypoechoic', 'oval', 'well-circumscribed', 'smooth', 'homogeneous'],
      place,
      extent,
    },
  };
}

function malignantMass(site: Site): DrawnLesion {
  const { map, random, extent, u, v, place } = site;
  const { frame, echo } = map;
  const spiculated = random.uniform() < 0.5;
  const shape = blob(u, v, lengthOf(extent, 0.1, 0.38, random), random, {
    irregularity: random.between(0.25, 0.45),
    elongation: random.between(0.85, 1.25),
    angle: random.between(-0.4, 0.4),
    spikes: spiculated ? random.between(0.2, 0.45) : 0,
  });
  const softness = random.between(0.04, 0.12);
  // A ragged edge: the depth of the shape plus noise decides.
  const ragged = noiseField(frame.size, 34, 34, random);
  const coverage = frame.coverage(shape, softness);
  for (let i = 0; i < coverage.length; i++) {
    const value = coverage[i] as number;
    if (value > 0) coverage[i] = smoothStep(0.25, 0.75, value + 0.14 * (ragged[i] as number));
  }
  const texture = fractalField(frame.size, 20, 3, random, 0.6);
  const level = random.between(0.12, 0.26);
  if (random.uniform() < 0.5) frame.add(echo, rim(grow(shape, 0.08), 0.08), 0.07, 0.08);
  blend(
    echo,
    coverage,
    texture.map((value) => Math.max(0.03, level + 0.07 * value)),
    random.between(0.8, 1),
  );
  const shadowing = random.uniform() < 0.65;
  castBelow(map, coverage, shadowing ? -random.between(0.3, 0.75) : 0.05, 0.3);
  return {
    coverage,
    finding: {
      nouns: ['malignant mass', 'malignant tumour', 'carcinoma', 'suspicious mass', 'cancer'],
      looks: [
        'irregular',
        'hypoechoic',
        'ill-defined',
        spiculated ? 'spiculated' : 'lobulated',
        ...(shadowing ? ['shadowing'] : []),
      ],
      place,
      extent,
    },
  };
}

function complexMass(site: Site): DrawnLesion {
  const { map, random, extent, u, v, place } = site;
  const { frame, echo } = map;
  const radius = lengthOf(extent, 0.12, 0.38, random);
  const shape = blob(u, v, radius, random, { irregularity: 0.15, elongation: 1.2 });
  const coverage = paintInside(site, shape, random.between(0.25, 0.42), 0.03);
  const pockets = 2 + random.integer(5);
  for (let n = 0; n < pockets; n++) {
    const angle = random.between(0, 2 * Math.PI);
    const away = radius * random.between(0.1, 0.6);
    const pocket = blob(
      u + away * Math.cos(angle),
      v + away * Math.sin(angle),
      radius * random.between(0.12, 0.35),
      random,
      { irregularity: 0.1 },
    );
    const inside = frame.coverage(pocket, 0.02);
    for (let i = 0; i < inside.length; i++) {
      inside[i] = (inside[i] as number) * (coverage[i] as number);
    }
    blend(echo, inside, 0.05);
  }
  frame.add(echo, rim(shape, 0.025), 0.12, 0.02);
  castBelow(map, coverage, random.between(0, 0.12), 0.3);
  return {
    coverage,
    finding: {
      nouns: [
        'complex mass',
        'mixed solid and cystic mass',
        'partly cystic mass',
        'complex lesion',
      ],
      looks: ['heterogeneous', 'partly cystic', 'lobulated'],
      place,
      extent,
    },
  };
}

function echogenicMass(site: Site): DrawnLesion {
  const { random, extent, u, v, place, map } = site;
  const shape = blob(u, v, lengthOf(extent, 0.08, 0.28, random), random, {
    irregularity: 0.15,
    elongation: random.between(1, 1.4),
  });
  const background = map.organ === 'breast' ? 0.72 : 0.62;
  const coverage = paintInside(site, shape, background + random.between(0, 0.12), 0.05);
  return {
    coverage,
    finding: {
      nouns:
        map.organ === 'breast'
          ? ['echogenic mass', 'hyperechoic nodule', 'bright mass', 'lipoma']
          : ['echogenic mass', 'haemangioma', 'hyperechoic liver lesion', 'bright nodule'],
      looks: ['bright', 'hyperechoic', 'round'],
      place,
      extent,
    },
  };
}

function fluidCollection(site: Site): DrawnLesion {
  const { map, random, extent, u, v, place } = site;
  const coverage = new Float32Array(map.echo.length);
  const radius = lengthOf(extent, 0.07, 0.2, random);
  const pockets = 2 + random.integer(3);
  for (let n = 0; n < pockets; n++) {
    const pocket = blob(
      u + radius * random.between(-1.3, 1.3),
      v + radius * random.between(-0.5, 0.5),
      radius * random.between(0.5, 1),
      random,
      {
        irregularity: 0.35,
        elongation: random.between(1.3, 2.2),
        angle: random.between(-0.4, 0.4),
      },
    );
    joinInto(coverage, map.frame.coverage(pocket, 0.03));
  }
  const debris = noiseField(map.frame.size, 20, 20, random);
  const level = random.between(0.04, 0.12);
  blend(
    map.echo,
    coverage,
    debris.map((value) => level + 0.03 * value),
  );
  castBelow(map, coverage, random.between(0.05, 0.18), 0.25);
  return {
    coverage,
    finding: {
      nouns: ['fluid collection', 'fluid', 'abscess or fluid collection', 'collection of fluid'],
      looks: ['irregular', 'dark', 'hypoechoic'],
      place,
      extent,
    },
  };
}
