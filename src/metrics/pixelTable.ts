import { joinFloats } from '../base/bytes.js';
import { descendingOrder } from './floatOrder.js';
import type { PixelClasses } from './pixelClasses.js';
import type { ThresholdCounts } from './thresholdCounts.js';

/** How many pixels have each distinct score, highest first. All arrays have one length. */
export interface PixelTable {
  /** Distinct, strictly decreasing. */
  readonly scores: Float32Array;
  /** Pixels outside the masks. */
  readonly negatives: Float64Array;
  /** Pixels inside. */
  readonly positives: Float64Array;
  /** Σ 1 / (pixels of its region) over the pixels inside. */
  readonly weights: Float64Array;
}

/** {@link ThresholdCounts} of pooled pixels, with what AUPRO needs beside them. */
export interface PixelCounts extends ThresholdCounts {
  /** Σ over all regions of the share of the region whose score reaches the threshold. */
  readonly coverage: Float64Array;
  /** Regions of all masks. */
  readonly regions: number;
}

/** Puts a {@link PixelTable} together from its highest score down. */
export class PixelTableBuilder {
  readonly #table: PixelTable;
  #length = 0;

  /** @param capacity No fewer than the distinct scores to come. */
  constructor(capacity: number) {
    this.#table = {
      scores: new Float32Array(capacity),
      negatives: new Float64Array(capacity),
      positives: new Float64Array(capacity),
      weights: new Float64Array(capacity),
    };
  }

  /** Adds pixels of one score; scores never rise from call to call. */
  add(score: number, negatives: number, positives: number, weight: number): void {
    const table = this.#table;
    if (this.#length === 0 || table.scores[this.#length - 1] !== score) {
      table.scores[this.#length] = score;
      this.#length++;
    }
    const at = this.#length - 1;
    table.negatives[at] = (table.negatives[at] as number) + negatives;
    table.positives[at] = (table.positives[at] as number) + positives;
    table.weights[at] = (table.weights[at] as number) + weight;
  }

  /** The entries so far; the builder is done with. */
  finish(): PixelTable {
    return {
      scores: this.#table.scores.subarray(0, this.#length),
      negatives: this.#table.negatives.subarray(0, this.#length),
      positives: this.#table.positives.subarray(0, this.#length),
      weights: this.#table.weights.subarray(0, this.#length),
    };
  }
}

/** The distinct scores of all pixels of `maps`. */
export function tableOf(maps: readonly PixelClasses[]): PixelTable {
  const negatives = joinFloats(maps.map((map) => map.negatives)).sort();
  const positives = joinFloats(maps.map((map) => map.positives));
  const order = descendingOrder(positives);
  const weights = new Float64Array(positives.length);
  let filled = 0;
  for (const map of maps) {
    weights.set(map.weights, filled);
    filled += map.weights.length;
  }
  const builder = new PixelTableBuilder(distinct(negatives) + positives.length);
  let next = 0;
  for (let i = negatives.length - 1; i >= 0; i--) {
    const score = negatives[i] as number;
    for (; next < order.length; next++) {
      const pixel = order[next] as number;
      if ((positives[pixel] as number) < score) break;
      builder.add(positives[pixel] as number, 0, 1, weights[pixel] as number);
    }
    builder.add(score, 1, 0, 0);
  }
  for (; next < order.length; next++) {
    const pixel = order[next] as number;
    builder.add(positives[pixel] as number, 0, 1, weights[pixel] as number);
  }
  return builder.finish();
}

/** The pixels of both tables. */
export function mergedTables(a: PixelTable, b: PixelTable): PixelTable {
  const builder = new PixelTableBuilder(a.scores.length + b.scores.length);
  const addFrom = (table: PixelTable, i: number) =>
    builder.add(
      table.scores[i] as number,
      table.negatives[i] as number,
      table.positives[i] as number,
      table.weights[i] as number,
    );
  let next = 0;
  for (let i = 0; i < a.scores.length; i++) {
    while (next < b.scores.length && (b.scores[next] as number) >= (a.scores[i] as number)) {
      addFrom(b, next++);
    }
    addFrom(a, i);
  }
  while (next < b.scores.length) addFrom(b, next++);
  return builder.finish();
}

/**
 * Sums a table up from its highest score.
 *
 * @param merged 1 for entries that stand for an interval of scores (see {@link ThresholdCounts}).
 */
export function countTable(table: PixelTable, regions: number, merged?: Uint8Array): PixelCounts {
  const truePositives = runningSum(table.positives);
  const falsePositives = runningSum(table.negatives);
  return {
    thresholds: table.scores,
    truePositives,
    falsePositives,
    positives: truePositives.at(-1) ?? 0,
    negatives: falsePositives.at(-1) ?? 0,
    coverage: runningSum(table.weights),
    regions,
    ...(merged && { merged }),
  };
}

/**
 * The table without the inside of long runs of scores that only normal pixels have: their pixels
 * move to the run's last score. Changes no area, no maximum, and no midpoint between a score of
 * an anomalous pixel and its neighbours.
 */
export function withoutNormalRuns(
  table: PixelTable,
  merged: Uint8Array,
): { table: PixelTable; merged: Uint8Array } {
  const { scores, negatives, positives, weights } = table;
  const builder = new PixelTableBuilder(scores.length);
  const keptMerged: number[] = [];
  let moved = 0;
  for (let i = 0; i < scores.length; i++) {
    if (i > 0 && positives[i - 1] === 0 && positives[i] === 0 && positives[i + 1] === 0) {
      moved += negatives[i] as number;
      continue;
    }
    builder.add(
      scores[i] as number,
      (negatives[i] as number) + moved,
      positives[i] as number,
      weights[i] as number,
    );
    keptMerged.push(merged[i] as number);
    moved = 0;
  }
  return { table: builder.finish(), merged: Uint8Array.from(keptMerged) };
}

function distinct(sorted: Float32Array): number {
  let count = 0;
  for (let i = 0; i < sorted.length; i++) if (i === 0 || sorted[i] !== sorted[i - 1]) count++;
  return count;
}

function runningSum(values: Float64Array): Float64Array {
  let sum = 0;
  return values.map((value) => {
    sum += value;
    return sum;
  });
}
