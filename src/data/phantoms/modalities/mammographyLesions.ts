import type { Random } from '../../../base/random.js';
import { gaussianBlur } from '../blur.js';
import { joinInto } from '../intensities.js';
import { type DrawnLesion, drawExtent, keepInside, lengthOf, pickPixel } from '../lesions.js';
import { fractalField } from '../noise.js';
import type { Extent } from '../phantom.js';
import { blob, ellipse, grow } from '../shapes.js';
import { type Stroke, strokeCoverage, windingStroke } from '../strokes.js';
import type { Breast } from './breastAnatomy.js';

export const mammographyLesionKinds = [
  'circumscribed mass',
  'spiculated mass',
  'microcalcifications',
  'architectural distortion',
  'focal asymmetry',
] as const;

interface Scene {
  readonly breast: Breast;
  readonly random: Random;
  readonly extent: Extent;
  readonly u: number;
  readonly v: number;
  readonly place: string;
}

/** Paints a lesion of `kind` into the breast. */
export function drawMammographyLesion(kind: string, breast: Breast, random: Random): DrawnLesion {
  const [u, v] = breast.frame.at(pickPixel(breast.site, random));
  const scene = { breast, random, extent: drawExtent(random), u, v, place: placeOf(breast, u, v) };
  switch (kind) {
    case 'circumscribed mass':
      return circumscribed(scene);
    case 'spiculated mass':
      return spiculated(scene);
    case 'microcalcifications':
      return microcalcifications(scene);
    case 'architectural distortion':
      return distortion(scene);
    default:
      return asymmetry(scene);
  }
}

function placeOf(breast: Breast, u: number, v: number): string {
  if (u > 0.72) return `${breast.side} breast behind the nipple`;
  if (breast.view === 'CC') {
    const outer = v < 0 ? 'outer' : 'inner';
    return `${outer} half of the ${breast.side} breast`;
  }
  return `${v < 0 ? 'upper' : 'lower'} half of the ${breast.side} breast`;
}

function addTo(target: Float32Array, coverage: Float32Array, amount: number | Float32Array): void {
  for (let i = 0; i < target.length; i++) {
    const share = coverage[i] as number;
    if (share === 0) continue;
    const value = typeof amount === 'number' ? amount : (amount[i] as number);
    target[i] = (target[i] as number) + value * share;
  }
}

function circumscribed({ breast, random, extent, u, v, place }: Scene): DrawnLesion {
  const { frame, opacity, inside } = breast;
  const shape = blob(u, v, lengthOf(extent, 0.05, 0.2, random), random, {
    irregularity: 0.08,
    elongation: random.between(1, 1.3),
  });
  const coverage = frame.coverage(shape, random.between(0.02, 0.05));
  keepInside(coverage, inside);
  addTo(opacity, coverage, random.between(0.12, 0.28));
  return {
    coverage,
    finding: {
      nouns: ['mass', 'circumscribed mass', 'round mass', 'nodule', 'density'],
      looks: ['round', 'oval', 'well-defined', 'smooth'],
      place,
      extent,
    },
  };
}

/** Fine lines from the edge of a lesion outwards. */
function spicules(
  { breast, random, u, v }: Scene,
  from: number,
  to: number,
  count: number,
): Float32Array {
  const { frame } = breast;
  const strokes: Stroke[] = [];
  for (let n = 0; n < count; n++) {
    const angle = (2 * Math.PI * (n + random.uniform())) / count;
    const start = from * random.between(0.5, 1);
    strokes.push(
      windingStroke(
        frame.toPixel(u + start * Math.cos(angle), v + start * Math.sin(angle)),
        frame.toPixel(1, 0)[0] > frame.toPixel(0, 0)[0] ? angle : Math.PI - angle,
        frame.unit * (to - start) * random.between(0.5, 1),
        [frame.unit * 0.02, frame.unit * 0.006],
        random,
        { winding: 0.07, steps: 6 },
      ),
    );
  }
  return gaussianBlur(
    strokeCoverage(frame.size, strokes),
    frame.size,
    frame.size,
    0.4 * (frame.size / 240),
  );
}

function spiculated(scene: Scene): DrawnLesion {
  const { breast, random, extent, u, v, place } = scene;
  const { frame, opacity, inside } = breast;
  const radius = lengthOf(extent, 0.045, 0.15, random);
  const core = blob(u, v, radius, random, { irregularity: 0.3, spikes: 0.3 });
  const coverage = frame.coverage(core, 0.05);
  const rays = spicules(scene, radius, radius * random.between(1.8, 2.6), 12 + random.integer(12));
  keepInside(coverage, inside);
  keepInside(rays, inside);
  const strength = random.between(0.2, 0.38);
  addTo(opacity, coverage, strength);
  addTo(opacity, rays, 0.45 * strength);
  joinInto(
    coverage,
    frame
      .coverage(grow(core, 0.25 * radius), 0.03)
      .map((value, i) => value * (inside[i] as number)),
  );
  return {
    coverage,
    finding: {
      nouns: ['spiculated mass', 'malignant mass', 'breast cancer', 'carcinoma', 'stellate mass'],
      looks: ['irregular', 'dense', 'suspicious'],
      place,
      extent,
    },
  };
}

function microcalcifications({ breast, random, extent, u, v, place }: Scene): DrawnLesion {
  const { frame, calcium, inside } = breast;
  const radius = lengthOf(extent, 0.05, 0.17, random);
  const count = Math.round(lengthOf(extent, 7, 40, random));
  const area = blob(u, v, radius, random, {
    irregularity: 0.25,
    elongation: random.between(1, 1.7),
  });
  const coverage = frame.coverage(grow(area, 0.015), 0.02);
  keepInside(coverage, inside);
  let placed = 0;
  for (let attempt = 0; attempt < 40 * count && placed < count; attempt++) {
    const x = u + 1.6 * radius * random.between(-1, 1);
    const y = v + 1.6 * radius * random.between(-1, 1);
    if (area.depth(x, y) < 0) continue;
    placed++;
    const spot = ellipse(
      x,
      y,
      random.between(0.003, 0.008),
      random.between(0.004, 0.012),
      random.between(0, 3),
    );
    frame.add(calcium, spot, random.between(0.15, 0.5));
  }
  return {
    coverage,
    finding: {
      nouns: [
        'microcalcifications',
        'clustered microcalcifications',
        'suspicious calcifications',
        'grouped calcifications',
      ],
      looks: ['pleomorphic', 'fine', 'clustered'],
      place,
      extent,
      plural: true,
    },
  };
}

function distortion(scene: Scene): DrawnLesion {
  const { breast, random, extent, u, v, place } = scene;
  const { frame, opacity, inside } = breast;
  const radius = lengthOf(extent, 0.12, 0.32, random);
  const rays = spicules(scene, 0.1 * radius, 1.05 * radius, 22 + random.integer(14));
  const coverage = frame.coverage(ellipse(u, v, radius, radius), 0.05);
  keepInside(coverage, inside);
  keepInside(rays, coverage);
  addTo(
    opacity,
    gaussianBlur(rays, frame.size, frame.size, frame.size / 300),
    random.between(0.07, 0.15),
  );
  addTo(opacity, frame.coverage(ellipse(u, v, 0.3 * radius, 0.3 * radius), 0.3 * radius), 0.05);
  return {
    coverage,
    finding: {
      nouns: ['architectural distortion', 'distortion of the breast tissue'],
      looks: ['radiating', 'stellate'],
      place,
      extent,
    },
  };
}

function asymmetry({ breast, random, extent, u, v, place }: Scene): DrawnLesion {
  const { frame, opacity, inside } = breast;
  const shape = blob(u, v, lengthOf(extent, 0.12, 0.34, random), random, { irregularity: 0.35 });
  const coverage = frame.coverage(shape, 0.14);
  keepInside(coverage, inside);
  const cloud = fractalField(frame.size, 9, 3, random);
  const strength = random.between(0.12, 0.24);
  addTo(
    opacity,
    coverage,
    cloud.map((value) => strength * (1 + 0.3 * value)),
  );
  return {
    coverage,
    finding: {
      nouns: ['focal asymmetry', 'asymmetric density', 'asymmetry', 'ill-defined density'],
      looks: ['hazy', 'dense', 'ill-defined'],
      place,
      extent,
    },
  };
}
