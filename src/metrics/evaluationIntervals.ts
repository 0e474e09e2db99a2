import {
  type BootstrapOptions,
  bootstrapIntervals,
  type Interval,
  imageWeights,
  type ResamplingUnits,
} from './bootstrap.js';
import { type Confusion, ratesOf, sumOfConfusions } from './confusion.js';
import { delong } from './delong.js';
import { imageMetrics, pixelMetrics } from './metricSets.js';
import { PixelResampler } from './pixelResampler.js';
import type { PixelSketch } from './pixelSketch.js';
import type { PixelCounts } from './pixelTable.js';
import type { RankedScores } from './thresholdCounts.js';

/** What an evaluation knows of its images, in the order in which they came. */
export interface EvaluationEvidence {
  readonly ranked: RankedScores;
  readonly units: ResamplingUnits;
  /** Of each image at the image threshold; null without one. */
  readonly imageConfusions: readonly Confusion[] | null;
  /** Null without anomalous pixels. */
  readonly pixelCounts: PixelCounts | null;
  readonly sketches: readonly (PixelSketch | null)[];
  /** Of each image at the pixel threshold; null without one. */
  readonly pixelConfusions: readonly Confusion[] | null;
  readonly auproLimit: number;
}

/**
 * 95 % intervals of all metrics of an evaluation, by name (`image.auroc`, `pixel.aupro`,
 * `decisions.sensitivity`, …): percentile intervals of a bootstrap over patients (over images
 * where no patient is known), stratified so that no class gets lost (`resamplingUnits`).
 *
 * Pixel metrics of a resample come from sketches of the images; by what these differ from the
 * exact counts for the whole set, every resample is shifted.
 *
 * `image.auroc.delong` is DeLong's interval beside it, where no patient has several images (it
 * takes images for independent) and each class has at least two.
 *
 * @throws {IqeError} `interrupted` by the signal.
 */
export function evaluationIntervals(
  evidence: EvaluationEvidence,
  options: BootstrapOptions,
): Record<string, Interval> {
  const { ranked, units } = evidence;
  const pixelValues = pixelValuesOf(evidence);
  const intervals = bootstrapIntervals(
    units,
    (weights) => ({ ...imageValues(evidence, weights), ...pixelValues?.(weights) }),
    options,
  );
  if (units.count === units.unitOf.length) {
    const precise = delong(ranked.scores, ranked.labels);
    if (precise) intervals['image.auroc.delong'] = precise.interval;
  }
  return intervals;
}

/** `{ a: 1 }` as `{ 'prefix.a': 1 }`. */
export function named(
  prefix: string,
  values: Readonly<Record<string, number | null>>,
): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`${prefix}.${name}`, value]),
  );
}

function imageValues(
  { ranked, units, imageConfusions, pixelConfusions }: EvaluationEvidence,
  unitWeights: Float64Array,
): Record<string, number | null> {
  const weights = imageWeights(units, unitWeights);
  return {
    ...named('image', imageMetrics(ranked.counts(weights))),
    ...(imageConfusions && named('decisions', ratesOf(sumOfConfusions(imageConfusions, weights)))),
    ...(pixelConfusions &&
      named('pixelDecisions', ratesOf(sumOfConfusions(pixelConfusions, weights)))),
  };
}

/** The ranking metrics of the pixels of a resample; undefined where there are none. */
function pixelValuesOf({
  pixelCounts,
  sketches,
  units,
  auproLimit,
}: EvaluationEvidence): ((weights: Float64Array) => Record<string, number | null>) | undefined {
  if (pixelCounts === null || sketches.every((sketch) => sketch === null)) return undefined;
  const resampler = new PixelResampler(pixelCounts, sketches, units);
  const exact = pixelMetrics(pixelCounts, auproLimit);
  const whole = new Float64Array(units.count).fill(1);
  const sketched = pixelMetrics(resampler.counts(whole), auproLimit);
  return (weights) => {
    const values = pixelMetrics(resampler.counts(weights), auproLimit);
    const shifted = Object.entries(values).map(([name, value]) => {
      const known = exact[name as keyof typeof exact];
      const rough = sketched[name as keyof typeof sketched];
      if (value === null || known === null || rough === null) return [name, null];
      return [name, Math.min(1, Math.max(0, value + known - rough))];
    });
    return named('pixel', Object.fromEntries(shifted));
  };
}
