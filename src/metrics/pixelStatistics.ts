import type { Connectivity } from './connectedComponents.js';
import { type PixelClasses, type ScoredMap, separatePixels } from './pixelClasses.js';
import { PixelHistogram } from './pixelHistogram.js';
import {
  countTable,
  mergedTables,
  type PixelCounts,
  type PixelTable,
  tableOf,
  withoutNormalRuns,
} from './pixelTable.js';

/** How {@link PixelStatistics} counts. */
export interface PixelStatisticsOptions {
  /** Whether regions join across corners (8, the default) or not (4). */
  readonly connectivity?: Connectivity;
  /** Distinct scores that are kept exactly before bins take over; 2²⁰ unless told. */
  readonly maxDistinct?: number;
  /** Float64 counters of the bins; 2²³ (64 MiB) unless told. */
  readonly maxCells?: number;
}

/**
 * Pixel metrics of a set of any size in bounded memory: feed it map by map, then take the
 * {@link PixelCounts} and from them AUROC, AP, F1-max, AUPRO, operating points and curves.
 *
 * Exact while no more than `maxDistinct` distinct scores have come: 18 maps of 240 × 240 pixels
 * with all scores different, any number of maps with few different scores. Beyond that the scores
 * go to the bins of a {@link PixelHistogram}, and `binningError` says how far each metric can be
 * from its exact value at most, whatever the scores and their order. Memory is at most about
 * 300 MB, whatever the number of pixels.
 *
 * Measured with the default memory on 2·10⁶ to 10⁸ pixels, 0.02 to 20 % of them anomalous, with
 * scores that are normal, logistic, saturated, spread over a hundred powers of two, a spike within
 * such a range, or in another range for every image: all bounds below 5e-6, all errors below 3e-6
 * (10⁸ logistic scores: 1.5e-6 and 5e-7).
 *
 * Bins are joined when memory runs out and never split. The one kind of order that this cannot
 * follow is millions of scores over dozens of powers of two, and after them as many within a few
 * hundred neighbouring float32 values: the bounds then reach 0.1, and say so.
 */
export class PixelStatistics {
  readonly #connectivity: Connectivity;
  readonly #maxDistinct: number;
  readonly #maxCells: number | undefined;
  #waiting: PixelClasses[] = [];
  #waitingPixels = 0;
  #exact: PixelTable = tableOf([]);
  #histogram: PixelHistogram | undefined;
  #regions = 0;

  constructor(options: PixelStatisticsOptions = {}) {
    this.#connectivity = options.connectivity ?? 8;
    this.#maxDistinct = options.maxDistinct ?? 2 ** 20;
    this.#maxCells = options.maxCells;
  }

  /** Whether every distinct score is still told apart. */
  get exact(): boolean {
    return this.#histogram === undefined;
  }

  /**
   * Counts the pixels of one map.
   *
   * @returns Its pixels told apart, for whoever keeps statistics of single maps.
   * @throws {IqeError} `shape` where map, mask and size disagree, `runtime` where a score is not
   *   finite.
   */
  add(map: ScoredMap): PixelClasses {
    const pixels = separatePixels(map, this.#connectivity);
    this.#regions += pixels.regions;
    if (this.#histogram) {
      this.#histogram.add(pixels.negatives, pixels.positives, pixels.weights);
      return pixels;
    }
    this.#waiting.push(pixels);
    this.#waitingPixels += map.map.data.length;
    if (this.#waitingPixels > 2 * this.#maxDistinct) this.#compact();
    return pixels;
  }

  /** The counts of all pixels so far. */
  counts(): PixelCounts {
    this.#compact();
    const { table, merged } = this.#histogram?.toTable() ?? {
      table: this.#exact,
      merged: new Uint8Array(this.#exact.scores.length),
    };
    const short = withoutNormalRuns(table, merged);
    return countTable(short.table, this.#regions, this.exact ? undefined : short.merged);
  }

  /** Joins the waiting maps into the table, and goes over to bins when it has become too long. */
  #compact(): void {
    if (this.#waiting.length === 0) return;
    this.#exact = mergedTables(this.#exact, tableOf(this.#waiting));
    this.#waiting = [];
    this.#waitingPixels = 0;
    if (this.#exact.scores.length > this.#maxDistinct) {
      this.#histogram = new PixelHistogram(this.#maxCells);
      this.#histogram.start(this.#exact);
      this.#exact = tableOf([]);
    }
  }
}
