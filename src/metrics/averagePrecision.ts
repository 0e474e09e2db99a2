import { hasBothClasses, type ThresholdCounts } from './thresholdCounts.js';

/**
 * Average precision, step-wise and without interpolation:
 *
 *     AP = Σₙ (Rₙ − Rₙ₋₁) Pₙ
 *
 * over the distinct scores, highest first; P precision, R recall. In 0…1, chance is the share of
 * positives; null where a class is missing.
 *
 * In a bin of a histogram the order of the scores is unknown: its p positives are taken to lie
 * evenly among its n negatives, the k-th after k n / (p + 1) of them (the mean over all orders).
 */
export function averagePrecision(counts: ThresholdCounts): number | null {
  if (!hasBothClasses(counts)) return null;
  let sum = 0;
  let truePositives = 0;
  let falsePositives = 0;
  for (let i = 0; i < counts.thresholds.length; i++) {
    const nextTrue = counts.truePositives[i] as number;
    const nextFalse = counts.falsePositives[i] as number;
    const found = nextTrue - truePositives;
    if (found > 0) {
      sum +=
        counts.merged?.[i] === 1
          ? evenlyMixed(truePositives, falsePositives, found, nextFalse - falsePositives)
          : (found * nextTrue) / (nextTrue + nextFalse);
    }
    truePositives = nextTrue;
    falsePositives = nextFalse;
  }
  return sum / counts.positives;
}

/** Σₖ₌₁…ₚ (t + k) / (t + k + f + k n / (p + 1)): the precisions at the p positives of one bin. */
function evenlyMixed(t: number, f: number, p: number, n: number): number {
  const spacing = n / (p + 1);
  let sum = 0;
  for (let k = 1; k <= p; k++) sum += (t + k) / (t + k + f + k * spacing);
  return sum;
}
