import type { ErrorCode } from '../base/errors.js';
import { type CsvCell, encodeCsv } from './csv.js';

/** The files that can be saved of a prediction. */
export const pictureKinds = ['overlay', 'heatmap', 'mask', 'npy'] as const;

export type PictureKind = (typeof pictureKinds)[number];

/** What the model says of one image. */
export interface PredictionRecord {
  /** The image as the user named it; of a file with several, with the part: `scan.nii#axial=57`. */
  readonly path: string;
  /** 0 (normal) … 1 (abnormal). */
  readonly score: number;
  /** The score from which an image counts as abnormal; `null` where none was calibrated. */
  readonly threshold: number | null;
  readonly label: 'normal' | 'abnormal' | null;
  /** Where the anomaly map is largest, in pixels of the input. */
  readonly peak: { readonly x: number; readonly y: number } | null;
  readonly size: readonly [width: number, height: number];
  /** Pixels of the input at or above the threshold; `null` without one. */
  readonly areaPixels: number | null;
  readonly milliseconds: number;
  /** The files written, relative to the output folder. */
  readonly outputs: Readonly<Partial<Record<PictureKind, string>>>;
}

/** What is said of a file of which several images were scored: a volume, a cine. */
export interface VolumeRecord {
  readonly path: string;
  /** How many of its images were scored. */
  readonly images: number;
  /** How many it has. */
  readonly of: number;
  /** The highest score of those. */
  readonly score: number;
  readonly label: PredictionRecord['label'];
  /** The image that has it, as its prediction's `path`. */
  readonly highest: string;
}

/**
 * The record of the file at `path`: max of the scores of its images.
 *
 * @param predictions Of its images, at least one.
 * @param of How many images the file has.
 */
export function volumeRecord(
  path: string,
  predictions: readonly PredictionRecord[],
  of: number,
): VolumeRecord {
  const highest = predictions.reduce((best, next) => (next.score > best.score ? next : best));
  const { score, label } = highest;
  return { path, images: predictions.length, of, score, label, highest: highest.path };
}

/** An input without a prediction, and why. */
export interface PredictionFailure {
  readonly path: string;
  readonly code: ErrorCode;
  readonly message: string;
}

/** All that one call of `predict` says: `predictions.json`, and stdout with `--json`. */
export interface PredictionReport {
  /** What made the scores: name, preset, backbone, version … */
  readonly model: Readonly<Record<string, unknown>>;
  readonly predictions: readonly PredictionRecord[];
  /** A record for each file with several images, where there is any; those are among the predictions. */
  readonly volumes?: readonly VolumeRecord[];
  readonly failures: readonly PredictionFailure[];
}

/** A prediction per row, with a header; failures are in the JSON only. */
export function predictionsCsv(predictions: readonly PredictionRecord[]): string {
  const header = [
    'path',
    'score',
    'threshold',
    'label',
    'peak_x',
    'peak_y',
    'width',
    'height',
    'area_pixels',
    'milliseconds',
    ...pictureKinds,
  ];
  const rows = predictions.map((prediction): CsvCell[] => [
    prediction.path,
    prediction.score,
    prediction.threshold,
    prediction.label,
    prediction.peak?.x ?? null,
    prediction.peak?.y ?? null,
    ...prediction.size,
    prediction.areaPixels,
    prediction.milliseconds,
    ...pictureKinds.map((kind) => prediction.outputs[kind] ?? null),
  ]);
  return encodeCsv([header, ...rows]);
}

/** The report as indented JSON with a line break at its end. */
export function predictionsJson(report: PredictionReport): string {
  return `${JSON.stringify(report, undefined, 2)}\n`;
}
