import {
  type BootstrapOptions,
  hasEnoughUnits,
  imageWeights,
  percentileInterval,
  type ResamplingUnits,
  resamples,
} from './bootstrap.js';
import { precisionRecallCurve, rocCurve } from './curves.js';
import { hasBothClasses, type RankedScores, type ThresholdCounts } from './thresholdCounts.js';

/**
 * A curve with its pointwise 95 % band, all of one length, x rising; empty where undefined. No band
 * where a class has fewer than three units to resample.
 */
export interface BandedCurve {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly low?: readonly number[];
  readonly high?: readonly number[];
}

/**
 * The ROC curve (x: FPR, y: TPR) and the precision–recall curve (x: recall, y: precision) of
 * images for plotting, with bootstrap bands around y. The x are those of the thinned curves and
 * 0, 0.01, …, 1 beside them.
 *
 * @param maxPoints Of each curve, without the hundredths.
 * @throws {IqeError} `interrupted` by the signal.
 */
export function bandedCurves(
  ranked: RankedScores,
  units: ResamplingUnits,
  options: BootstrapOptions,
  maxPoints = 256,
): { roc: BandedCurve; precisionRecall: BandedCurve } {
  const counts = ranked.counts();
  if (!hasBothClasses(counts)) return { roc: NOTHING, precisionRecall: NOTHING };
  const roc = withHundredths(
    rocCurve(counts, maxPoints).map(({ fpr, tpr }) => [fpr, tpr]),
    (x) => sensitivities(counts, x),
  );
  const precisionRecall = withHundredths(
    precisionRecallCurve(counts, maxPoints).map(({ recall, precision }) => [recall, precision]),
    (x) => precisions(counts, x),
  );
  if (!hasEnoughUnits(units)) return { roc, precisionRecall };
  const rocValues: number[][] = roc.x.map(() => []);
  const precisionValues: number[][] = precisionRecall.x.map(() => []);
  for (const weights of resamples(units, options)) {
    const resampled = ranked.counts(imageWeights(units, weights));
    for (const [i, value] of sensitivities(resampled, roc.x).entries()) rocValues[i]?.push(value);
    for (const [i, value] of precisions(resampled, precisionRecall.x).entries()) {
      precisionValues[i]?.push(value);
    }
  }
  return {
    roc: withBand(roc, rocValues),
    precisionRecall: withBand(precisionRecall, precisionValues),
  };
}

type Line = { x: number[]; y: number[] };

/** The points of a curve and its values at 0, 0.01, …, 1 between them, x rising. */
function withHundredths(
  points: readonly (readonly [x: number, y: number])[],
  valuesAt: (x: readonly number[]) => number[],
): Line {
  const hundredths = Array.from({ length: 101 }, (_, i) => i / 100);
  const values = valuesAt(hundredths);
  const own = new Set(points.map(([x]) => x));
  const all = [
    ...points,
    ...hundredths
      .map((x, i): readonly [number, number] => [x, values[i] as number])
      .filter(([x]) => !own.has(x)),
  ].sort((a, b) => a[0] - b[0]); // stable: points above one another keep their order
  return { x: all.map(([x]) => x), y: all.map(([, y]) => y) };
}

function withBand(line: Line, values: readonly number[][]): BandedCurve {
  const intervals = values.map(percentileInterval);
  return { ...line, low: intervals.map(([low]) => low), high: intervals.map(([, high]) => high) };
}

/** TPR of the ROC at rising FPR `x`: straight between its points, upper end where upright. */
function sensitivities(counts: ThresholdCounts, x: readonly number[]): number[] {
  const { falsePositives, truePositives, positives, negatives } = counts;
  let next = 0;
  return x.map((fpr) => {
    while (next < falsePositives.length && (falsePositives[next] as number) / negatives <= fpr) {
      next++;
    }
    if (next === falsePositives.length) return 1;
    const x0 = (falsePositives[next - 1] ?? 0) / negatives;
    const x1 = (falsePositives[next] as number) / negatives;
    const y0 = (truePositives[next - 1] ?? 0) / positives;
    const y1 = (truePositives[next] as number) / positives;
    return y0 + ((fpr - x0) / (x1 - x0)) * (y1 - y0);
  });
}

/** Precision at the highest threshold that finds anything and has at least recall `x`, rising. */
function precisions(counts: ThresholdCounts, x: readonly number[]): number[] {
  const { falsePositives, truePositives, positives } = counts;
  let at = 0;
  return x.map((recall) => {
    while (truePositives[at] === 0 || (truePositives[at] as number) / positives < recall) at++;
    const found = truePositives[at] as number;
    return found / (found + (falsePositives[at] as number));
  });
}

const NOTHING: BandedCurve = { x: [], y: [] };
