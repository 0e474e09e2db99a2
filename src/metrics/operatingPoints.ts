import { IqeError } from '../base/errors.js';
import { hasBothClasses, type ThresholdCounts } from './thresholdCounts.js';

/**
 * The best sensitivity of any threshold whose specificity is at least `specificity` (no
 * interpolation; calling nothing abnormal counts as a threshold). Null where a class is missing.
 *
 * @param specificity In 0…1.
 */
export function sensitivityAtSpecificity(
  counts: ThresholdCounts,
  specificity: number,
): number | null {
  assertRate('specificity', specificity);
  if (!hasBothClasses(counts)) return null;
  const index = lastWithSpecificity(counts, specificity);
  return index < 0 ? 0 : (counts.truePositives[index] as number) / counts.positives;
}

/**
 * The best specificity of any threshold whose sensitivity is at least `sensitivity` (no
 * interpolation). Null where a class is missing.
 *
 * @param sensitivity In 0…1.
 */
export function specificityAtSensitivity(
  counts: ThresholdCounts,
  sensitivity: number,
): number | null {
  assertRate('sensitivity', sensitivity);
  if (!hasBothClasses(counts)) return null;
  if (sensitivity === 0) return 1;
  const index = firstWithSensitivity(counts, sensitivity);
  return (counts.negatives - (counts.falsePositives[index] as number)) / counts.negatives;
}

/**
 * The smallest false-positive rate of any threshold whose true-positive rate is at least
 * `truePositiveRate` (no interpolation). Null where a class is missing.
 */
export function fprAtTpr(counts: ThresholdCounts, truePositiveRate = 0.95): number | null {
  assertRate('true-positive rate', truePositiveRate);
  if (!hasBothClasses(counts)) return null;
  if (truePositiveRate === 0) return 0;
  const index = firstWithSensitivity(counts, truePositiveRate);
  return (counts.falsePositives[index] as number) / counts.negatives;
}

/** Index of the highest threshold whose sensitivity is at least `sensitivity` (> 0). */
export function firstWithSensitivity(counts: ThresholdCounts, sensitivity: number): number {
  return counts.truePositives.findIndex((count) => count / counts.positives >= sensitivity);
}

/** Index of the lowest threshold whose specificity is at least `specificity`, or −1. */
export function lastWithSpecificity(counts: ThresholdCounts, specificity: number): number {
  return counts.falsePositives.findLastIndex(
    (count) => (counts.negatives - count) / counts.negatives >= specificity,
  );
}

/** @throws {IqeError} `usage` unless `rate` is in 0…1. */
export function assertRate(name: string, rate: number): void {
  if (!(rate >= 0 && rate <= 1)) {
    throw new IqeError('usage', `The wanted ${name} is ${rate}, not from 0 to 1.`);
  }
}
