import { throwIfAborted } from '../../base/errors.js';
import type { Random } from '../../base/random.js';

/*
 * The greedy approximation of the k-centre coreset (Sener & Savarese 2018; PatchCore, section 3.2): the
 * point that is farthest from all chosen ones is chosen next. One distance for each point is all that
 * is kept: memory grows with the points, not with their square.
 */

/** Points of equal width, one after the other. */
export interface Points {
  readonly count: number;
  readonly width: number;
  /** [count, width] */
  readonly data: Float32Array;
}

/** Between two looks at the signal, so many distances are computed. */
const patience = 1 << 20;

/**
 * Chooses `count` points, the next one always argmax_i d_i, d_i ← min(d_i, ‖x_i − chosen‖).
 *
 * @param start d_i before anything is chosen, from {@link meanDistances} or {@link distanceNorms}.
 * @returns Indices in the order of choice; fewer than `count` only if there are fewer points.
 * @throws {IqeError} `interrupted`
 */
export function greedyCoreset(
  points: Points,
  count: number,
  start: Float64Array,
  signal?: AbortSignal,
): Int32Array {
  const distances = Float64Array.from(start);
  const chosen = new Int32Array(Math.min(count, points.count));
  const picksPerLook = Math.ceil(patience / points.count);
  for (let i = 0; i < chosen.length; i++) {
    if (i % picksPerLook === 0) throwIfAborted(signal);
    let farthest = 0;
    for (let point = 1; point < distances.length; point++) {
      if (distances[point]! > distances[farthest]!) farthest = point;
    }
    chosen[i] = farthest;
    for (let point = 0; point < distances.length; point++) {
      const distance = between(points, point, farthest);
      if (distance < distances[point]!) distances[point] = distance;
    }
    // A point that is chosen is never chosen again, even where all that is left lies on chosen ones.
    distances[farthest] = -1;
  }
  return chosen;
}

/** Mean distance of each point to those of `indices`: the authors' cheap start. */
export function meanDistances(points: Points, indices: ArrayLike<number>): Float64Array {
  const means = new Float64Array(points.count);
  for (let point = 0; point < points.count; point++) {
    for (let i = 0; i < indices.length; i++) {
      means[point]! += between(points, point, indices[i]!) / indices.length;
    }
  }
  return means;
}

/** √Σ_j ‖x_i − x_j‖² of each point: the authors' exact start, in time that grows with the square. */
export function distanceNorms(points: Points): Float64Array {
  const norms = new Float64Array(points.count);
  for (let point = 0; point < points.count; point++) {
    for (let other = 0; other < points.count; other++) {
      norms[point]! += between(points, point, other) ** 2;
    }
    norms[point] = Math.sqrt(norms[point]!);
  }
  return norms;
}

/**
 * Points in fewer dimensions whose distances are about the same (Johnson & Lindenstrauss 1984):
 * x · R, R normally distributed with variance 1/width.
 */
export function randomProjection(points: Points, width: number, random: Random): Points {
  if (width >= points.width) return points;
  const matrix = Float32Array.from({ length: points.width * width }, () => random.normal());
  const scale = 1 / Math.sqrt(width);
  const data = new Float32Array(points.count * width);
  const sums = new Float64Array(width);
  for (let point = 0; point < points.count; point++) {
    sums.fill(0);
    for (let c = 0; c < points.width; c++) {
      const value = points.data[point * points.width + c]!;
      const row = c * width;
      for (let i = 0; i < width; i++) sums[i]! += value * matrix[row + i]!;
    }
    for (let i = 0; i < width; i++) data[point * width + i] = sums[i]! * scale;
  }
  return { count: points.count, width, data };
}

/** ‖x_a − x_b‖ */
function between({ data, width }: Points, a: number, b: number): number {
  let sum = 0;
  const first = a * width;
  const second = b * width;
  for (let c = 0; c < width; c++) {
    const difference = data[first + c]! - data[second + c]!;
    sum += difference * difference;
  }
  return Math.sqrt(sum);
}
