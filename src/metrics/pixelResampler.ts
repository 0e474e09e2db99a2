import type { ResamplingUnits } from './bootstrap.js';
import type { PixelSketch, ScoreGroups } from './pixelSketch.js';
import type { PixelCounts } from './pixelTable.js';

/**
 * The pixel counts of bootstrap resamples, from a sketch per image instead of its pixels.
 *
 * The scores of all images are binned at a few hundred common thresholds, chosen from the pooled
 * counts; a unit (patient) is its pixels per bin, and the counts of a resample are sums of these,
 * each times how often the unit was drawn.
 */
export class PixelResampler {
  readonly #thresholds: Float64Array;
  readonly #units: readonly UnitBins[];

  /**
   * @param pooled The counts of all images together.
   * @param sketches For every image its sketch, or null where it has no pixels that count.
   */
  constructor(
    pooled: PixelCounts,
    sketches: readonly (PixelSketch | null)[],
    units: ResamplingUnits,
  ) {
    this.#thresholds = commonThresholds(pooled);
    const members: PixelSketch[][] = Array.from({ length: units.count }, () => []);
    for (const [image, sketch] of sketches.entries()) {
      if (sketch) (members[units.unitOf[image] as number] as PixelSketch[]).push(sketch);
    }
    this.#units = members.map((own) => binned(own, this.#thresholds));
  }

  /** The counts when unit u is there `weights[u]` times. */
  counts(weights: Float64Array): PixelCounts {
    const bins = this.#thresholds.length;
    const truePositives = new Float64Array(bins);
    const falsePositives = new Float64Array(bins);
    const coverage = new Float64Array(bins);
    let regions = 0;
    for (const [u, unit] of this.#units.entries()) {
      const weight = weights[u] as number;
      if (weight === 0) continue;
      regions += weight * unit.regions;
      addWeighted(falsePositives, unit.negatives, weight);
      addWeighted(truePositives, unit.positives, weight);
      addWeighted(coverage, unit.weights, weight);
    }
    for (const sums of [truePositives, falsePositives, coverage]) {
      for (let bin = 1; bin < bins; bin++) {
        sums[bin] = (sums[bin] as number) + (sums[bin - 1] as number);
      }
    }
    return {
      thresholds: this.#thresholds,
      truePositives,
      falsePositives,
      coverage,
      regions,
      positives: truePositives.at(-1) ?? 0,
      negatives: falsePositives.at(-1) ?? 0,
    };
  }
}

/** The pixels of one unit per common bin; bins without any are left out. */
interface UnitBins {
  readonly negatives: SparseBins;
  readonly positives: SparseBins;
  readonly weights: SparseBins;
  readonly regions: number;
}

interface SparseBins {
  readonly bins: Uint32Array;
  readonly amounts: Float64Array;
}

function addWeighted(sums: Float64Array, { bins, amounts }: SparseBins, weight: number): void {
  for (let i = 0; i < bins.length; i++) {
    const bin = bins[i] as number;
    sums[bin] = (sums[bin] as number) + weight * (amounts[i] as number);
  }
}

/**
 * Thresholds, highest first, between which lies at most 1/256 of each class and of the regions,
 * and near the top at most 1/32 of the normal pixels above (or one score). The last one is below
 * every score.
 */
function commonThresholds(pooled: PixelCounts): Float64Array {
  const { thresholds, truePositives, falsePositives, coverage } = pooled;
  const chosen: number[] = [];
  let last = -1;
  for (let i = 0; i + 1 < thresholds.length; i++) {
    const outside = falsePositives[last] ?? 0;
    const step = Math.min(pooled.negatives / 256, outside / 32);
    const full =
      (falsePositives[i + 1] as number) - outside > step ||
      (truePositives[i + 1] as number) - (truePositives[last] ?? 0) > pooled.positives / 256 ||
      (coverage[i + 1] as number) - (coverage[last] ?? 0) > pooled.regions / 256;
    if (!full) continue;
    chosen.push(thresholds[i] as number);
    last = i;
  }
  return Float64Array.from([...chosen, Number.NEGATIVE_INFINITY]);
}

function binned(sketches: readonly PixelSketch[], thresholds: Float64Array): UnitBins {
  const negatives = new Float64Array(thresholds.length);
  const positives = new Float64Array(thresholds.length);
  const weights = new Float64Array(thresholds.length);
  for (const sketch of sketches) {
    spread(sketch.negatives, sketch.negatives.counts, thresholds, negatives);
    spread(sketch.positives, sketch.positives.counts, thresholds, positives);
    spread(sketch.positives, sketch.weights, thresholds, weights);
  }
  return {
    negatives: sparse(negatives),
    positives: sparse(positives),
    weights: sparse(weights),
    regions: sketches.reduce((sum, sketch) => sum + sketch.regions, 0),
  };
}

/** Adds the amount of each group to the first bin whose threshold its score reaches. */
function spread(
  { scores }: ScoreGroups,
  amounts: ArrayLike<number>,
  thresholds: Float64Array,
  into: Float64Array,
): void {
  let bin = 0;
  for (let group = 0; group < scores.length; group++) {
    while ((scores[group] as number) < (thresholds[bin] as number)) bin++;
    into[bin] = (into[bin] as number) + (amounts[group] as number);
  }
}

function sparse(values: Float64Array): SparseBins {
  const bins = Uint32Array.from(values.keys()).filter((bin) => values[bin] !== 0);
  return { bins, amounts: Float64Array.from(bins, (bin) => values[bin] as number) };
}
