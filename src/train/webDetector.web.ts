import { IqeError } from '../base/errors.js';
import type { PixelMap } from '../base/image.js';
import type { ProgressCallback } from '../base/progress.js';
import { fetchTokenizer, loadCheckpoint } from '../clip/checkpoint.web.js';
import { type FetchOptions, fetchFile, fetchText, folderUrl } from '../clip/fetchFile.web.js';
import { readSafetensorsHeader, toFloat32 } from '../clip/safetensors.js';
import { type WebImageSource, webImage, webMaskPicture } from '../data/decode.web.js';
import { maskFromImage } from '../data/mask.js';
import { type ReadingOptions, readingOptions } from '../data/readingSettings.js';
import { type WebRuntimeOptions, webRuntime } from '../graph/runtime.web.js';
import type { HostTensor, Runtime } from '../graph/session.js';
import { resolveRunConfig } from './config.js';
import {
  AnomalyDetector,
  type DetectorFitOptions,
  type Prediction,
  type SupportImage,
} from './detector.js';
import { createPredictor } from './fewShot.js';
import { constantWeights } from './fittedWeights.js';
import type { Backbone } from './openMethod.js';
import { parseSavedRun } from './savedRun.js';

/** A labelled image to learn from, in files or in memory. */
export interface WebSupportSource {
  readonly image: WebImageSource;
  readonly label: 'normal' | 'abnormal';
  /** A picture of the mask, or the mask itself: 1 where abnormal, at the image's size. */
  readonly mask?: WebImageSource | PixelMap;
}

export interface WebFitOptions extends Omit<DetectorFitOptions, 'validation'> {
  readonly validation?: readonly WebSupportSource[];
}

export interface WebPretrainedOptions extends WebRuntimeOptions {
  /** Where a run's backbone is; by default what the run says, taken as an address beside the run. */
  readonly backbone?: string | URL;
  readonly signal?: AbortSignal;
  /** Told of what is loaded. */
  readonly progress_callback?: ProgressCallback;
}

/**
 * The detector in a browser: models come from addresses, images from files, bitmaps and canvases, and
 * everything is computed in the tab. Best used in a worker: a prediction takes the thread for a while.
 *
 * @example
 * const detector = await WebAnomalyDetector.fromPretrained('/models/tiny');
 * await detector.fit(files.map((file) => ({ image: file, label: labelOf(file) })));
 * const { score, map } = await detector.predict(droppedFile);
 * await detector.dispose();
 */
export class WebAnomalyDetector {
  /** What is computed with. */
  readonly device: 'webgpu' | 'wasm';
  readonly threads: number;
  readonly #detector: AnomalyDetector;

  private constructor(
    detector: AnomalyDetector,
    { device, threads }: Pick<WebAnomalyDetector, 'device' | 'threads'>,
  ) {
    this.#detector = detector;
    this.device = device;
    this.threads = threads;
  }

  /**
   * Loads the folder of a run that `fit` wrote, which can predict at once, or of a backbone, which has
   * to be fitted first. A page must be served securely (https, or localhost).
   *
   * @param address Of the folder; relative to the page or worker.
   * @throws {IqeError} `checkpoint`, `download`, `interrupted`; `runtime` in a page that is not secure.
   */
  static async fromPretrained(
    address: string | URL,
    options: WebPretrainedOptions = {},
  ): Promise<WebAnomalyDetector> {
    if (!globalThis.isSecureContext) {
      throw new IqeError('runtime', 'This page is not secure: it has no cryptography.', {
        hint: 'Serve it over https or from localhost.',
      });
    }
    const { signal, progress_callback: onProgress } = options;
    const loading: FetchOptions = { signal, onProgress };
    const folder = folderUrl(address);
    const web = await webRuntime(options);
    const description = await fetchText(new URL('run.json', folder), loading);
    const detector =
      description === undefined
        ? new AnomalyDetector(await loadBackbone(folder, loading), web.runtime)
        : await loadRun(folder, description, options.backbone, web.runtime, loading);
    return new WebAnomalyDetector(detector, web);
  }

  /** What was learned; nothing before {@link fit}. */
  get head() {
    return this.#detector.head;
  }

  /** {@link AnomalyDetector.fit} with images and masks of any of the browser's kinds. */
  async fit(support: readonly WebSupportSource[], options: WebFitOptions = {}): Promise<void> {
    const { validation = [], ...rest } = options;
    const reading = readingOptions(resolveRunConfig(options.config).reading);
    const loadAll = (sources: readonly WebSupportSource[]) =>
      Promise.all(sources.map((source) => loaded(source, reading)));
    await this.#detector.fit(await loadAll(support), {
      ...rest,
      validation: await loadAll(validation),
    });
  }

  /** {@link AnomalyDetector.predict} of an image of any of the browser's kinds. */
  async predict(
    image: WebImageSource,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Prediction> {
    const { head } = this.#detector;
    const reading = head ? readingOptions(head.config.reading) : {};
    return this.#detector.predict(await webImage(image, reading), options);
  }

  /** {@link AnomalyDetector.dispose} */
  async dispose(): Promise<void> {
    await this.#detector.dispose();
  }
}

async function loadBackbone(folder: URL, loading: FetchOptions): Promise<Backbone> {
  const checkpoint = await loadCheckpoint(folder, loading);
  return { checkpoint, tokenizer: await fetchTokenizer(folder, loading) };
}

async function loadRun(
  folder: URL,
  description: string,
  given: string | URL | undefined,
  runtime: Runtime,
  loading: FetchOptions,
): Promise<AnomalyDetector> {
  const run = parseSavedRun(description, `${folder}run.json`);
  const { config, decision, history } = run;
  const weights = await fetchFile(new URL('weights.safetensors', folder), loading);
  if (!run.finished || !decision || !weights) {
    throw new IqeError('checkpoint', `The run in ${folder} is not finished.`, {
      hint: "Repeat the 'fit' that began it, and copy run.json and weights.safetensors again.",
    });
  }
  const place = given === undefined ? new URL(config.backbone, folder) : given;
  const backbone = await loadBackbone(folderUrl(place), loading);
  if (backbone.checkpoint.identity !== run.backboneIdentity) {
    throw new IqeError('checkpoint', `The run in ${folder} was trained on other weights.`, {
      hint: "Give the address of the run's own backbone as 'backbone'.",
    });
  }
  const values = await readValues(weights, `${folder}weights.safetensors`);
  const { masks } = run.data;
  const fitted = constantWeights(values);
  const predictor = await createPredictor(backbone, config, fitted, runtime, { masks });
  return new AnomalyDetector(backbone, runtime, { head: { config, decision, history }, predictor });
}

async function readValues(bytes: Uint8Array, where: string): Promise<Record<string, HostTensor>> {
  const read = async (offset: number, length: number) => bytes.subarray(offset, offset + length);
  const { tensors } = await readSafetensorsHeader(read, bytes.length, where);
  const values: Record<string, HostTensor> = {};
  for (const [name, { offset, length, dataType, shape }] of tensors) {
    values[name] = { data: toFloat32(bytes.subarray(offset, offset + length), dataType), shape };
  }
  return values;
}

async function loaded(
  { image, label, mask }: WebSupportSource,
  reading: ReadingOptions,
): Promise<SupportImage> {
  const decoded = await webImage(image, reading);
  if (mask === undefined) return { image: decoded, label };
  if ('data' in mask && mask.data instanceof Float32Array) {
    return { image: decoded, label, mask: mask as PixelMap };
  }
  const picture = await webMaskPicture(mask as WebImageSource, reading);
  const names = { mask: 'the mask', image: 'its image' };
  return { image: decoded, label, mask: maskFromImage(picture, decoded, names) };
}
