import { assertLimit, normalisedArea } from './auroc.js';
import type { Connectivity } from './connectedComponents.js';
import { thinned, withOrigin } from './curves.js';
import { type ScoredMap, separatePixels } from './pixelClasses.js';
import { countTable, type PixelCounts, tableOf } from './pixelTable.js';

/**
 * The counts of all pixels of `maps` at every distinct score, exact. Time grows with
 * n log n of the pixels n, memory with about 60 bytes a pixel; for sets that are larger than
 * memory see `PixelStatistics`.
 *
 * @param connectivity 8 joins pixels across corners into one region, 4 does not.
 * @throws {IqeError} `shape` where a map and its mask disagree, `runtime` where a score is not
 *   finite.
 */
export function countPixels(
  maps: readonly ScoredMap[],
  connectivity: Connectivity = 8,
): PixelCounts {
  const classes = maps.map((map) => separatePixels(map, connectivity));
  const regions = classes.reduce((sum, { regions }) => sum + regions, 0);
  return countTable(tableOf(classes), regions);
}

/**
 * Area under the per-region overlap (Bergmann et al., IJCV 2021):
 *
 *     AUPRO = (1 / limit) ∫₀^limit PRO d FPR,   PRO(t) = mean over regions |{s ≥ t} ∩ r| / |r|
 *
 * FPR is over all pixels outside the masks of all images, normal ones included. Every distinct
 * score is a threshold; trapezoids from (0, 0), the last one cut at the limit. In 0…1; null
 * without a region or without a pixel outside.
 *
 * Since PRO is the ROC's true-positive rate with every anomalous pixel weighing
 * 1 / |its region| / regions, this is a partial area under a weighted ROC curve.
 *
 * @param limit Largest false-positive rate, in (0, 1].
 */
export function aupro(counts: PixelCounts, limit = 0.3): number | null {
  assertLimit(limit);
  if (counts.regions === 0 || counts.negatives === 0) return null;
  return normalisedArea(
    counts.falsePositives,
    counts.negatives,
    counts.coverage,
    counts.regions,
    limit,
  );
}

/** One point of a PRO curve; the first, (0, 0), has no threshold. */
export interface ProPoint {
  readonly threshold: number | null;
  readonly fpr: number;
  /** Mean over all regions of the covered share. */
  readonly pro: number;
}

/** The whole PRO curve, for plotting; empty without a region or without a pixel outside. */
export function proCurve(counts: PixelCounts, maxPoints = 512): ProPoint[] {
  if (counts.regions === 0 || counts.negatives === 0) return [];
  const fpr = withOrigin(counts.falsePositives, counts.negatives);
  const pro = withOrigin(counts.coverage, counts.regions);
  return thinned(fpr, pro, maxPoints).map((i) => ({
    threshold: i === 0 ? null : (counts.thresholds[i - 1] as number),
    fpr: fpr[i] as number,
    pro: pro[i] as number,
  }));
}
