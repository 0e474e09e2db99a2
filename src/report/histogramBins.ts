import type { ScoredImage } from './types.js';

/** The images with scores from `from` to below `to`. */
export interface ScoreBin {
  /** Bins with an index from 0 on are at or above the threshold, where there is one. */
  readonly index: number;
  readonly from: number;
  readonly to: number;
  normal: number;
  abnormal: number;
}

/**
 * 10 to 32 equal bins, about 1.5 √n of them, over all scores and the threshold. They are counted
 * from the threshold, so that it is an edge and no bin holds images of both its sides.
 */
export function scoreBins(images: readonly ScoredImage[], threshold: number | null): ScoreBin[] {
  const values = images.map(({ score }) => score);
  if (threshold !== null) values.push(threshold);
  const lowest = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const highest = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const origin = threshold ?? (values.length > 0 ? lowest : 0);
  const range = highest > lowest ? highest - lowest : 1;
  const width = range / Math.min(32, Math.max(10, Math.round(1.5 * Math.sqrt(images.length))));
  const indexOf = (score: number) => Math.floor((score - origin) / width);
  const indices = values.map(indexOf);
  const first = indices.reduce((a, b) => Math.min(a, b), 0);
  const last = indices.reduce((a, b) => Math.max(a, b), 0);
  const bins = Array.from({ length: last - first + 1 }, (_, offset): ScoreBin => {
    const index = first + offset;
    const from = origin + index * width;
    return { index, from, to: from + width, normal: 0, abnormal: 0 };
  });
  for (const { score, label } of images) (bins[indexOf(score) - first] as ScoreBin)[label]++;
  return bins;
}
