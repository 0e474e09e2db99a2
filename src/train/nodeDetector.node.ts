import type { RasterImage } from '../base/image.js';
import type { ProgressCallback } from '../base/progress.js';
import { decodeImage, readImage } from '../data/decode.node.js';
import { readMask } from '../data/mask.node.js';
import { type ReadingOptions, readingOptions } from '../data/readingSettings.js';
import { nodeRuntime } from '../graph/runtime.node.js';
import { openBackbone } from './backbone.node.js';
import { resolveRunConfig } from './config.js';
import {
  AnomalyDetector,
  type DetectorFitOptions,
  type Prediction,
  type SupportImage,
} from './detector.js';
import { openRun, RunFolder } from './runFolder.node.js';
import { zeroShotHead } from './zeroShotHead.node.js';

/**
 * A path, the bytes of an image file, or decoded pixels. Of a file with several images a path can name
 * one (`scan.nii.gz#axial=57`, `cine.dcm#frame=3`); else the middle one is taken.
 */
export type ImageSource = string | Uint8Array | RasterImage;

/** A labelled image to learn from, in files or in memory. */
export interface SupportSource extends Omit<SupportImage, 'image' | 'mask'> {
  readonly image: ImageSource;
  readonly mask?: string | NonNullable<SupportImage['mask']>;
}

export interface NodeFitOptions extends Omit<DetectorFitOptions, 'validation'> {
  readonly validation?: readonly SupportSource[];
}

export interface FromPretrainedOptions {
  /** CPU threads; one per core by default. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
  /** Told of downloads. */
  readonly progress_callback?: ProgressCallback;
}

/**
 * The detector in Node: images may be paths or the bytes of files. They are read as the configuration
 * says, those to predict as those that were learned from.
 *
 * @example
 * const detector = await NodeAnomalyDetector.fromPretrained('tiny');
 * await detector.fit([
 *   { image: 'normal.png', label: 'normal' },
 *   { image: 'lesion.png', label: 'abnormal', mask: 'lesion-mask.png' },
 * ]);
 * const { score, map } = await detector.predict('other.png');
 * await detector.dispose();
 */
export class NodeAnomalyDetector {
  readonly #detector: AnomalyDetector;

  private constructor(detector: AnomalyDetector) {
    this.#detector = detector;
  }

  /**
   * Loads the folder of a run, or `tiny` with its zero-shot head, which can predict at once, or another
   * backbone (a folder, a hub name), which has to be fitted first.
   *
   * @throws {IqeError} `checkpoint`, `download`, `usage`, `interrupted`
   */
  static async fromPretrained(
    name: string,
    options: FromPretrainedOptions = {},
  ): Promise<NodeAnomalyDetector> {
    const { threads, signal, progress_callback: onProgress } = options;
    const runtime = nodeRuntime(threads === undefined ? {} : { threads });
    const run = zeroShotHead(name) ?? name;
    if (await new RunFolder(run).read()) {
      const { detector } = await openRun(run, runtime, { signal, onProgress });
      return new NodeAnomalyDetector(detector);
    }
    const backbone = await openBackbone(name, { signal, onProgress });
    return new NodeAnomalyDetector(new AnomalyDetector(backbone, runtime));
  }

  /** What was learned; nothing before {@link fit}. */
  get head() {
    return this.#detector.head;
  }

  /** {@link AnomalyDetector.fit} with images and masks from files. */
  async fit(support: readonly SupportSource[], options: NodeFitOptions = {}): Promise<void> {
    const { validation = [], ...rest } = options;
    const reading = readingOptions(resolveRunConfig(options.config).reading);
    const loadAll = (sources: readonly SupportSource[]) =>
      Promise.all(sources.map((source) => loaded(source, reading)));
    await this.#detector.fit(await loadAll(support), {
      ...rest,
      validation: await loadAll(validation),
    });
  }

  /** {@link AnomalyDetector.predict} of an image from a file. */
  async predict(
    image: ImageSource,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Prediction> {
    const { head } = this.#detector;
    const reading = head ? readingOptions(head.config.reading) : {};
    return this.#detector.predict(await pixels(image, reading), options);
  }

  /** {@link AnomalyDetector.dispose} */
  async dispose(): Promise<void> {
    await this.#detector.dispose();
  }
}

async function loaded(
  { image, label, mask }: SupportSource,
  reading: ReadingOptions,
): Promise<SupportImage> {
  const decoded = await pixels(image, reading);
  if (mask === undefined) return { image: decoded, label };
  if (typeof mask !== 'string') return { image: decoded, label, mask };
  const { width, height } = decoded;
  const size = { width, height, ...(typeof image === 'string' && { path: image }) };
  return { image: decoded, label, mask: await readMask(mask, size, reading) };
}

function pixels(image: ImageSource, reading: ReadingOptions): Promise<RasterImage> | RasterImage {
  if (typeof image === 'string') return readImage(image, reading);
  return image instanceof Uint8Array ? decodeImage(image, 'the image', reading) : image;
}
