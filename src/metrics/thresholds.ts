import { type Confusion, confusionAt, type Rates, ratesOf } from './confusion.js';
import { f1At, f1Max } from './f1Max.js';
import { assertRate, firstWithSensitivity, lastWithSpecificity } from './operatingPoints.js';
import type { ThresholdCounts } from './thresholdCounts.js';

/** What a threshold is chosen for. */
export type ThresholdGoal =
  | { readonly goal: 'f1Max' }
  /** As specific as can be with at least this sensitivity, 0…1. */
  | { readonly goal: 'sensitivity'; readonly atLeast: number }
  /** As sensitive as can be with at least this specificity, 0…1. */
  | { readonly goal: 'specificity'; readonly atLeast: number };

/** A threshold and what it did on the samples that it was chosen on. Plain JSON. */
export interface ChosenThreshold {
  /** Abnormal where score ≥ threshold. */
  readonly threshold: number;
  readonly chosenFor: ThresholdGoal;
  readonly confusion: Confusion;
  readonly rates: Rates;
}

/**
 * Chooses a threshold on validation samples.
 *
 * - `f1Max`: the largest F1; of several such thresholds the lowest, which misses the fewest.
 * - `sensitivity`: the highest threshold that reaches it.
 * - `specificity`: the lowest threshold that reaches it; where none of the scores does, just above
 *   the highest.
 *
 * All thresholds between two neighbouring scores decide the validation samples alike. The one
 * returned is half way, so that images a little less clear than the validation images still fall
 * on the right side.
 *
 * Null where a class that the goal needs is missing: sensitivity needs abnormal samples,
 * specificity normal ones, F1 both.
 *
 * @throws {IqeError} `usage` for a wanted rate that is not in 0…1.
 */
export function chooseThreshold(
  counts: ThresholdCounts,
  goal: ThresholdGoal,
): ChosenThreshold | null {
  const index = indexFor(counts, goal);
  if (index === null) return null;
  const threshold = halfWay(counts.thresholds, index);
  const confusion = confusionAt(counts, threshold);
  return { threshold, chosenFor: goal, confusion, rates: ratesOf(confusion) };
}

/** Index of the lowest score to be called abnormal, −1 for none of them; null: undefined. */
function indexFor(counts: ThresholdCounts, goal: ThresholdGoal): number | null {
  switch (goal.goal) {
    case 'f1Max': {
      const best = f1Max(counts)?.value;
      if (best === undefined) return null;
      return counts.thresholds.findLastIndex((_, i) => f1At(counts, i) === best);
    }
    case 'sensitivity':
      assertRate('sensitivity', goal.atLeast);
      if (counts.positives === 0) return null;
      return goal.atLeast === 0 ? -1 : firstWithSensitivity(counts, goal.atLeast);
    case 'specificity':
      assertRate('specificity', goal.atLeast);
      return counts.negatives === 0 ? null : lastWithSpecificity(counts, goal.atLeast);
  }
}

function halfWay(thresholds: ArrayLike<number>, index: number): number {
  if (index < 0) return justAbove(thresholds[0] as number);
  const score = thresholds[index] as number;
  const below = thresholds[index + 1];
  if (below === undefined) return score;
  const middle = below + (score - below) / 2;
  // Neighbouring floats have nothing between them.
  return middle > below ? middle : score;
}

/** The next float64, or nearly. */
function justAbove(value: number): number {
  return value + Math.max(Math.abs(value) * Number.EPSILON, Number.MIN_VALUE);
}
