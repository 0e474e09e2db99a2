import type { ThresholdCounts } from './thresholdCounts.js';

/** One point of a ROC curve; the first, (0, 0), has no threshold: nothing is called abnormal. */
export interface RocPoint {
  readonly threshold: number | null;
  readonly fpr: number;
  readonly tpr: number;
}

/** One point of a precision–recall curve. */
export interface PrecisionRecallPoint {
  readonly threshold: number;
  readonly recall: number;
  readonly precision: number;
}

/**
 * The ROC curve from (0, 0) to (1, 1), for plotting; empty where a class is missing.
 *
 * @param maxPoints At most so many points; see {@link thinned} for what is left out.
 */
export function rocCurve(counts: ThresholdCounts, maxPoints = 512): RocPoint[] {
  const { positives, negatives, thresholds } = counts;
  if (positives === 0 || negatives === 0) return [];
  const fpr = withOrigin(counts.falsePositives, negatives);
  const tpr = withOrigin(counts.truePositives, positives);
  return thinned(fpr, tpr, maxPoints).map((i) => ({
    threshold: i === 0 ? null : (thresholds[i - 1] as number),
    fpr: fpr[i] as number,
    tpr: tpr[i] as number,
  }));
}

/**
 * The precision–recall curve at the distinct scores, highest first, for plotting as steps; empty
 * where a class is missing. No point at recall 0 is invented.
 */
export function precisionRecallCurve(
  counts: ThresholdCounts,
  maxPoints = 512,
): PrecisionRecallPoint[] {
  const { positives, negatives, thresholds, truePositives, falsePositives } = counts;
  if (positives === 0 || negatives === 0) return [];
  const recall = truePositives.map((count) => count / positives);
  const precision = truePositives.map(
    (count, i) => count / (count + (falsePositives[i] as number)),
  );
  return thinned(recall, precision, maxPoints).map((i) => ({
    threshold: thresholds[i] as number,
    recall: recall[i] as number,
    precision: precision[i] as number,
  }));
}

/** `[0, values / total]`: a rising curve with its origin put before it. */
export function withOrigin(values: Float64Array, total: number): Float64Array {
  const rates = new Float64Array(values.length + 1);
  for (let i = 0; i < values.length; i++) rates[i + 1] = (values[i] as number) / total;
  return rates;
}

/**
 * Which points of the line (x[i], y[i]) to draw (Ramer–Douglas–Peucker): both ends, then again
 * and again the point farthest from the line drawn so far, until `maxPoints` are kept or nothing
 * is left out that could be seen (1e-12). Corners stay; points on straight runs go.
 */
export function thinned(x: Float64Array, y: Float64Array, maxPoints: number): number[] {
  if (x.length <= 2) return [...x.keys()];
  const kept = new Set([0, x.length - 1]);
  const gaps = [farthest(x, y, 0, x.length - 1)];
  while (kept.size < maxPoints) {
    let worst = 0;
    for (let i = 1; i < gaps.length; i++) {
      if ((gaps[i] as Gap).distance > (gaps[worst] as Gap).distance) worst = i;
    }
    const gap = gaps[worst] as Gap;
    if (gap.distance <= 1e-12) break;
    kept.add(gap.at);
    gaps[worst] = farthest(x, y, gap.from, gap.at);
    gaps.push(farthest(x, y, gap.at, gap.to));
  }
  return [...kept].sort((a, b) => a - b);
}

interface Gap {
  readonly from: number;
  readonly to: number;
  /** The point between `from` and `to` that is farthest from the line through them. */
  readonly at: number;
  readonly distance: number;
}

function farthest(x: Float64Array, y: Float64Array, from: number, to: number): Gap {
  const x0 = x[from] as number;
  const y0 = y[from] as number;
  const dx = (x[to] as number) - x0;
  const dy = (y[to] as number) - y0;
  const length = Math.hypot(dx, dy) || 1;
  let at = from;
  let distance = 0;
  for (let i = from + 1; i < to; i++) {
    const away = Math.abs(((y[i] as number) - y0) * dx - ((x[i] as number) - x0) * dy) / length;
    if (away > distance) {
      distance = away;
      at = i;
    }
  }
  return { from, to, at, distance };
}
