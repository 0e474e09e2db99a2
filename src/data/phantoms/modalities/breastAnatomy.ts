import type { Random } from '../../../base/random.js';
import { gaussianBlur } from '../blur.js';
import { Frame } from '../frame.js';
import { mix, smoothStep, tabulated } from '../intensities.js';
import { fractalField, SmoothNoise } from '../noise.js';
import { ellipse, grow, intersection, region, rim, type Shape } from '../shapes.js';
import { drawStroke, strokeCoverage, windingStroke } from '../strokes.js';

/** A breast on film: u from the chest wall (0) towards the nipple (about 1), v down, −1…1. */
export interface Breast {
  readonly frame: Frame;
  readonly side: 'left' | 'right';
  readonly view: 'CC' | 'MLO';
  readonly composition: 'fatty' | 'scattered' | 'heterogeneously dense' | 'dense';
  /** 0 black … 1 white. */
  readonly opacity: Float32Array;
  /** Calcifications and other sharp bright things, added after the blur. */
  readonly calcium: Float32Array;
  /** Coverage of the breast, and of where lesions can lie. */
  readonly inside: Float32Array;
  readonly site: Float32Array;
  readonly nipple: readonly [u: number, v: number];
}

const compositions = ['fatty', 'scattered', 'heterogeneously dense', 'dense'] as const;

/** Draws a healthy breast with its usual distractors. */
export function drawBreast(size: number, random: Random): Breast {
  const side = random.uniform() < 0.5 ? 'left' : 'right';
  const view = random.uniform() < 0.5 ? 'CC' : 'MLO';
  const grade = random.integer(4);
  const width = random.between(1.05, 1.65);
  const frame = new Frame(
    size,
    {
      // A left breast has its chest wall at the picture's left.
      centreX: side === 'left' ? -1 : 1,
      centreY: random.between(-0.08, 0.08),
      scaleX: side === 'left' ? width : -width,
      scaleY: random.between(0.82, 1),
      angle: 0,
      warp: 0.02,
      warpCells: 4,
    },
    random,
  );
  const nipple: [number, number] = [
    0.98,
    view === 'CC' ? random.between(-0.1, 0.1) : random.between(0, 0.3),
  ];
  const contour = frame.measured(breastContour(view, nipple, random));
  const inside = frame.coverage(contour, 0.03);
  const opacity = new Float32Array(size * size);
  const site = new Float32Array(size * size);
  const fat = random.between(0.24, 0.36);
  const texture = fractalField(size, 7, 4, random, 0.55);
  const strands = strandField(frame, nipple, random);
  const clouds = fractalField(size, 4, 2, random);
  const amount = [0.12, 0.35, 0.7, 1][grade] as number;
  const threshold = [0.9, 0.35, -0.25, -0.9][grade] as number;
  const cone = random.between(0.5, 0.8);
  for (let i = 0; i < opacity.length; i++) {
    const covered = inside[i] as number;
    if (covered === 0) continue;
    const [u, v] = frame.at(i);
    const depth = contour.depth(u, v, i);
    // Glandular tissue fills a cone behind the nipple and thins out towards skin and chest wall.
    const within =
      smoothStep(0.05, 0.24, depth) *
      smoothStep(1.15 * cone, 0.55 * cone, Math.abs(v - nipple[1] * u)) *
      smoothStep(-0.1, 0.25, u);
    const dense = smoothStep(
      threshold - 0.5,
      threshold + 0.7,
      (texture[i] as number) + 0.6 * (clouds[i] as number),
    );
    const gland = within * dense * (0.2 + 0.17 * amount + 0.05 * (texture[i] as number));
    const web =
      0.022 * (strands[i] as number) * smoothStep(0.02, 0.2, depth) * (0.6 + 0.7 * within);
    const thick = smoothStep(-0.02, 0.22, depth);
    opacity[i] =
      covered * (fat * (0.35 + 0.65 * thick) + gland + web + 0.012 * (texture[i] as number));
    site[i] = smoothStep(0.1, 0.16, depth) * smoothStep(0.04, 0.12, u);
  }
  frame.add(opacity, rim(contour, 0.022), 0.14, 0.02);
  frame.add(
    opacity,
    intersection(ellipse(nipple[0] - 0.03, nipple[1], 0.06, 0.06), contour),
    0.18,
    0.05,
  );
  if (view === 'MLO') drawPectoral(frame, opacity, site, contour, random);
  const calcium = new Float32Array(size * size);
  drawVessels(frame, opacity, calcium, site, random);
  drawBenign(frame, opacity, calcium, site, view, random);
  return {
    frame,
    side,
    view,
    composition: compositions[grade] as Breast['composition'],
    opacity,
    calcium,
    inside,
    site,
    nipple,
  };
}

function breastContour(
  view: 'CC' | 'MLO',
  nipple: readonly [number, number],
  random: Random,
): Shape {
  const reach = random.between(0.72, 0.95);
  const fullness = random.between(1.8, 2.6);
  const sag = view === 'MLO' ? random.between(0.15, 0.4) : random.between(-0.08, 0.08);
  const along = (v: number) => {
    const shifted = v - sag * 0.4;
    return Math.abs(shifted) / (shifted < 0 && view === 'MLO' ? 1.35 : reach);
  };
  const edgeAt = tabulated(
    (v) => {
      const part = along(v);
      if (part >= 1) return -0.3 * (part - 1) - 0.02;
      const tip = 0.025 * Math.exp(-(((v - nipple[1]) / 0.06) ** 2));
      return 0.95 * (1 - part ** fullness) ** (1 / 1.9) + tip;
    },
    -2,
    2,
    512,
  );
  return region((u, v) => {
    const edge = edgeAt(v);
    return (edge - u) * Math.min(1, 0.45 + 0.6 * Math.max(0, edge));
  });
}

/** Fine lines that run from the chest wall to the nipple. */
function strandField(
  frame: Frame,
  nipple: readonly [number, number],
  random: Random,
): Float32Array {
  const lines = new SmoothNoise(random, 64);
  const wave = new SmoothNoise(random);
  const field = new Float32Array(frame.size * frame.size);
  for (let i = 0; i < field.length; i++) {
    const [u, v] = frame.at(i);
    const turn = Math.atan2(v - nipple[1], nipple[0] + 0.35 - u);
    const away = Math.hypot(v - nipple[1], nipple[0] + 0.35 - u);
    const bend = 0.3 * wave.at(3 * u, 3 * v);
    const value = lines.at(9 * turn + bend + 20, 3.2 * away + bend);
    field[i] = smoothStep(0.35, 0, Math.abs(value)) * 1.6 - 0.6;
  }
  return field;
}

function drawPectoral(
  frame: Frame,
  opacity: Float32Array,
  site: Float32Array,
  contour: Shape,
  random: Random,
): void {
  const top = random.between(0.35, 0.62);
  const bottom = random.between(0.1, 0.6);
  const muscle = intersection(
    region((u, v) => (top * (bottom - v)) / (1 + bottom) - u),
    grow(contour, -0.01),
  );
  const value = random.between(0.5, 0.68);
  const uneven = fractalField(frame.size, 6, 2, random);
  frame.paint(
    opacity,
    muscle,
    uneven.map((wave) => value + 0.02 * wave),
    { softness: 0.03 },
  );
  frame.paint(site, grow(muscle, 0.05), 0);
}

function drawVessels(
  frame: Frame,
  opacity: Float32Array,
  calcium: Float32Array,
  site: Float32Array,
  random: Random,
): void {
  const { size, unit } = frame;
  const count = 2 + random.integer(5);
  for (let n = 0; n < count; n++) {
    const from = frame.toPixel(random.between(0.1, 0.9), random.between(-0.6, 0.6));
    const width = unit * random.between(0.008, 0.018);
    const vessel = windingStroke(
      from,
      random.between(0, 2 * Math.PI),
      unit * random.between(0.3, 0.8),
      [width, 0.7 * width],
      random,
      {
        winding: 0.18,
        steps: 16,
      },
    );
    const coverage = strokeCoverage(size, [vessel]);
    const calcified = random.uniform() < 0.1;
    const inner = new Float32Array(size * size);
    if (calcified)
      drawStroke(inner, size, { points: vessel.points, widths: vessel.widths.map((w) => 0.5 * w) });
    const strength = random.between(0.03, 0.08);
    for (let i = 0; i < coverage.length; i++) {
      const share = (coverage[i] as number) * (site[i] as number);
      if (share === 0) continue;
      opacity[i] = (opacity[i] as number) + strength * share;
      if (calcified)
        calcium[i] = (calcium[i] as number) + 0.22 * share * (1 - (inner[i] as number));
    }
  }
}

/** Round calcifications, a lymph node with its fatty hilum, a fold of skin: all harmless. */
function drawBenign(
  frame: Frame,
  opacity: Float32Array,
  calcium: Float32Array,
  site: Float32Array,
  view: 'CC' | 'MLO',
  random: Random,
): void {
  const spots = random.uniform() < 0.5 ? 1 + random.integer(4) : 0;
  for (let n = 0; n < spots; n++) {
    const u = random.between(0.15, 0.8);
    const v = random.between(-0.6, 0.6);
    const [x, y] = frame.toPixel(u, v);
    const at =
      Math.min(frame.size - 1, Math.max(0, Math.floor(y))) * frame.size +
      Math.min(frame.size - 1, Math.max(0, Math.floor(x)));
    if ((site[at] as number) < 0.8) continue;
    const radius = random.between(0.006, 0.022);
    frame.add(
      calcium,
      ellipse(u, v, radius, radius * random.between(0.8, 1.3)),
      random.between(0.25, 0.6),
    );
    if (radius > 0.016) frame.add(calcium, ellipse(u, v, 0.5 * radius, 0.5 * radius), -0.25);
  }
  if (view === 'MLO' && random.uniform() < 0.4) {
    const u = random.between(0.08, 0.3);
    const v = random.between(-0.8, -0.5);
    const long = random.between(0.05, 0.09);
    const angle = random.between(-0.6, 0.6);
    frame.add(opacity, ellipse(u, v, 0.55 * long, long, angle), 0.2, 0.03);
    frame.add(opacity, ellipse(u - 0.02, v, 0.25 * long, 0.5 * long, angle), -0.15, 0.03);
  }
  if (random.uniform() < 0.2) {
    const fold = windingStroke(
      frame.toPixel(0.05, random.between(0.5, 0.8)),
      frame.toPixel(1, 0)[0] > frame.size / 2 ? 0.4 : 2.7,
      frame.unit * random.between(0.3, 0.6),
      [frame.unit * 0.015, frame.unit * 0.008],
      random,
      { winding: 0.06 },
    );
    const coverage = gaussianBlur(strokeCoverage(frame.size, [fold]), frame.size, frame.size, 1);
    for (let i = 0; i < opacity.length; i++) {
      opacity[i] = mix(
        opacity[i] as number,
        0.75,
        0.4 * (coverage[i] as number) * (site[i] as number),
      );
    }
  }
}
