import { throwIfAborted } from '../base/errors.js';
import type { PixelMap, RasterImage } from '../base/image.js';
import { measureMap, resizeMap } from '../base/resizeMap.js';
import { imagePlanes } from '../clip/preprocess.js';
import { calibrated } from '../metrics/calibration.js';
import type { Predictor } from './predictor.js';
import type { Decision, SavedRun } from './savedRun.js';

/** What a detector says of an image. */
export interface Prediction {
  /** Anomaly score, 0 (normal) … 1 (abnormal), calibrated: it means the same for any number of images. */
  readonly score: number;
  /** The method's own score, before calibration. */
  readonly rawScore: number;
  /** The score from which an image counts as abnormal; null where none could be chosen. */
  readonly threshold: number | null;
  readonly label: 'normal' | 'abnormal' | null;
  /** Anomaly map at the image's own size, 0…1. */
  readonly map: PixelMap;
  /** Value of the map from which a pixel counts as abnormal. */
  readonly mapThreshold: number | null;
  /** Where the map is largest, in pixels of the image. */
  readonly peak: { readonly x: number; readonly y: number };
  /** Pixels at or above the map's threshold. */
  readonly areaPixels: number | null;
}

/** A prediction with the map as the model computed it, for metrics at the model's own size. */
export interface DetailedPrediction extends Prediction {
  /** [S, S] */
  readonly modelMap: PixelMap;
}

export interface PredictOptions {
  readonly signal?: AbortSignal | undefined;
}

/** A trained model that is ready to score images. */
export class AnomalyDetector {
  /** The run that it comes from: configuration, support images, how it decides. */
  readonly run: SavedRun & { readonly decision: Decision };
  readonly #predictor: Predictor;

  constructor(predictor: Predictor, run: SavedRun & { readonly decision: Decision }) {
    this.#predictor = predictor;
    this.run = run;
  }

  /** Side S of the square that images are resized to. */
  get imageSize(): number {
    return this.#predictor.imageSize;
  }

  /**
   * Score and anomaly map of an image.
   *
   * @throws {IqeError} `interrupted`
   */
  async predict(image: RasterImage, options: PredictOptions = {}): Promise<DetailedPrediction> {
    throwIfAborted(options.signal);
    const [raw] = await this.#predictor.predict([imagePlanes(image, this.imageSize)]);
    throwIfAborted(options.signal);
    const { score: rawScore, map: data } = raw!;
    const modelMap: PixelMap = { width: this.imageSize, height: this.imageSize, data };
    const map = resizeMap(modelMap, image.width, image.height);
    const { calibration, threshold: chosen, mapThreshold } = this.run.decision;
    const score = calibrated(calibration, rawScore);
    const threshold = chosen?.threshold ?? null;
    const label = threshold === null ? null : score >= threshold ? 'abnormal' : 'normal';
    return {
      score,
      rawScore,
      threshold,
      label,
      map,
      mapThreshold,
      ...measureMap(map, mapThreshold),
      modelMap,
    };
  }

  /** Frees the model's memory; the detector cannot be used afterwards. */
  async dispose(): Promise<void> {
    await this.#predictor.release();
  }
}
