import { IqeError, throwIfAborted } from '../base/errors.js';
import type { PixelMap, RasterImage } from '../base/image.js';
import type { ProgressCallback } from '../base/progress.js';
import { measureMap, resizeMap } from '../base/resizeMap.js';
import { imagePlanes } from '../clip/preprocess.js';
import type { HostTensors, Runtime } from '../graph/session.js';
import { entryOf, type MethodName } from '../methods/registry.js';
import { calibrated } from '../metrics/calibration.js';
import { type RunConfig, resolveRunConfig } from './config.js';
import { MemoryFeatureStore } from './features.js';
import { fitFewShot } from './fewShot.js';
import type { Backbone } from './openMethod.js';
import type { ImageEmbeddings, Predictor, RawPrediction } from './predictor.js';
import type { Decision } from './savedRun.js';
import type { LabelledImage } from './supportViews.js';

/** What a detector says of an image. */
export interface Prediction {
  /** Anomaly score, 0 (normal) … 1 (abnormal), calibrated: it means the same for any number of images. */
  readonly score: number;
  /** The method's own score, before calibration. */
  readonly rawScore: number;
  /** The score from which an image counts as abnormal; null where none could be chosen. */
  readonly threshold: number | null;
  readonly label: 'normal' | 'abnormal' | null;
  /**
   * Whether there is a map. Methods that score whole images give none: there, asking for `map`, `peak`
   * or `modelMap` throws an error that says so, and `areaPixels` is null.
   */
  readonly hasMap: boolean;
  /** Anomaly map at the image's own size, 0…1. */
  readonly map: PixelMap;
  /** Value of the map from which a pixel counts as abnormal. */
  readonly mapThreshold: number | null;
  /** Where the map is largest, in pixels of the image. */
  readonly peak: { readonly x: number; readonly y: number };
  /** Pixels at or above the map's threshold. */
  readonly areaPixels: number | null;
  /** The map as the model computed it [S, S], in the method's own unit. */
  readonly modelMap: PixelMap;
  /** The embeddings that the image was compared with, by name, where a predictor gives them. */
  readonly embeddings?: ImageEmbeddings;
}

/** An image as the model takes it, see {@link AnomalyDetector.prepare}. */
export interface PreparedImage {
  /** Of the image itself, in pixels: what its map will have. */
  readonly width: number;
  readonly height: number;
  /** [3, S, S] in 0…1 */
  readonly planes: Float32Array;
}

/** A labelled image to learn from. */
export interface SupportImage {
  readonly image: RasterImage;
  readonly label: 'normal' | 'abnormal';
  /** 1 where abnormal, at the image's size. With masks for all abnormal images, the map learns too. */
  readonly mask?: PixelMap;
}

export interface DetectorFitOptions {
  /** What differs from the preset, e.g. `{ training: { epochs: 20 } }`. */
  readonly config?: object;
  /** Other labelled images, to choose the threshold on; the support images if there are none. */
  readonly validation?: readonly SupportImage[];
  readonly signal?: AbortSignal;
  readonly progress_callback?: ProgressCallback;
}

/** What was learned, and how. */
export interface FittedHead {
  readonly config: RunConfig;
  readonly decision: Decision;
  readonly history: readonly number[];
}

/** A backbone with or without something learned on it: it learns from a few images, and scores others. */
export class AnomalyDetector {
  readonly #backbone: Backbone;
  readonly #runtime: Runtime;
  #head: FittedHead | undefined;
  #predictor: Predictor | undefined;
  #tensors: HostTensors | undefined;

  constructor(
    backbone: Backbone,
    runtime: Runtime,
    fitted?: { head: FittedHead; predictor: Predictor },
  ) {
    this.#backbone = backbone;
    this.#runtime = runtime;
    this.#head = fitted?.head;
    this.#predictor = fitted?.predictor;
  }

  /** What was learned; nothing before {@link fit}. */
  get head(): FittedHead | undefined {
    return this.#head;
  }

  get backbone(): Backbone {
    return this.#backbone;
  }

  /** Trained parameters and what is remembered of images, where this object was fitted. */
  get tensors(): HostTensors | undefined {
    return this.#tensors;
  }

  /**
   * Learns from a few images, forgetting what was learned before.
   *
   * @throws {IqeError} `usage`, `data` where the method needs other images; `config`; `interrupted`.
   */
  async fit(support: readonly SupportImage[], options: DetectorFitOptions = {}): Promise<void> {
    const config = resolveRunConfig(options.config);
    const abnormal = support.filter(({ label }) => label === 'abnormal');
    const masks = abnormal.every(({ mask }) => mask !== undefined);
    const labelled = (images: readonly SupportImage[]) =>
      images.map((image) => labelledImage(image, masks));
    const { tensors, history, decision, predictor } = await fitFewShot(
      this.#backbone,
      config,
      labelled(support),
      labelled(options.validation ?? []),
      new MemoryFeatureStore(),
      this.#runtime,
      { signal: options.signal, onProgress: options.progress_callback, keepPredictor: true },
    );
    await this.#predictor?.release();
    this.#predictor = predictor;
    this.#tensors = tensors;
    this.#head = { config, decision, history };
  }

  /**
   * Score and anomaly map of an image.
   *
   * @throws {IqeError} `usage` before anything was learned; `interrupted`.
   */
  async predict(
    image: RasterImage,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Prediction> {
    const [prediction] = await this.predictPrepared([this.prepare(image)], options);
    return prediction!;
  }

  /** S, the side of the square that the model takes. */
  get imageSize(): number {
    return this.#fitted.predictor.imageSize;
  }

  /** How many images {@link predictPrepared} had best be given at once. */
  get imagesPerRun(): number {
    return this.#fitted.predictor.imagesPerRun;
  }

  /** What the model takes of an image. */
  prepare(image: RasterImage): PreparedImage {
    const { width, height } = image;
    return { width, height, planes: imagePlanes(image, this.imageSize) };
  }

  /**
   * Scores and anomaly maps of images that were prepared: the same as one by one, sooner.
   *
   * @throws {IqeError} `usage` before anything was learned; `interrupted`.
   */
  async predictPrepared(
    images: readonly PreparedImage[],
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Prediction[]> {
    const { predictor } = this.#fitted;
    const predictions: Prediction[] = [];
    for (let start = 0; start < images.length; start += predictor.imagesPerRun) {
      throwIfAborted(options.signal);
      const some = images.slice(start, start + predictor.imagesPerRun);
      const raw = await predictor.predict(some.map(({ planes }) => planes));
      throwIfAborted(options.signal);
      predictions.push(...some.map((image, index) => this.#shown(image, raw[index]!)));
    }
    return predictions;
  }

  /** Frees the model's memory; the detector must be fitted again to be used. */
  async dispose(): Promise<void> {
    await this.#predictor?.release();
    this.#predictor = undefined;
  }

  get #fitted(): { readonly predictor: Predictor; readonly head: FittedHead } {
    if (this.#predictor && this.#head) return { predictor: this.#predictor, head: this.#head };
    throw new IqeError('usage', 'This detector has learned nothing yet.', {
      hint: 'Call fit() with a few labelled images, or load a run.',
    });
  }

  /** What a prediction is for those who asked: calibrated, at the image's own size. */
  #shown(image: Pick<PreparedImage, 'width' | 'height'>, raw: RawPrediction): Prediction {
    const { predictor, head } = this.#fitted;
    const { imageSize } = predictor;
    const { score: rawScore, map: data, embeddings } = raw;
    const { calibration, threshold: chosen, mapThreshold, mapRange } = head.decision;
    const score = calibrated(calibration, rawScore);
    const threshold = chosen?.threshold ?? null;
    const label = threshold === null ? null : score >= threshold ? 'abnormal' : 'normal';
    if (!data) return new MaplessPrediction({ score, rawScore, threshold, label }, head.config);
    const modelMap: PixelMap = { width: imageSize, height: imageSize, data };
    const map = resizeMap(modelMap, image.width, image.height);
    const measures = measureMap(map, mapThreshold);
    return {
      score,
      rawScore,
      threshold,
      label,
      hasMap: true,
      map: mapRange ? { ...map, data: map.data.map((value) => shown(value, mapRange)) } : map,
      mapThreshold: mapThreshold && shown(mapThreshold, mapRange),
      ...measures,
      modelMap,
      ...(embeddings && { embeddings }),
    };
  }
}

type Scored = Pick<Prediction, 'score' | 'rawScore' | 'threshold' | 'label'>;

/** What a method says that scores whole images: there is no map to be shown, and none is made up. */
class MaplessPrediction implements Prediction {
  readonly score: number;
  readonly rawScore: number;
  readonly threshold: number | null;
  readonly label: Prediction['label'];
  readonly hasMap = false;
  readonly mapThreshold = null;
  readonly areaPixels = null;
  readonly #config: RunConfig;

  constructor({ score, rawScore, threshold, label }: Scored, config: RunConfig) {
    this.score = score;
    this.rawScore = rawScore;
    this.threshold = threshold;
    this.label = label;
    this.#config = config;
  }

  get map(): never {
    throw noMap(this.#config.method);
  }

  get modelMap(): never {
    throw noMap(this.#config.method);
  }

  get peak(): never {
    throw noMap(this.#config.method);
  }
}

/** The error that says that a method gives no map. */
export function noMap(method: MethodName): IqeError {
  const { title } = entryOf(method);
  return new IqeError('usage', `${title} scores whole images and gives no map.`, {
    hint: 'Ask for scores alone, or fit another method.',
  });
}

/** A map's value in 0…1. */
function shown(value: number, range: Decision['mapRange']): number {
  if (!range) return value;
  const [low, high] = range;
  return high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0;
}

function labelledImage({ image, label, mask }: SupportImage, masks: boolean): LabelledImage {
  const { width, height } = image;
  const empty: PixelMap = { width, height, data: new Float32Array(width * height) };
  return {
    label: label === 'abnormal' ? 1 : 0,
    image: async () => image,
    mask: async () => (masks ? (mask ?? empty) : null),
  };
}
