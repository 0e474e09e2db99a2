import type { Random } from '../../base/random.js';

/** A position in pixels. */
export type Point = readonly [x: number, y: number];

/** A curve with its full width in pixels at each of its points. */
export interface Stroke {
  readonly points: readonly Point[];
  readonly widths: readonly number[];
}

/**
 * Draws a stroke into a coverage field (0…1) of `size × size`: the larger of what is there and
 * the stroke's own soft-edged coverage. Strokes thinner than a pixel get fainter instead.
 */
export function drawStroke(coverage: Float32Array, size: number, stroke: Stroke): void {
  const { points, widths } = stroke;
  for (let i = 0; i + 1 < points.length; i++) {
    const [x0, y0] = points[i] as Point;
    const [x1, y1] = points[i + 1] as Point;
    const width0 = widths[i] as number;
    const width1 = widths[i + 1] as number;
    const reach = Math.max(width0, width1, 1) / 2 + 1;
    const left = Math.max(0, Math.floor(Math.min(x0, x1) - reach));
    const right = Math.min(size - 1, Math.ceil(Math.max(x0, x1) + reach));
    const top = Math.max(0, Math.floor(Math.min(y0, y1) - reach));
    const bottom = Math.min(size - 1, Math.ceil(Math.max(y0, y1) + reach));
    const dx = x1 - x0;
    const dy = y1 - y0;
    const lengthSquared = Math.max(1e-6, dx * dx + dy * dy);
    for (let y = top; y <= bottom; y++) {
      for (let x = left; x <= right; x++) {
        const px = x + 0.5 - x0;
        const py = y + 0.5 - y0;
        const t = Math.min(1, Math.max(0, (px * dx + py * dy) / lengthSquared));
        const ex = px - t * dx;
        const ey = py - t * dy;
        const width = width0 + (width1 - width0) * t;
        const value =
          Math.min(1, Math.max(0, Math.max(1, width) / 2 + 0.5 - Math.sqrt(ex * ex + ey * ey))) *
          Math.min(1, width);
        const at = y * size + x;
        if (value > (coverage[at] as number)) coverage[at] = value;
      }
    }
  }
}

/** All of `strokes` in one coverage field. */
export function strokeCoverage(size: number, strokes: readonly Stroke[]): Float32Array {
  const coverage = new Float32Array(size * size);
  for (const stroke of strokes) drawStroke(coverage, size, stroke);
  return coverage;
}

/**
 * A winding line that starts at `from` towards `angle`, `length` pixels long: its direction does
 * a random walk of deviation `winding` radians per tenth of its length, after which it is pulled
 * towards `bend` radians of total turn. `widths` are those of its two ends.
 */
export function windingStroke(
  from: Point,
  angle: number,
  length: number,
  widths: readonly [number, number],
  random: Random,
  options: { winding?: number; bend?: number; steps?: number } = {},
): Stroke {
  const { winding = 0.1, bend = 0, steps = 10 } = options;
  const points: Point[] = [from];
  const thickness: number[] = [widths[0]];
  let [x, y] = from;
  let direction = angle;
  const turn = winding * Math.sqrt(10 / steps);
  for (let step = 1; step <= steps; step++) {
    direction += bend / steps + turn * random.normal();
    x += (Math.cos(direction) * length) / steps;
    y += (Math.sin(direction) * length) / steps;
    points.push([x, y]);
    thickness.push(widths[0] + ((widths[1] - widths[0]) * step) / steps);
  }
  return { points, widths: thickness };
}

/**
 * A tree of vessels: a winding trunk that forks into two thinner and shorter branches,
 * `generations` times.
 */
export function vesselTree(
  from: Point,
  angle: number,
  length: number,
  width: number,
  generations: number,
  random: Random,
  options: { winding?: number; spread?: number } = {},
): Stroke[] {
  const { winding = 0.12, spread = 0.5 } = options;
  const trunk = windingStroke(from, angle, length, [width, 0.8 * width], random, {
    winding,
    steps: 6,
  });
  if (generations === 0) return [trunk];
  const end = trunk.points.at(-1) as Point;
  const strokes = [trunk];
  for (const side of [-1, 1]) {
    strokes.push(
      ...vesselTree(
        end,
        angle + side * spread * random.between(0.5, 1.3),
        length * random.between(0.65, 0.9),
        width * random.between(0.6, 0.78),
        generations - 1,
        random,
        options,
      ),
    );
  }
  return strokes;
}
