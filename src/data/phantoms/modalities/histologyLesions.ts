import type { Random } from '../../../base/random.js';
import { mix, smoothStep } from '../intensities.js';
import { type DrawnLesion, drawExtent, lengthOf } from '../lesions.js';
import { fractalField, noiseField } from '../noise.js';
import type { Extent } from '../phantom.js';
import { blob } from '../shapes.js';
import { type CellLook, scatterCells } from './histologyCells.js';
import { epithelialCell, lymphocyte, type Slide } from './histologyTissue.js';

export const histologyLesionKinds = [
  'carcinoma',
  'necrosis',
  'granuloma',
  'haemorrhage',
  'calcification',
] as const;

interface Scene {
  readonly slide: Slide;
  readonly coverage: Float32Array;
  readonly extent: Extent;
  readonly place: string;
  readonly random: Random;
}

/** Replaces part of the section by a lesion of `kind`. */
export function drawHistologyLesion(kind: string, slide: Slide, random: Random): DrawnLesion {
  const extent = drawExtent(random);
  const u = random.between(-0.75, 0.75);
  const v = random.between(-0.75, 0.75);
  const radius = lengthOf(extent, 0.28, 1.1, random) * (kind === 'calcification' ? 0.5 : 1);
  const shape = blob(u, v, radius, random, {
    irregularity: kind === 'granuloma' ? 0.12 : 0.3,
    elongation: random.between(1, 1.4),
  });
  const coverage = slide.frame.coverage(shape, 0.04);
  const place = `${v < -0.3 ? 'upper' : v > 0.3 ? 'lower' : 'middle'} part of the picture`;
  const scene = { slide, coverage, extent, place, random };
  switch (kind) {
    case 'carcinoma':
      return carcinoma(scene);
    case 'necrosis':
      return necrosis(scene);
    case 'granuloma':
      return granuloma(scene);
    case 'haemorrhage':
      return haemorrhage(scene);
    default:
      return calcification(scene);
  }
}

/** Brings both dyes to what was drawn for the lesion, inside its coverage. */
function replace(scene: Scene, haematoxylin: Float32Array, eosin: Float32Array): void {
  const { slide, coverage } = scene;
  for (let i = 0; i < coverage.length; i++) {
    const share = smoothStep(0.35, 0.65, coverage[i] as number);
    if (share === 0) continue;
    slide.haematoxylin[i] = mix(slide.haematoxylin[i] as number, haematoxylin[i] as number, share);
    slide.eosin[i] = mix(slide.eosin[i] as number, eosin[i] as number, share);
  }
}

function inside(scene: Scene, keep: number): (pixel: number) => number {
  return (pixel) => ((scene.coverage[pixel] as number) > 0.2 ? keep : 0);
}

function carcinoma(scene: Scene): DrawnLesion {
  const { slide, coverage, extent, place, random } = scene;
  const { size, texture, cell } = slide;
  const slow = fractalField(size, 8, 2, random);
  const bands = noiseField(size, random.between(4, 9), random.between(4, 9), random);
  const nested = random.uniform() < 0.6;
  const bandWidth = nested ? random.between(0.12, 0.3) : 0;
  const haematoxylin = new Float32Array(coverage.length);
  const eosin = new Float32Array(coverage.length);
  const nests = new Float32Array(coverage.length);
  const tone = random.between(0.16, 0.28);
  for (let i = 0; i < coverage.length; i++) {
    // Nests of tumour cells between bands of stroma.
    const nest = nested ? smoothStep(bandWidth * 0.6, bandWidth, Math.abs(bands[i] as number)) : 1;
    nests[i] = nest;
    haematoxylin[i] = mix(0.05, tone + 0.03 * (slow[i] as number), nest);
    eosin[i] = mix(0.5, 0.34 + 0.04 * (slow[i] as number), nest);
  }
  const look: CellLook = {
    radius: cell * random.between(1.45, 2.1),
    spread: random.between(0.2, 0.32),
    elongation: random.between(1.1, 1.5),
    density: random.between(0.62, 0.95),
    densitySpread: 0.2,
    vesicular: random.between(0.2, 0.8),
  };
  const within = inside(scene, 0.92);
  scatterCells(
    haematoxylin,
    size,
    texture,
    2.1 * look.radius,
    look,
    random,
    (i) => within(i) * (nests[i] as number),
  );
  replace(scene, haematoxylin, eosin);
  return {
    coverage,
    finding: {
      nouns: [
        'carcinoma',
        'tumour',
        'metastatic tumour',
        'tumor cells in a cluster',
        'malignant tumour',
      ],
      looks: ['pleomorphic', 'atypical', 'crowded', 'malignant'],
      place,
      extent,
    },
  };
}

function necrosis(scene: Scene): DrawnLesion {
  const { slide, coverage, extent, place, random } = scene;
  const { size, texture, cell } = slide;
  const smudge = fractalField(size, 14, 3, random);
  const tone = random.between(0.4, 0.6);
  const eosin = smudge.map((value) => tone * (1 + 0.16 * value));
  const haematoxylin = smudge.map((value) => 0.07 + 0.03 * value);
  const debris: CellLook = {
    ...lymphocyte(0.45 * cell),
    spread: 0.4,
    density: 0.8,
    densitySpread: 0.2,
  };
  scatterCells(haematoxylin, size, texture, 3.4 * cell, debris, random, inside(scene, 0.45));
  replace(scene, haematoxylin, eosin);
  return {
    coverage,
    finding: {
      nouns: ['necrosis', 'necrotic tissue', 'dead tissue', 'area of necrosis'],
      looks: ['pink', 'smudgy', 'acellular'],
      place,
      extent,
      uncounted: true,
    },
  };
}

function granuloma(scene: Scene): DrawnLesion {
  const { slide, coverage, extent, place, random } = scene;
  const { size, texture, cell } = slide;
  const slow = fractalField(size, 10, 2, random);
  const eosin = slow.map((value) => 0.44 + 0.05 * value);
  const haematoxylin = slow.map((value) => 0.05 + 0.01 * value);
  const look: CellLook = {
    ...epithelialCell(1.05 * cell),
    elongation: 2.1,
    density: 0.42,
    vesicular: 0.8,
  };
  scatterCells(haematoxylin, size, texture, 4.6 * cell, look, random, inside(scene, 0.8));
  // A mantle of lymphocytes at the edge.
  scatterCells(haematoxylin, size, texture, 2.4 * cell, lymphocyte(cell), random, (i) => {
    const edge = coverage[i] as number;
    return edge > 0.2 && edge < 0.98 ? 0.8 : 0;
  });
  replace(scene, haematoxylin, eosin);
  return {
    coverage,
    finding: {
      nouns: ['granuloma', 'granulomatous inflammation area', 'epithelioid granuloma'],
      looks: ['pale', 'round', 'epithelioid'],
      place,
      extent,
    },
  };
}

function haemorrhage(scene: Scene): DrawnLesion {
  const { slide, coverage, extent, place, random } = scene;
  const { size, texture, cell } = slide;
  const slow = fractalField(size, 8, 2, random);
  const haematoxylin = new Float32Array(coverage.length).fill(0.02);
  const eosin = slow.map((value) => 0.45 + 0.05 * value);
  // Red cells: eosinophilic discs, drawn like nuclei into the other dye.
  const disc: CellLook = {
    radius: 0.95 * cell,
    spread: 0.08,
    elongation: 1.1,
    density: 1.05,
    densitySpread: 0.1,
    vesicular: 0.3,
  };
  scatterCells(
    eosin,
    size,
    texture.map((value) => 0.3 * value),
    2.1 * cell,
    disc,
    random,
    inside(scene, 0.92),
  );
  scatterCells(haematoxylin, size, texture, 7 * cell, lymphocyte(cell), random, inside(scene, 0.3));
  replace(scene, haematoxylin, eosin);
  return {
    coverage,
    finding: {
      nouns: ['haemorrhage', 'hemorrhage', 'bleeding', 'extravasated red blood cells'],
      looks: ['red', 'fresh'],
      place,
      extent,
      uncounted: true,
    },
  };
}

function calcification(scene: Scene): DrawnLesion {
  const { slide, coverage, extent, place, random } = scene;
  const { size } = slide;
  const crumbs = fractalField(size, 26, 3, random);
  const haematoxylin = new Float32Array(coverage.length);
  const eosin = new Float32Array(coverage.length);
  for (let i = 0; i < coverage.length; i++) {
    const solid = smoothStep(-0.9, -0.3, crumbs[i] as number);
    haematoxylin[i] = 0.15 + solid * (0.95 + 0.2 * (crumbs[i] as number));
    eosin[i] = 0.45 - 0.25 * solid;
  }
  replace(scene, haematoxylin, eosin);
  return {
    coverage,
    finding: {
      nouns: ['calcification', 'calcified deposit', 'area of calcification'],
      looks: ['dark purple', 'coarse'],
      place,
      extent,
    },
  };
}
