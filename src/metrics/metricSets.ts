import { aupro } from './aupro.js';
import { auroc } from './auroc.js';
import { averagePrecision } from './averagePrecision.js';
import { f1Max } from './f1Max.js';
import { sensitivityAtSpecificity, specificityAtSensitivity } from './operatingPoints.js';
import type { PixelCounts } from './pixelTable.js';
import type { ThresholdCounts } from './thresholdCounts.js';

/** How well scores rank images, each in 0…1; null where a class is missing. */
export type ImageMetrics = {
  readonly auroc: number | null;
  readonly ap: number | null;
  readonly f1Max: number | null;
  readonly sensitivityAt95Specificity: number | null;
  readonly specificityAt95Sensitivity: number | null;
};

/** All {@link ImageMetrics} of `counts`. */
export function imageMetrics(counts: ThresholdCounts): ImageMetrics {
  return {
    auroc: auroc(counts),
    ap: averagePrecision(counts),
    f1Max: f1Max(counts)?.value ?? null,
    sensitivityAt95Specificity: sensitivityAtSpecificity(counts, 0.95),
    specificityAt95Sensitivity: specificityAtSensitivity(counts, 0.95),
  };
}

/** How well maps rank pixels, each in 0…1; null where a class is missing. */
export type PixelMetrics = {
  readonly auroc: number | null;
  readonly ap: number | null;
  readonly aupro: number | null;
  /** The best Dice of any one threshold, over pooled pixels. */
  readonly f1Max: number | null;
};

/**
 * All {@link PixelMetrics} of `counts`.
 *
 * @param auproLimit Largest false-positive rate of AUPRO.
 */
export function pixelMetrics(counts: PixelCounts, auproLimit: number): PixelMetrics {
  return {
    auroc: auroc(counts),
    ap: averagePrecision(counts),
    aupro: aupro(counts, auproLimit),
    f1Max: f1Max(counts)?.value ?? null,
  };
}
