import { hasBothClasses, type ThresholdCounts } from './thresholdCounts.js';

/** The best F1 (over pooled pixels: the best Dice) and where it is reached. */
export interface F1Max {
  /** In (0, 1]. */
  readonly value: number;
  /** Lowest threshold that reaches it, positive: score ≥ threshold. */
  readonly lowestThreshold: number;
  /** Highest threshold that reaches it. */
  readonly highestThreshold: number;
}

/**
 * The largest F1 of any threshold,
 *
 *     F1 = 2 TP / (2 TP + FP + FN),
 *
 * the same formula as Dice. Null where a class is missing.
 */
export function f1Max(counts: ThresholdCounts): F1Max | null {
  if (!hasBothClasses(counts)) return null;
  let best = -1;
  let first = 0;
  let last = 0;
  for (let i = 0; i < counts.thresholds.length; i++) {
    // A quotient of whole numbers is rounded correctly: equal F1 are equal here too.
    const value = f1At(counts, i);
    if (value > best) {
      best = value;
      first = i;
    }
    if (value === best) last = i;
  }
  return {
    value: best,
    lowestThreshold: counts.thresholds[last] as number,
    highestThreshold: counts.thresholds[first] as number,
  };
}

/** F1 of calling abnormal what reaches the threshold of entry `index`. */
export function f1At(counts: ThresholdCounts, index: number): number {
  const truePositives = counts.truePositives[index] as number;
  const falsePositives = counts.falsePositives[index] as number;
  return (2 * truePositives) / (truePositives + falsePositives + counts.positives);
}
