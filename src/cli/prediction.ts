import { IqeError, throwIfAborted } from '../base/errors.js';
import { splitImageName } from '../data/imagePart.js';
import { ImageReader } from '../data/imageReader.node.js';
import { imagesToScore, type ReadingSettings, readingOptions } from '../data/readingSettings.js';
import { outputName, outputNames } from '../report/outputNames.js';
import { writePictures } from '../report/pictures.node.js';
import {
  type PictureKind,
  type PredictionFailure,
  type PredictionRecord,
  type PredictionReport,
  type VolumeRecord,
  volumeRecord,
} from '../report/predictions.js';
import type { AnomalyDetector } from '../train/detector.js';
import { failedImage } from '../train/failedImage.js';
import type { InputImage } from './inputs.js';
import type { VerbContext } from './verb.js';

export interface PredictionOptions extends Pick<VerbContext, 'signal' | 'onProgress' | 'note'> {
  readonly reading: ReadingSettings;
  /** Where pictures are written; nowhere if there is no folder. */
  readonly out: string | undefined;
  readonly save: readonly PictureKind[];
}

/**
 * Scores all images in files: one of a picture, frames of a DICOM file and slices of a volume as
 * names or settings say, else a choice of them (`imagesToScore`). Files that cannot be read are listed and left out.
 *
 * @throws {IqeError} `output`, `interrupted`
 */
export async function predictAll(
  detector: AnomalyDetector,
  inputs: readonly InputImage[],
  options: PredictionOptions,
): Promise<Omit<PredictionReport, 'model'>> {
  const { signal, onProgress, note } = options;
  const reader = new ImageReader({ ...readingOptions(options.reading), signal });
  const names = outputNames(inputs.map(({ name }) => name));
  const predictions: PredictionRecord[] = [];
  const volumes: VolumeRecord[] = [];
  const failures: PredictionFailure[] = [];
  const attempt = async <Result>(path: string, work: () => Promise<Result>) => {
    throwIfAborted(signal);
    try {
      return await work();
    } catch (error) {
      // Only what is wrong with one file; a full disk or Ctrl-C ends the command.
      if (error instanceof IqeError && error.code !== 'unreadable') throw error;
      const failure = failedImage(path, error);
      failures.push(failure);
      note(`Failed: ${failure.message}`);
      return undefined;
    }
  };
  let done = 0;
  let total = inputs.length;
  const step = () => onProgress({ stage: 'prediction', done: ++done, total, unit: 'images' });
  for (const [index, { path }] of inputs.entries()) {
    const all = await attempt(path, () => reader.names(path));
    if (all === undefined) {
      step();
      continue;
    }
    const images = imagesToScore(all, options.reading);
    if (images.length < all.length) note(choiceNote(path, images.length, all.length));
    total += images.length - 1;
    const own: PredictionRecord[] = [];
    for (const image of images) {
      const name = outputName(names[index]!, splitImageName(image).part);
      const record = await attempt(image, () => predictOne(detector, reader, image, name, options));
      if (record) own.push(record);
      step();
    }
    predictions.push(...own);
    if (images.length > 1 && own.length > 0) volumes.push(volumeRecord(path, own, all.length));
  }
  return { predictions, ...(volumes.length > 0 && { volumes }), failures };
}

function choiceNote(path: string, chosen: number, all: number): string {
  return `${path}: ${chosen} of ${all} images, evenly spread. For every one: --slice all, of DICOM --frame all.`;
}

async function predictOne(
  detector: AnomalyDetector,
  reader: ImageReader,
  path: string,
  name: string,
  { out, save, signal }: PredictionOptions,
): Promise<PredictionRecord> {
  const started = performance.now();
  const image = await reader.image(path);
  const prediction = await detector.predict(image, { signal });
  const { score, threshold, label, hasMap, mapThreshold, areaPixels } = prediction;
  const milliseconds = Math.round(performance.now() - started);
  const size = [image.width, image.height] as const;
  const record = { path, score, threshold, label, size, areaPixels, milliseconds };
  if (!hasMap) return { ...record, peak: null, outputs: {} };
  const { map, peak } = prediction;
  const content = { image, map, score, threshold: mapThreshold };
  const outputs = out === undefined ? {} : await writePictures(out, name, content, save);
  return { ...record, peak, outputs };
}
