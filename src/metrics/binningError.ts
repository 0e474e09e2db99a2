import { assertLimit } from './auroc.js';
import { averagePrecision } from './averagePrecision.js';
import { f1Max } from './f1Max.js';
import type { PixelCounts } from './pixelTable.js';

/** How far each metric of binned counts can be from its exact value, at most. */
export interface BinningError {
  readonly auroc: number;
  readonly ap: number;
  readonly aupro: number;
  readonly f1Max: number;
}

/**
 * Bounds that hold whatever the order of the scores within the bins. With p abnormal and n normal
 * pixels in a bin, w the region weight of the abnormal ones, and T, F the counts above it:
 *
 *     AUROC    Σ ½ p n / (P N)
 *     AUPRO    Σ ½ w n / (regions · N · limit), over the bins that start below the limit
 *     AP       the bin's precisions lie between those with all its normal pixels first and last
 *     F1-max   2 (T + p) / (T + p + F + P) at best
 *
 * All 0 for exact counts. The true error is far smaller for smooth scores, since the order within
 * a bin is then close to even.
 *
 * @param limit Of AUPRO.
 */
export function binningError(counts: PixelCounts, limit = 0.3): BinningError {
  assertLimit(limit);
  const { truePositives, falsePositives, coverage, merged, positives, negatives } = counts;
  if (merged === undefined || positives === 0 || negatives === 0) {
    return { auroc: 0, ap: 0, aupro: 0, f1Max: 0 };
  }
  let pairs = 0;
  let weightedPairs = 0;
  let highest = 0;
  let lowest = 0;
  let bestF1 = 0;
  for (let i = 0; i < merged.length; i++) {
    const t = truePositives[i - 1] ?? 0;
    const f = falsePositives[i - 1] ?? 0;
    const nextT = truePositives[i] as number;
    const nextF = falsePositives[i] as number;
    const found = nextT - t;
    if (found === 0) continue;
    if (merged[i] === 0) {
      const precision = nextT / (nextT + nextF);
      highest += found * precision;
      lowest += found * precision;
      continue;
    }
    pairs += found * (nextF - f);
    if (f < limit * negatives) {
      weightedPairs += ((coverage[i] as number) - (coverage[i - 1] ?? 0)) * (nextF - f);
    }
    highest += sumOfPrecisions(t, found, f);
    lowest += sumOfPrecisions(t, found, nextF);
    bestF1 = Math.max(bestF1, (2 * nextT) / (nextT + f + positives));
  }
  const ap = averagePrecision(counts) as number;
  return {
    auroc: pairs / 2 / (positives * negatives),
    ap: Math.max(highest / positives - ap, ap - lowest / positives, 0),
    aupro: weightedPairs / 2 / (counts.regions * negatives * limit),
    f1Max: Math.max(0, bestF1 - (f1Max(counts)?.value as number)),
  };
}

/** Σₖ₌₁…ₚ (t + k) / (t + k + f). */
function sumOfPrecisions(t: number, p: number, f: number): number {
  let sum = 0;
  for (let k = 1; k <= p; k++) sum += (t + k) / (t + k + f);
  return sum;
}
