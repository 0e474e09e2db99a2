import type { ThresholdCounts } from './thresholdCounts.js';

/** How decisions at one threshold came out, in samples or in pixels. */
export interface Confusion {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  readonly trueNegatives: number;
}

/**
 * The confusion counts of "abnormal where score ≥ threshold". Exact at every threshold of exact
 * counts; of binned counts, at the bins' own thresholds.
 */
export function confusionAt(counts: ThresholdCounts, threshold: number): Confusion {
  const index = lastReaching(counts.thresholds, threshold);
  const truePositives = index < 0 ? 0 : (counts.truePositives[index] as number);
  const falsePositives = index < 0 ? 0 : (counts.falsePositives[index] as number);
  return {
    truePositives,
    falsePositives,
    falseNegatives: counts.positives - truePositives,
    trueNegatives: counts.negatives - falsePositives,
  };
}

/** The same of two lists of scores; of no threshold (null), none is called abnormal. */
export function confusionOf(
  positives: ArrayLike<number>,
  negatives: ArrayLike<number>,
  threshold: number | null,
): Confusion {
  const truePositives = countReaching(positives, threshold);
  const falsePositives = countReaching(negatives, threshold);
  return {
    truePositives,
    falsePositives,
    falseNegatives: positives.length - truePositives,
    trueNegatives: negatives.length - falsePositives,
  };
}

/** The sum of `weights[i]` (1 without weights) times each of `confusions[i]`. */
export function sumOfConfusions(
  confusions: readonly Confusion[],
  weights?: ArrayLike<number>,
): Confusion {
  const sum = { truePositives: 0, falsePositives: 0, falseNegatives: 0, trueNegatives: 0 };
  for (const [i, confusion] of confusions.entries()) {
    const weight = weights === undefined ? 1 : (weights[i] as number);
    sum.truePositives += weight * confusion.truePositives;
    sum.falsePositives += weight * confusion.falsePositives;
    sum.falseNegatives += weight * confusion.falseNegatives;
    sum.trueNegatives += weight * confusion.trueNegatives;
  }
  return sum;
}

/** What is read off confusion counts; null where the formula divides nothing by nothing. */
export type Rates = {
  /** TP / (TP + FN), also recall or true-positive rate. */
  readonly sensitivity: number | null;
  /** TN / (TN + FP). */
  readonly specificity: number | null;
  /** TP / (TP + FP). */
  readonly precision: number | null;
  /** 2 TP / (2 TP + FP + FN): of pixels, Dice. */
  readonly f1: number | null;
  /** TP / (TP + FP + FN). */
  readonly iou: number | null;
  /** (TP + TN) / all. */
  readonly accuracy: number | null;
};

/** All rates of `confusion`, each in 0…1 or null. */
export function ratesOf(confusion: Confusion): Rates {
  const { truePositives, falsePositives, falseNegatives, trueNegatives } = confusion;
  const wrong = falsePositives + falseNegatives;
  return {
    sensitivity: share(truePositives, truePositives + falseNegatives),
    specificity: share(trueNegatives, trueNegatives + falsePositives),
    precision: share(truePositives, truePositives + falsePositives),
    f1: share(2 * truePositives, 2 * truePositives + wrong),
    iou: share(truePositives, truePositives + wrong),
    accuracy: share(truePositives + trueNegatives, truePositives + trueNegatives + wrong),
  };
}

/** `IoU = Dice / (2 − Dice)`: the two say the same. */
export function iouOfDice(dice: number): number {
  return dice / (2 - dice);
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

function countReaching(scores: ArrayLike<number>, threshold: number | null): number {
  if (threshold === null) return 0;
  let count = 0;
  for (let i = 0; i < scores.length; i++) if ((scores[i] as number) >= threshold) count++;
  return count;
}

/** Last index whose threshold is ≥ `threshold` (they fall), or −1. */
function lastReaching(thresholds: ArrayLike<number>, threshold: number): number {
  let low = 0;
  let high = thresholds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((thresholds[middle] as number) >= threshold) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
