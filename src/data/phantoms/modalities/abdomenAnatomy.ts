import type { Random } from '../../../base/random.js';
import type { Frame } from '../frame.js';
import { blend, smoothStep } from '../intensities.js';
import { fractalField, noiseField } from '../noise.js';
import {
  blob,
  difference,
  ellipse,
  grow,
  intersection,
  outline,
  region,
  rim,
  type Shape,
} from '../shapes.js';
import { strokeCoverage, vesselTree } from '../strokes.js';

/** An axial slice of the belly, −1…1 along u (the picture's left is the liver's side), front up. */
export interface Abdomen {
  readonly frame: Frame;
  /** Grey values of a soft-tissue window: air below 0, fat 0.15, organs 0.5 … 0.7, bone above 1. */
  readonly density: Float32Array;
  readonly level: 'liver' | 'kidneys';
  readonly enhanced: boolean;
  /** Coverage of the organs. */
  readonly liver: Float32Array;
  readonly kidneys: Float32Array;
  /** Everything inside the muscles of the wall. */
  readonly cavity: Shape;
  /** Coverage of the fat between the organs, and the fat beside the great vessels. */
  readonly fat: Float32Array;
  readonly besideVessels: Float32Array;
  readonly liverDensity: number;
  readonly kidneyDensity: number;
}

const fatDensity = 0.14;
const muscleDensity = 0.5;

/** Draws a healthy abdomen. */
export function drawAbdomen(frame: Frame, random: Random): Abdomen {
  const { size } = frame;
  const level = random.uniform() < 0.6 ? 'liver' : 'kidneys';
  const enhanced = random.uniform() < 0.7;
  const density = new Float32Array(size * size);
  const uneven = fractalField(size, 14, 2, random);
  density.fill(-0.3);
  const bodyOutline = outline(
    0,
    0,
    [0.94, 0.9, 0.82, 0.74, 0.7, 0.74, 0.82, 0.9, 0.94, 0.9, 0.81, 0.73, 0.71, 0.73, 0.81, 0.9].map(
      (radius) => radius * (1 + 0.012 * random.normal()),
    ),
  );
  const body = frame.measured(bodyOutline);
  const fatWidth = random.between(0.04, 0.17);
  const wallWidth = random.between(0.05, 0.08);
  const wall = grow(body, -fatWidth);
  const cavity = grow(wall, -wallWidth);
  frame.paint(density, body, fatDensity);
  frame.paint(density, rim(body, 0.014), 0.42);
  frame.paint(density, wall, muscleDensity, { softness: 0.02 });
  frame.paint(density, cavity, fatDensity, { softness: 0.02 });
  drawBack(frame, density, wall, enhanced, random);
  const fat = frame.coverage(grow(cavity, -0.03));

  const organs: Float32Array[] = [];
  const paintOrgan = (shape: Shape, value: number) => {
    const coverage = frame.coverage(intersection(shape, grow(cavity, -0.005)), 0.018);
    blend(
      density,
      coverage,
      uneven.map((wave) => value + 0.012 * wave),
    );
    organs.push(coverage);
    return coverage;
  };
  const gain = enhanced ? random.between(0.06, 0.16) : 0;
  const liverDensity = 0.53 + gain + 0.03 * random.normal();
  const kidneyDensity = enhanced ? random.between(0.76, 0.98) : 0.48;
  drawBowel(frame, density, cavity, level, random);
  const kidneyShapes = [-1, 1].map((side) => kidneyShape(side, level, random));
  const kidneys = new Float32Array(size * size);
  for (const shape of kidneyShapes) {
    const coverage = paintOrgan(shape.whole, kidneyDensity);
    for (let i = 0; i < kidneys.length; i++) {
      kidneys[i] = Math.max(kidneys[i] as number, coverage[i] as number);
    }
    frame.paint(density, shape.sinus, fatDensity + 0.1, { softness: 0.04, opacity: 0.85 });
  }
  if (level === 'liver') {
    paintOrgan(spleenShape(random), 0.54 + 1.1 * gain);
    drawStomach(frame, density, random, paintOrgan);
  }
  const liverShape = level === 'liver' ? wideLiver(random) : liverTip(random);
  const liver = paintOrgan(
    difference(liverShape, grow(kidneyShapes[0]?.whole as Shape, 0.03)),
    liverDensity,
  );
  drawLiverVessels(frame, density, liver, liverDensity + (enhanced ? gain : -0.07), random);
  if (random.uniform() < 0.5) {
    const bladder = ellipse(random.between(-0.3, -0.15), random.between(-0.12, 0), 0.07, 0.11, 0.5);
    const coverage = frame.coverage(bladder);
    blend(density, coverage, 0.3);
    organs.push(coverage);
    for (let i = 0; i < liver.length; i++)
      liver[i] = (liver[i] as number) * (1 - (coverage[i] as number));
  }
  const besideVessels = frame.coverage(ellipse(0.02, 0.14, 0.24, 0.16));
  for (const organ of organs) {
    for (let i = 0; i < fat.length; i++) fat[i] = (fat[i] as number) * (1 - (organ[i] as number));
  }
  return {
    frame,
    density,
    level,
    enhanced,
    liver,
    kidneys,
    cavity,
    fat,
    besideVessels,
    liverDensity,
    kidneyDensity,
  };
}

/** Spine, muscles of the back, great vessels, and the ribs in the wall. */
function drawBack(
  frame: Frame,
  density: Float32Array,
  wall: Shape,
  enhanced: boolean,
  random: Random,
): void {
  const spineV = random.between(0.33, 0.38);
  for (const side of [-1, 1]) {
    frame.paint(
      density,
      ellipse(side * 0.2, spineV + 0.02, 0.09, 0.13, side * 0.3),
      muscleDensity + 0.02,
    );
    frame.paint(density, ellipse(side * 0.2, spineV + 0.24, 0.17, 0.11), muscleDensity);
    frame.paint(density, ellipse(side * 0.14, spineV + 0.16, 0.1, 0.02, side * 0.35), 1);
  }
  const vertebra = ellipse(0, spineV, 0.135, 0.1);
  const marrow = noiseField(frame.size, 40, 40, random);
  frame.paint(density, vertebra, 1.15);
  frame.paint(
    density,
    grow(vertebra, -0.02),
    marrow.map((value) => 0.76 + 0.07 * value),
    { softness: 0.03 },
  );
  const arch = ellipse(0, spineV + 0.14, 0.085, 0.075);
  frame.paint(density, arch, 1.05);
  frame.paint(density, ellipse(0, spineV + 0.13, 0.05, 0.045), 0.45);
  frame.paint(density, ellipse(0, spineV + 0.25, 0.018, 0.08), 1);
  const ribs = 4 + random.integer(4);
  for (let n = 0; n < ribs; n++) {
    for (const side of [-1, 1]) {
      const turn = -0.55 + (1.75 * n) / ribs + random.between(-0.06, 0.06);
      const reach = edgeAlong(wall, Math.atan2(Math.sin(turn), side * Math.cos(turn))) - 0.035;
      const u = side * Math.cos(turn) * reach;
      const v = Math.sin(turn) * reach;
      const rib = ellipse(u, v, 0.018, random.between(0.03, 0.06), side * turn);
      frame.paint(density, rib, 1.1);
      frame.paint(density, grow(rib, -0.01), 0.75);
    }
  }
  const blood = enhanced ? random.between(0.75, 1.05) : 0.5;
  const aorta = ellipse(0.06, spineV - 0.155, 0.052, 0.052);
  frame.paint(density, aorta, blood);
  if (random.uniform() < 0.35) {
    // Calcified plaque in the wall of the aorta.
    const plaque = intersection(rim(aorta, 0.014), ellipse(0.1, spineV - 0.13, 0.03, 0.04));
    frame.paint(density, plaque, 1.2);
  }
  frame.paint(
    density,
    ellipse(-0.1, spineV - 0.15, 0.062, 0.045),
    enhanced ? 0.5 + 0.5 * (blood - 0.5) : 0.49,
  );
}

/** How far the edge of `shape` is from the origin in a direction. */
function edgeAlong(shape: Shape, angle: number): number {
  return 1 + shape.depth(Math.cos(angle), Math.sin(angle));
}

function kidneyShape(side: number, level: 'liver' | 'kidneys', random: Random) {
  const scale = level === 'kidneys' ? random.between(0.95, 1.15) : random.between(0.65, 0.85);
  const u = side * random.between(0.38, 0.45);
  const v = random.between(0.24, 0.32);
  const angle = side * random.between(0.3, 0.6);
  const outer = ellipse(u, v, 0.115 * scale, 0.165 * scale, -angle);
  const hilum = ellipse(u - side * 0.09 * scale, v - 0.03, 0.06 * scale, 0.05 * scale);
  return {
    whole: difference(outer, hilum),
    sinus: blob(u - side * 0.03, v - 0.01, 0.055 * scale, random, { elongation: 1.3, angle: 1.2 }),
  };
}

function wideLiver(random: Random): Shape {
  const left = random.between(0.35, 0.75);
  return outline(-0.42, -0.08, [
    left * 0.8,
    0.28,
    0.33,
    0.42,
    0.45,
    0.46,
    0.48,
    0.47,
    0.46,
    0.47,
    0.5,
    0.52,
    0.52,
    0.56,
    0.62,
    left + 0.12,
  ]);
}

function liverTip(random: Random): Shape {
  return blob(-0.62, random.between(-0.05, 0.1), random.between(0.2, 0.32), random, {
    irregularity: 0.12,
    elongation: 1.35,
    angle: 1.55,
  });
}

function spleenShape(random: Random): Shape {
  const size = random.between(0.85, 1.15);
  return difference(
    ellipse(0.66, 0.17, 0.17 * size, 0.3 * size, -0.25),
    ellipse(0.5, 0.08, 0.13, 0.26, -0.25),
  );
}

function drawLiverVessels(
  frame: Frame,
  density: Float32Array,
  liver: Float32Array,
  value: number,
  random: Random,
): void {
  const from = frame.toPixel(random.between(-0.25, -0.12), random.between(-0.05, 0.08));
  const { unit } = frame;
  const strokes = [2.7, 3.5, 4.3].flatMap((angle) =>
    vesselTree(
      from,
      angle + 0.2 * random.normal(),
      unit * random.between(0.13, 0.2),
      unit * random.between(0.025, 0.042),
      3,
      random,
      { spread: 0.6 },
    ),
  );
  const coverage = strokeCoverage(frame.size, strokes);
  for (let i = 0; i < coverage.length; i++) {
    coverage[i] = (coverage[i] as number) * (liver[i] as number);
  }
  blend(density, coverage, value, 0.85);
}

/** The stomach: wall, food or contrast agent, and gas that rises to the front. */
function drawStomach(
  frame: Frame,
  density: Float32Array,
  random: Random,
  paintOrgan: (shape: Shape, value: number) => Float32Array,
): void {
  const stomach = blob(0.38, -0.22, random.between(0.2, 0.3), random, {
    irregularity: 0.1,
    elongation: 1.3,
    angle: random.between(0.2, 0.8),
  });
  paintOrgan(stomach, 0.52);
  const content = random.choose([0.32, 0.4, 0.42, 1.1]);
  const inside = grow(stomach, -0.03);
  frame.paint(density, inside, content, { softness: 0.02 });
  if (random.uniform() < 0.75) {
    const surface = random.between(-0.36, -0.18);
    frame.paint(
      density,
      intersection(
        inside,
        region((_u, v) => surface - v),
      ),
      -0.3,
    );
  }
}

/** Loops of bowel with wall, content, gas or contrast agent. */
function drawBowel(
  frame: Frame,
  density: Float32Array,
  cavity: Shape,
  level: 'liver' | 'kidneys',
  random: Random,
): void {
  const loops = level === 'kidneys' ? 16 + random.integer(10) : 5 + random.integer(5);
  const oral = random.uniform() < 0.3;
  const stool = noiseField(frame.size, 50, 50, random).map(
    (value) => 0.3 + 0.22 * smoothStep(-0.5, 1, value) - 0.4 * smoothStep(0.9, 1.4, -value),
  );
  for (let n = 0; n < loops; n++) {
    const u = level === 'kidneys' ? random.between(-0.62, 0.68) : random.between(0, 0.62);
    const v = level === 'kidneys' ? random.between(-0.5, 0.14) : random.between(-0.42, 0.1);
    const loop = intersection(
      blob(u, v, random.between(0.05, 0.11), random, {
        irregularity: 0.12,
        elongation: random.between(1, 1.9),
      }),
      grow(cavity, -0.02),
    );
    frame.paint(density, loop, random.between(0.48, 0.56), { softness: 0.02 });
    const lumen = grow(loop, -random.between(0.012, 0.025));
    const kind = random.uniform();
    if (kind < 0.3) {
      frame.paint(density, lumen, oral ? 1.15 : 0.38);
    } else if (kind < 0.55) {
      const surface = v + random.between(-0.03, 0.04);
      frame.paint(density, lumen, 0.4);
      frame.paint(
        density,
        intersection(
          lumen,
          region((_u, y) => surface - y),
        ),
        -0.3,
      );
    } else if (kind < 0.7) {
      frame.paint(density, lumen, stool);
    }
  }
  // Small vessels of the mesentery.
  const dots = 20 + random.integer(25);
  for (let n = 0; n < dots; n++) {
    const dot = intersection(
      ellipse(
        random.between(-0.5, 0.6),
        random.between(-0.45, 0.1),
        random.between(0.008, 0.016),
        random.between(0.008, 0.03),
        random.between(0, 3),
      ),
      grow(cavity, -0.04),
    );
    frame.paint(density, dot, 0.5, { opacity: 0.8 });
  }
}
