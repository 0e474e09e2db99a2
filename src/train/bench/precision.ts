import { throwIfAborted } from '../../base/errors.js';
import type { RasterImage } from '../../base/image.js';
import type { ProgressCallback } from '../../base/progress.js';
import type { AnomalyDetector } from '../detector.js';
import { rounded } from './report.js';

/** How far the scores and maps of one detector are from those of another. */
export interface PrecisionReport {
  readonly images: number;
  /** Spearman's rank correlation of the scores; null for fewer than two, or where all are the same. */
  readonly rankCorrelation: number | null;
  /** Of scores in 0…1. */
  readonly largestScoreDifference: number;
  /** Of pixels of the model's maps, in 0…1. */
  readonly largestMapDifference: number;
  readonly meanMapDifference: number;
}

/**
 * Compares two detectors on the same images: a run in float32 and in int8.
 *
 * @throws {IqeError} `interrupted`, and what `images` throw.
 */
export async function comparePrecisions(
  detector: AnomalyDetector,
  other: AnomalyDetector,
  images: readonly (() => Promise<RasterImage>)[],
  options: { readonly signal?: AbortSignal; readonly onProgress?: ProgressCallback } = {},
): Promise<PrecisionReport> {
  const scores: number[] = [];
  const otherScores: number[] = [];
  let [largest, sum, pixels] = [0, 0, 0];
  for (const read of images) {
    throwIfAborted(options.signal);
    const image = await read();
    const one = await detector.predict(image);
    const two = await other.predict(image);
    scores.push(one.rawScore);
    otherScores.push(two.rawScore);
    for (const [at, value] of one.modelMap.data.entries()) {
      const difference = Math.abs(value - two.modelMap.data[at]!);
      largest = Math.max(largest, difference);
      sum += difference;
    }
    pixels += one.modelMap.data.length;
    const progress = { done: scores.length, total: images.length, unit: 'images' };
    options.onProgress?.({ stage: 'comparison', ...progress });
  }
  const differences = scores.map((score, at) => Math.abs(score - otherScores[at]!));
  return {
    images: images.length,
    rankCorrelation: rankCorrelation(scores, otherScores),
    largestScoreDifference: Math.max(0, ...differences),
    largestMapDifference: largest,
    meanMapDifference: pixels === 0 ? 0 : sum / pixels,
  };
}

/**
 * Spearman's ρ: the correlation of ranks, equal values sharing the mean of theirs. Null where it is
 * not defined.
 */
export function rankCorrelation(a: readonly number[], b: readonly number[]): number | null {
  const middle = (a.length + 1) / 2;
  const [x, y] = [ranks(a), ranks(b)].map((list) => list.map((rank) => rank - middle)) as [
    number[],
    number[],
  ];
  const product = (p: readonly number[], q: readonly number[]) =>
    p.reduce((total, value, at) => total + value * q[at]!, 0);
  const size = Math.sqrt(product(x, x) * product(y, y));
  return size === 0 ? null : product(x, y) / size;
}

/** Ranks from 1; equal values have the mean of theirs. */
function ranks(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((a, b) => values[a]! - values[b]!);
  const result = new Array<number>(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let at = start; at < end; at++) result[order[at]!] = (start + 1 + end) / 2;
    start = end;
  }
  return result;
}

/** The report as lines of text. */
export function describePrecision(report: PrecisionReport): string {
  const { images, rankCorrelation: correlation, ...differences } = report;
  return [
    `int8 beside float32 on ${images} images`,
    `  rank correlation of scores  ${correlation === null ? 'undefined' : correlation.toFixed(4)}`,
    `  largest score difference    ${rounded(differences.largestScoreDifference)}`,
    `  largest map difference      ${rounded(differences.largestMapDifference)}`,
    `  mean map difference         ${rounded(differences.meanMapDifference)}`,
  ].join('\n');
}
