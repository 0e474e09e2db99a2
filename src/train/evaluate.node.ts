import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { IqeError, throwIfAborted } from '../base/errors.js';
import type { PixelMap, RasterImage } from '../base/image.js';
import type { ProgressCallback } from '../base/progress.js';
import { Random } from '../base/random.js';
import { fileOfImage } from '../data/imagePart.js';
import { ImageReader } from '../data/imageReader.node.js';
import type { DataSet, Sample, Split } from '../data/layout.js';
import { type ReadingSettings, readingOptions } from '../data/readingSettings.js';
import { entryOf } from '../methods/registry.js';
import { type Evaluation, EvaluationAccumulator } from '../metrics/evaluation.js';
import type { AnomalyDetector, Prediction } from './detector.js';
import { type FailedImage, failedImage } from './failedImage.js';
import { squareMask } from './supportViews.js';

export interface EvaluateOptions {
  /** Seed of the bootstrap. */
  readonly seed: number;
  /** How files are read. Default: as those were that the model learned from. */
  readonly reading?: ReadingSettings | undefined;
  /** Told of every image that was scored, one after the other, with what it was measured by. */
  readonly onImage?: ((measured: MeasuredImage) => Promise<void>) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressCallback | undefined;
}

/** An image that was scored, and all that was known of it. */
export interface MeasuredImage {
  readonly sample: Sample;
  readonly image: RasterImage;
  /** At the image's size; null where nobody knows. */
  readonly mask: PixelMap | null;
  readonly prediction: Prediction;
}

/** An image that was scored. */
export interface EvaluatedSample {
  readonly id: string;
  readonly label: 0 | 1;
  /** 0…1; what the threshold is compared with. */
  readonly score: number;
  /** As the method gives it; what ranking metrics are taken from. */
  readonly rawScore: number;
  /** Images of the same number are of one patient; null where nobody knows. Names are not kept. */
  readonly patient: number | null;
}

export interface EvaluationReport extends Evaluation {
  readonly images: readonly EvaluatedSample[];
  /** Images that were not. */
  readonly failures: readonly FailedImage[];
  readonly seed: number;
  /** SHA-256 over the names and contents of the images and masks that were measured. */
  readonly dataHash: string;
}

/**
 * The labelled images of a split, without those that the run learned from.
 * In a set without splits, all of them.
 *
 * @throws {IqeError} `data` where there are none.
 */
export function evaluationSamples(
  dataSet: DataSet,
  split: Split,
  support: {
    readonly name: string;
    readonly shots: { readonly normal: string[]; readonly abnormal: string[] };
    readonly sets?: readonly { name: string; training: string[]; heldBack: string[] }[] | undefined;
  },
): Sample[] {
  const { shots, sets = [] } = support;
  const seen = new Set([
    ...(dataSet.name === support.name ? [...shots.normal, ...shots.abnormal] : []),
    ...sets
      .filter(({ name }) => name === dataSet.name)
      .flatMap(({ training, heldBack }) => [...training, ...heldBack]),
  ]);
  const hasSplits = dataSet.samples.some((sample) => sample.split !== null);
  const samples = dataSet.samples.filter(
    (sample) =>
      sample.label !== null && (!hasSplits || sample.split === split) && !seen.has(sample.id),
  );
  if (samples.length > 0) return samples;
  const splits = [...new Set(dataSet.samples.map((sample) => sample.split ?? 'none'))].join(', ');
  throw new IqeError(
    'data',
    `${dataSet.root} has no labelled images to evaluate in the split '${split}'.`,
    {
      hint: `Splits that are there: ${splits}. 'iqe-clip data check' tells what the folder is read as.`,
    },
  );
}

/**
 * Scores images and measures the scores and maps against labels and masks, at the model's own image
 * size. Images that cannot be read are listed and left out.
 *
 * @throws {IqeError} `unreadable` where not one image could be scored; `interrupted`.
 */
export async function evaluate(
  detector: AnomalyDetector,
  dataSet: DataSet,
  samples: readonly Sample[],
  options: EvaluateOptions,
): Promise<EvaluationReport> {
  const { seed, onImage, signal, onProgress } = options;
  const head = detector.head!;
  const { decision } = head;
  const { reading = head.config.reading } = options;
  const reader = new ImageReader({ ...readingOptions(reading), signal });
  const measuresMaps = dataSet.hasMasks && entryOf(head.config.method).needs.map !== false;
  const accumulator = new EvaluationAccumulator({
    threshold: decision.threshold?.threshold ?? null,
    pixelThreshold: measuresMaps ? decision.mapThreshold : null,
  });
  const images: EvaluatedSample[] = [];
  const patients = new Map<string, number>();
  const failures: FailedImage[] = [];
  const hash = createHash('sha256');
  for (const [index, sample] of samples.entries()) {
    throwIfAborted(signal);
    const label = sample.label as 0 | 1;
    try {
      const image = await reader.image(sample.imagePath);
      const mask = await reader.sampleMask(sample, dataSet, image);
      const prediction = await detector.predict(image, { signal });
      const { score, rawScore } = prediction;
      accumulator.add({
        score,
        rawScore,
        label,
        patient: sample.patient,
        map: measuresMaps ? prediction.modelMap : null,
        mask: measuresMaps && mask ? atModelSize(mask, head.config.model.imageSize) : null,
      });
      const patient = patientNumber(patients, sample.patient);
      images.push({ id: sample.id, label, score, rawScore, patient });
      await addContents(hash, sample);
      await onImage?.({ sample, image, mask, prediction });
    } catch (error) {
      if (error instanceof IqeError && error.code === 'interrupted') throw error;
      failures.push(failedImage(sample.imagePath, error));
    }
    onProgress?.({ stage: 'evaluation', done: index + 1, total: samples.length, unit: 'images' });
  }
  if (images.length === 0) {
    throw new IqeError(
      'unreadable',
      `Not one of ${samples.length} images could be scored: ${failures[0]?.message}`,
    );
  }
  const evaluation = accumulator.result({ random: new Random(seed, 'bootstrap'), signal });
  return { ...evaluation, images, failures, seed, dataHash: hash.digest('hex') };
}

/** From 1, in the order in which patients come. */
function patientNumber(known: Map<string, number>, patient: string | null): number | null {
  if (patient === null) return null;
  const number = known.get(patient) ?? known.size + 1;
  known.set(patient, number);
  return number;
}

function atModelSize(mask: PixelMap, size: number): PixelMap {
  return { width: size, height: size, data: Float32Array.from(squareMask(mask, size)) };
}

async function addContents(hash: ReturnType<typeof createHash>, sample: Sample): Promise<void> {
  hash.update(`${sample.id}\n${sample.label}\n`);
  for (const path of [sample.imagePath, sample.maskPath]) {
    if (path !== null) hash.update(await readFile(fileOfImage(path)));
  }
}
