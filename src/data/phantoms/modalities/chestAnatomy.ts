import type { Random } from '../../../base/random.js';
import { gaussianBlur } from '../blur.js';
import type { Frame } from '../frame.js';
import { mix, smoothStep, tabulated } from '../intensities.js';
import { noiseField } from '../noise.js';
import { ellipse, mirrored, outline, region, type Shape, union } from '../shapes.js';
import { drawStroke, type Point, type Stroke, vesselTree } from '../strokes.js';

/** A frontal chest as overlapping shadows; the picture is the sum of the three fields. */
export interface Thorax {
  readonly frame: Frame;
  /** Soft tissue and air, 0 black … 1 white. */
  readonly opacity: Float32Array;
  readonly vessels: Float32Array;
  readonly bones: Float32Array;
  /** Coverage of both lungs. */
  readonly lungs: Float32Array;
  /** Positive inside the rib cage. */
  readonly cage: Shape;
  /** v of the diaphragm at u. */
  diaphragm(u: number): number;
  /** How opaque tissue without air is. */
  readonly solid: number;
}

/** Draws the shadows of a healthy chest, −1…1 in both directions, heart to the picture's right. */
export function drawThorax(frame: Frame, random: Random): Thorax {
  const { size } = frame;
  const solid = random.between(0.6, 0.72);
  const air = random.between(0.16, 0.3);
  const width = random.between(0.72, 0.8);
  const apex = random.between(-0.82, -0.72);
  const base = random.between(0.52, 0.72);
  const halfWidth = tabulated(
    (v) => {
      const height = Math.max(0, (base - v) / (base - apex));
      return height >= 1 ? -0.2 * height : width * Math.sqrt(1 - height ** 2.6);
    },
    -2,
    2,
    1024,
  );
  const cage = region((u, v) => halfWidth(v) - Math.abs(u) - 0.05 * Math.max(0, v - base));
  const rightDome = base - random.between(0.14, 0.24);
  const leftDome = rightDome + random.between(0.02, 0.08);
  const diaphragm = (u: number) => {
    const across = (Math.abs(u) - 0.36) / 0.4;
    return (u < 0 ? rightDome : leftDome) + 0.26 * across * across * (across > 0 ? 1.15 : 0.3);
  };
  const heart = heartShape(random);
  const mediastinum = mediastinumShape(random);
  const opacity = drawBody(frame, solid, random);
  const lungs = new Float32Array(size * size);
  const slow = noiseField(size, 4, 4, random);
  for (let i = 0; i < lungs.length; i++) {
    const [u, v] = frame.at(i);
    const wall = cage.depth(u, v, i);
    if (wall <= 0) continue;
    const above = diaphragm(u) - v;
    const beside = -Math.max(heart.depth(u, v), mediastinum.depth(u, v));
    const lung =
      smoothStep(0, 0.07, wall) *
      smoothStep(-0.008, 0.012, above) *
      smoothStep(-0.02, 0.03, beside);
    lungs[i] = lung;
    const level = air * (1.12 - 0.14 * smoothStep(0, 0.35, wall)) + 0.015 * (slow[i] as number);
    const behindHeart = 0.12 * smoothStep(0, 0.3, -beside);
    const belowDome = 0.1 * smoothStep(0, 0.3, -above);
    const soft = solid + behindHeart + belowDome;
    opacity[i] = mix(mix(opacity[i] as number, soft, smoothStep(0, 0.05, wall)), level, lung);
  }
  if (random.uniform() < 0.45) {
    const bubble = ellipse(
      random.between(0.3, 0.45),
      leftDome + random.between(0.1, 0.16),
      random.between(0.08, 0.15),
      random.between(0.04, 0.08),
    );
    frame.paint(opacity, bubble, air + 0.08, { softness: 0.04, opacity: 0.8 });
  }
  drawTrachea(frame, opacity, random);
  return {
    frame,
    opacity,
    vessels: drawVessels(frame, lungs, random),
    bones: drawBones(frame, cage, base, apex, random),
    lungs,
    cage,
    diaphragm,
    solid,
  };
}

function heartShape(random: Random): Shape {
  const grown = random.between(0.88, 1.08);
  // From the picture's right (the apex) over the diaphragm and the right atrium to the top.
  const radii = [
    0.34, 0.4, 0.42, 0.36, 0.32, 0.32, 0.34, 0.3, 0.27, 0.25, 0.26, 0.32, 0.36, 0.32, 0.28, 0.29,
  ];
  return union(
    outline(
      0.08,
      0.22,
      radii.map((radius) => radius * grown * (1 + 0.03 * random.normal())),
    ),
    ellipse(0.12, 0.5, 0.27 * grown, 0.17),
  );
}

function mediastinumShape(random: Random): Shape {
  const upper = random.between(0.1, 0.15);
  const arch = random.between(0.05, 0.075);
  return union(
    region((u, v) => upper + 0.03 * Math.max(0, v) - Math.abs(u - 0.01), {
      left: -0.5,
      top: -2,
      right: 0.5,
      bottom: 2,
    }),
    ellipse(0.13, -0.24, arch, arch * 1.2),
  );
}

/** The trunk with neck and shoulders on a black film, thinner towards its sides. */
function drawBody(frame: Frame, solid: number, random: Random): Float32Array {
  const opacity = new Float32Array(frame.size * frame.size);
  const trunk = random.between(0.84, 0.98);
  const shoulders = random.between(0.95, 1.3);
  const neck = random.between(0.2, 0.28);
  const armsUp = random.uniform() < 0.4;
  const body = region((u, v) => {
    const side = Math.abs(u);
    const rise = smoothStep(-1.02, -0.72, v);
    const top = mix(neck, shoulders, rise);
    const half = mix(top, trunk, smoothStep(-0.7, armsUp ? 0.1 : -0.25, v));
    return half - side;
  });
  const film = random.between(0.01, 0.09);
  opacity.fill(film);
  frame.cover(
    body,
    (i, coverage) => {
      const depth = body.depth(frame.u[i] as number, frame.v[i] as number);
      const thick = smoothStep(-0.02, 0.3, depth);
      opacity[i] = mix(film, mix(0.34, 1, thick) * solid, coverage);
    },
    0.04,
  );
  return opacity;
}

function drawTrachea(frame: Frame, opacity: Float32Array, random: Random): void {
  const carina = random.between(-0.16, -0.06);
  const windpipe = union(
    region((u, v) => Math.min(0.034 - Math.abs(u + 0.012), carina - v), {
      left: -0.1,
      top: -1.5,
      right: 0.1,
      bottom: carina,
    }),
    ellipse(-0.08, carina + 0.05, 0.022, 0.1, 0.75),
    ellipse(0.08, carina + 0.06, 0.02, 0.11, -0.85),
  );
  frame.add(opacity, windpipe, -random.between(0.06, 0.14), 0.04);
}

function drawVessels(frame: Frame, lungs: Float32Array, random: Random): Float32Array {
  const { size, unit } = frame;
  const coverage = new Float32Array(size * size);
  for (const side of [-1, 1]) {
    const [x, y] = frame.toPixel(side * 0.16, random.between(-0.02, 0.06));
    for (const angle of [-1.1, -0.5, 0, 0.45, 0.85, 1.2]) {
      const direction = side < 0 ? Math.PI - angle : angle;
      const trunk = vesselTree(
        [x, y],
        direction + 0.15 * random.normal(),
        0.16 * unit * random.between(0.7, 1.3),
        0.042 * unit * random.between(0.6, 1.2),
        3,
        random,
        { winding: 0.2, spread: 0.45 },
      );
      for (const stroke of trunk) drawStroke(coverage, size, stroke);
    }
  }
  const soft = gaussianBlur(coverage, size, size, (0.7 * size) / 240);
  const strength = random.between(0.05, 0.11);
  const hila = union(ellipse(-0.19, 0.02, 0.08, 0.17), ellipse(0.2, -0.02, 0.08, 0.15));
  frame.add(soft, hila, random.between(0.5, 1), 0.22);
  return soft.map((value, i) => value * strength * (lungs[i] as number));
}

function drawBones(
  frame: Frame,
  cage: Shape,
  base: number,
  apex: number,
  random: Random,
): Float32Array {
  const { size, unit } = frame;
  const bones = new Float32Array(size * size);
  const addBone = (strokes: readonly Stroke[], body: number, edge: number) => {
    const outer = new Float32Array(size * size);
    const inner = new Float32Array(size * size);
    for (const { points, widths } of strokes) {
      drawStroke(outer, size, { points, widths });
      drawStroke(inner, size, { points, widths: widths.map((width) => 0.62 * width) });
    }
    for (let i = 0; i < bones.length; i++) {
      const covered = outer[i] as number;
      if (covered === 0) continue;
      bones[i] = (bones[i] as number) + body * covered + edge * (covered - (inner[i] as number));
    }
  };
  const strength = random.between(0.9, 1.7);
  const posterior: Stroke[] = [];
  const anterior: Stroke[] = [];
  const count = 10;
  const spacing = (base + 0.16 - apex) / count;
  for (let n = 0; n < count; n++) {
    const start = apex + 0.02 + n * spacing;
    const drop = mix(0.1, 0.34, n / count);
    const width = unit * mix(0.045, 0.06, n / count);
    for (const side of [-1, 1]) {
      const wall = cageHalfWidth(cage, start + drop) + 0.015;
      posterior.push(ribStroke(frame, side, start, drop, wall, width));
      if (n >= 1 && n < 8) {
        anterior.push(frontRibStroke(frame, side, start + drop, wall, width));
      }
    }
  }
  addBone(anterior, 0.035 * strength, 0.035 * strength);
  addBone(posterior, 0.05 * strength, 0.06 * strength);
  const collar = [-1, 1].map((side) => clavicleStroke(frame, side, apex, random));
  addBone(collar, 0.1 * strength, 0.08 * strength);
  drawShoulders(frame, bones, strength, random);
  drawSpine(frame, bones, random);
  return bones;
}

function cageHalfWidth(cage: Shape, v: number): number {
  return Math.max(0.15, cage.depth(0, v));
}

/** A rib of the back: out of the spine slightly upwards, then down along the wall. */
function ribStroke(
  frame: Frame,
  side: number,
  start: number,
  drop: number,
  wall: number,
  width: number,
): Stroke {
  const points: Point[] = [];
  const widths: number[] = [];
  for (let step = 0; step <= 14; step++) {
    const t = step / 14;
    const u = 0.06 + (wall - 0.06) * Math.sin((t * Math.PI) / 2) ** 0.9;
    const v = start - 0.05 * Math.sin(Math.PI * Math.min(1, 1.6 * t)) + drop * t ** 2.4;
    points.push(frame.toPixel(side * u, v));
    widths.push(width * (1 - 0.25 * t));
  }
  return { points, widths };
}

/** The front part of a rib: from the wall down towards the middle, where it turns to cartilage. */
function frontRibStroke(
  frame: Frame,
  side: number,
  start: number,
  wall: number,
  width: number,
): Stroke {
  const points: Point[] = [];
  const widths: number[] = [];
  for (let step = 0; step <= 9; step++) {
    const t = step / 9;
    const u = wall - (wall - 0.24) * t ** 1.3;
    points.push(frame.toPixel(side * u, start + 0.22 * Math.sin((t * Math.PI) / 2)));
    widths.push(width * 1.05);
  }
  return { points, widths };
}

function clavicleStroke(frame: Frame, side: number, apex: number, random: Random): Stroke {
  const rise = random.between(0.02, 0.2);
  const points: Point[] = [];
  const widths: number[] = [];
  for (let step = 0; step <= 10; step++) {
    const t = step / 10;
    const v = apex + 0.12 - rise * t + 0.03 * Math.sin(2 * Math.PI * t);
    points.push(frame.toPixel(side * (0.07 + 0.68 * t), v));
    widths.push(frame.unit * mix(0.075, 0.05, Math.sin(Math.PI * t)));
  }
  return { points, widths };
}

function drawShoulders(frame: Frame, bones: Float32Array, strength: number, random: Random): void {
  const out = random.between(0.78, 0.95);
  const blade = ellipse(out, -0.38, 0.13, 0.34, 0.3);
  const joint = ellipse(out + 0.12, -0.72, 0.11, 0.11);
  const arm = ellipse(out + 0.22, -0.35, 0.075, 0.5, -0.12);
  for (const [shape, amount] of [
    [blade, 0.06],
    [joint, 0.14],
    [arm, 0.12],
  ] as const) {
    frame.add(bones, shape, amount * strength, 0.03);
    frame.add(bones, mirrored(shape), amount * strength, 0.03);
  }
}

/** Vertebrae behind the heart: a bright column with darker discs and paired pedicles. */
function drawSpine(frame: Frame, bones: Float32Array, random: Random): void {
  const half = random.between(0.07, 0.09);
  const spacing = random.between(0.115, 0.145);
  const strength = random.between(0.04, 0.11);
  const column = region((u) => half - Math.abs(u), {
    left: -half,
    top: -2,
    right: half,
    bottom: 2,
  });
  frame.cover(
    column,
    (i, coverage) => {
      const u = frame.u[i] as number;
      const v = frame.v[i] as number;
      const along = v / spacing;
      const within = Math.abs(along - Math.floor(along) - 0.5) * 2;
      const disc = smoothStep(0.78, 0.96, within);
      const pedicle = smoothStep(0.35, 0.1, Math.hypot((Math.abs(u) - 0.62 * half) / half, within));
      const edge = smoothStep(0.7, 1, Math.abs(u) / half);
      bones[i] =
        (bones[i] as number) +
        strength * coverage * (0.85 - 0.4 * disc + 0.3 * pedicle + 0.35 * edge);
    },
    0.02,
  );
}
