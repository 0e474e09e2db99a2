import { meanAndDeviation } from '../metrics/seeds.js';
import type { MeasuredScores } from '../report/evaluationResult.js';
import type { EmbeddingFigure, Estimate, Interval, Thumbnails } from '../report/types.js';
import type { FailedImage } from '../train/failedImage.js';
import type { Cell } from './plan.js';

/** What was measured in a cell, and how its threshold was chosen. */
export interface MeasuredCell {
  readonly evaluation: MeasuredScores & {
    readonly dataHash: string;
    readonly failures: readonly FailedImage[];
  };
  /** Where the threshold comes from, in words. */
  readonly rule: string;
  /** Images that the run was made without, as they could not be read. */
  readonly unread: readonly FailedImage[];
  /** What the report shows of its images, where it shows any. */
  readonly shown: ShownImages | null;
}

/** What the report shows of the images of a cell, beside their scores. Pictures are by the ids of images. */
export interface ShownImages {
  readonly gallery: Readonly<Record<string, Thumbnails>>;
  /** Of the images that methods are compared on. */
  readonly compared: Readonly<Record<string, Thumbnails>>;
  readonly embeddings: readonly EmbeddingFigure[];
}

/** A cell with what was measured; nothing where it failed. */
export interface FinishedCell {
  readonly cell: Cell;
  readonly result: CellResult;
  readonly measured: MeasuredCell | undefined;
}

/** What came out of a cell. Plain JSON, the same whenever and however often it was made. */
export interface CellResult {
  readonly setting: string;
  readonly set: string;
  readonly method: string;
  readonly seed: number;
  /** Relative to the benchmark's folder. */
  readonly folder: string;
  /** Every metric by name; nothing where the cell failed. */
  readonly metrics: Readonly<Record<string, number | null>> | null;
  readonly intervals: Readonly<Record<string, Interval>>;
  /** What the intervals were resampled over. */
  readonly resampled: 'patients' | 'images' | null;
  readonly n: {
    readonly normal: number;
    readonly abnormal: number;
    readonly patients: number | null;
  } | null;
  readonly dataHash: string | null;
  /** Why there is nothing to measure, which is no failure. */
  readonly skipped: string | null;
  /** Why it could not be measured. */
  readonly failure: string | null;
  /** Images that were learned or measured without because they could not be read. */
  readonly failedImages: number;
}

/** What the seeds of one method on one set in one setting give together. */
export interface Summary {
  readonly setting: string;
  readonly set: string;
  readonly method: string;
  readonly metrics: Readonly<Record<string, Estimate | null>>;
  /** Why some or all of the seeds failed. */
  readonly failure: string | null;
}

/** Cells that differ in their seed only, together: mean and deviation, or one run's interval. */
export function summarise(cells: readonly CellResult[]): Summary[] {
  const groups = new Map<string, CellResult[]>();
  for (const cell of cells) {
    const key = JSON.stringify([cell.setting, cell.set, cell.method]);
    const group = groups.get(key);
    if (group) group.push(cell);
    else groups.set(key, [cell]);
  }
  return [...groups.values()].map((group) => {
    const { setting, set, method } = group[0] as CellResult;
    const names = new Set(group.flatMap(({ metrics }) => Object.keys(metrics ?? {})));
    const metrics = Object.fromEntries([...names].map((name) => [name, estimate(group, name)]));
    return { setting, set, method, metrics, failure: failureOf(group) };
  });
}

function estimate(group: readonly CellResult[], name: string): Estimate | null {
  const measured = group.filter(({ metrics }) => typeof metrics?.[name] === 'number');
  const summary = meanAndDeviation(measured.map(({ metrics }) => metrics?.[name] ?? null));
  if (!summary) return null;
  if (summary.deviation === null) {
    return { value: summary.mean, interval: measured[0]?.intervals[name] ?? null };
  }
  return { value: summary.mean, deviation: summary.deviation, seeds: summary.runs };
}

function failureOf(group: readonly CellResult[]): string | null {
  const failed = group.filter(({ failure }) => failure !== null);
  if (failed.length === 0) return null;
  const messages = [...new Set(failed.map(({ failure }) => failure as string))].join(' ');
  return group.length === 1 ? messages : `${failed.length} of ${group.length} seeds: ${messages}`;
}

/**
 * The mean over sets of a metric, where every set that has the metric at all was measured; with the
 * deviation over seeds of that mean where there are several.
 *
 * @param cells Of one method in one setting.
 * @param sets Sets without which there is no mean: those that others have the metric on.
 */
export function meanOverSets(
  cells: readonly CellResult[],
  name: string,
  sets: readonly string[] = [],
): Estimate | null {
  const perSeed = [...new Set(cells.map(({ seed }) => seed))].map((seed) => {
    const own = cells.filter((cell) => cell.seed === seed);
    if (own.some(({ failure }) => failure !== null)) return null;
    const measured = (set: string) =>
      own.some((cell) => cell.set === set && typeof cell.metrics?.[name] === 'number');
    if (!sets.every(measured)) return null;
    const values = own.flatMap(({ metrics }) => metrics?.[name] ?? []);
    return values.length === 0 ? null : (meanAndDeviation(values)?.mean ?? null);
  });
  const summary = meanAndDeviation(perSeed);
  if (!summary) return null;
  if (summary.deviation === null) return { value: summary.mean };
  return { value: summary.mean, deviation: summary.deviation, seeds: summary.runs };
}
