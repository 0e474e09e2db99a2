import type { RasterImage } from '../base/image.js';
import type { ProgressCallback } from '../base/progress.js';
import { decodeImage, readImage } from '../data/decode.node.js';
import { readMask } from '../data/mask.node.js';
import { nodeRuntime } from '../graph/runtime.node.js';
import { openBackbone } from './backbone.node.js';
import {
  AnomalyDetector,
  type DetectorFitOptions,
  type Prediction,
  type SupportImage,
} from './detector.js';
import { openRun, RunFolder } from './runFolder.node.js';

/** A path, the bytes of an image file, or decoded pixels. */
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
 * The detector in Node: images may be paths or the bytes of files.
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
   * Loads the folder of a run, which can predict at once, or a backbone (`tiny`, a folder, a hub name),
   * which has to be fitted first.
   *
   * @throws {IqeError} `checkpoint`, `download`, `usage`, `interrupted`
   */
  static async fromPretrained(
    name: string,
    options: FromPretrainedOptions = {},
  ): Promise<NodeAnomalyDetector> {
    const { threads, signal, progress_callback: onProgress } = options;
    const runtime = nodeRuntime(threads === undefined ? {} : { threads });
    if (await new RunFolder(name).read()) {
      return new NodeAnomalyDetector(
        (await openRun(name, runtime, { signal, onProgress })).detector,
      );
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
    await this.#detector.fit(await Promise.all(support.map(loaded)), {
      ...rest,
      validation: await Promise.all(validation.map(loaded)),
    });
  }

  /** {@link AnomalyDetector.predict} of an image from a file. */
  async predict(
    image: ImageSource,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Prediction> {
    return this.#detector.predict(await pixels(image), options);
  }

  /** {@link AnomalyDetector.dispose} */
  async dispose(): Promise<void> {
    await this.#detector.dispose();
  }
}

async function loaded({ image, label, mask }: SupportSource): Promise<SupportImage> {
  const decoded = await pixels(image);
  if (mask === undefined) return { image: decoded, label };
  if (typeof mask !== 'string') return { image: decoded, label, mask };
  const path = typeof image === 'string' ? image : 'the image';
  const { width, height } = decoded;
  return { image: decoded, label, mask: await readMask(mask, { width, height, path }) };
}

function pixels(image: ImageSource): Promise<RasterImage> | RasterImage {
  if (typeof image === 'string') return readImage(image);
  return image instanceof Uint8Array ? decodeImage(image, 'the image') : image;
}
