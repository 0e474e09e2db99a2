import { IqeError } from '../base/errors.js';
import { hasBothClasses, type ThresholdCounts } from './thresholdCounts.js';

/**
 * Area under the ROC curve:
 *
 *     AUROC = P(s⁺ > s⁻) + ½ P(s⁺ = s⁻)
 *
 * the Mann–Whitney statistic with mid-ranks, which is the trapezoid rule on (FPR, TPR).
 * In 0…1, 0.5 is chance; null where a class is missing.
 */
export function auroc(counts: ThresholdCounts): number | null {
  if (!hasBothClasses(counts)) return null;
  return normalisedArea(
    counts.falsePositives,
    counts.negatives,
    counts.truePositives,
    counts.positives,
    1,
  );
}

/**
 * The share of the ROC's area that lies at low false-positive rates:
 *
 *     pAUROC = (1 / limit) ∫₀^limit TPR d FPR
 *
 * with straight lines between the points. In 0…1, chance is limit / 2; null where a class is
 * missing.
 *
 * @param limit Largest false-positive rate, in (0, 1].
 */
export function partialAuroc(counts: ThresholdCounts, limit = 0.3): number | null {
  assertLimit(limit);
  if (!hasBothClasses(counts)) return null;
  return normalisedArea(
    counts.falsePositives,
    counts.negatives,
    counts.truePositives,
    counts.positives,
    limit,
  );
}

/**
 * McClish's standardised partial area (Med Decis Making 1989), 0.5 for chance and 1 at best
 * whatever the limit:
 *
 *     ½ (1 + (A − limit²/2) / (limit − limit²/2)),   A = limit · pAUROC
 */
export function partialAurocMcClish(counts: ThresholdCounts, limit = 0.3): number | null {
  const share = partialAuroc(counts, limit);
  if (share === null) return null;
  const chance = limit / 2;
  return (1 + (share - chance) / (1 - chance)) / 2;
}

/**
 * (1 / limit) ∫₀^limit y dx of the line through (0, 0) and the points (x[i] / xTotal,
 * y[i] / yTotal), both rising; the segment that crosses the limit is cut there.
 */
export function normalisedArea(
  x: Float64Array,
  xTotal: number,
  y: Float64Array,
  yTotal: number,
  limit: number,
): number {
  const end = limit * xTotal;
  let area = 0;
  let previousX = 0;
  let previousY = 0;
  for (let i = 0; i < x.length && previousX < end; i++) {
    const nextX = x[i] as number;
    const nextY = y[i] as number;
    if (nextX <= end) {
      area += (nextX - previousX) * (previousY + nextY) * 0.5;
    } else {
      const share = (end - previousX) / (nextX - previousX);
      area += (end - previousX) * (previousY + 0.5 * share * (nextY - previousY));
    }
    previousX = nextX;
    previousY = nextY;
  }
  return area / (end * yTotal);
}

/** @throws {IqeError} `usage` unless `limit` is in (0, 1]. */
export function assertLimit(limit: number): void {
  if (!(limit > 0 && limit <= 1)) {
    throw new IqeError('usage', `The limit of the false-positive rate is ${limit}, not in (0, 1].`);
  }
}
