import type { PixelMap } from '../base/image.js';
import type { Random } from '../base/random.js';
import { assertLimit } from './auroc.js';
import { type BinningError, binningError } from './binningError.js';
import { hasEnoughUnits, type Interval, resamplingUnits } from './bootstrap.js';
import { type Confusion, confusionOf, type Rates, ratesOf, sumOfConfusions } from './confusion.js';
import type { Connectivity } from './connectedComponents.js';
import { type EvaluationEvidence, evaluationIntervals, named } from './evaluationIntervals.js';
import { type ImageMetrics, imageMetrics, type PixelMetrics, pixelMetrics } from './metricSets.js';
import { type PixelSketch, sketchPixels } from './pixelSketch.js';
import { PixelStatistics, type PixelStatisticsOptions } from './pixelStatistics.js';
import type { PixelCounts } from './pixelTable.js';
import { assertFinite, RankedScores } from './thresholdCounts.js';

/** One image with what a model said of it and what is true. */
export interface EvaluatedImage {
  /** Anomaly score, finite; higher means more abnormal. What the threshold is compared with. */
  readonly score: number;
  /**
   * What the ranking metrics are taken from, where `score` was calibrated: far from the validation
   * images different raw scores are calibrated to the same number, and would tie.
   */
  readonly rawScore?: number;
  /** 0 normal, 1 abnormal. */
  readonly label: 0 | 1;
  /** Who the image is of; absent or null where nobody knows. */
  readonly patient?: string | null;
  /** The anomaly map, where pixels are to be measured too. */
  readonly map?: PixelMap | null;
  /**
   * As large as the map, anomalous from 0.5 on. Without one, a normal image has no anomalous pixel
   * and an abnormal image is left out of the pixel metrics.
   */
  readonly mask?: PixelMap | null;
}

/** What {@link EvaluationAccumulator} measures beside the ranking metrics. */
export interface EvaluationOptions
  extends Pick<PixelStatisticsOptions, 'maxDistinct' | 'maxCells'> {
  /** Decides images (abnormal where score ≥ threshold); chosen elsewhere, on other images. */
  readonly threshold?: number | null;
  /** Decides pixels likewise: gives Dice and IoU. */
  readonly pixelThreshold?: number | null;
  /** Largest false-positive rate of AUPRO; 0.3 unless told. */
  readonly auproLimit?: number;
  /** Whether regions join across corners (8, the default) or not (4). */
  readonly connectivity?: Connectivity;
  /** Whether to keep what intervals of pixel metrics need, about 4 KB an image; true unless told. */
  readonly pixelIntervals?: boolean;
}

/** Decisions at a threshold. */
export interface Decisions {
  readonly threshold: number;
  readonly confusion: Confusion;
  /** Of pixels, `f1` is Dice. */
  readonly rates: Rates;
}

/** What came out. Plain JSON; metrics are 0…1, null where undefined. */
export interface Evaluation {
  readonly n: {
    readonly normal: number;
    readonly abnormal: number;
    /** Different patients; null where none is known. */
    readonly patients: number | null;
  };
  readonly image: ImageMetrics;
  /** Null without any anomalous pixel. */
  readonly pixel:
    | (PixelMetrics & {
        /** Images whose pixels are in. */
        readonly images: number;
        /** Regions of their masks. */
        readonly regions: number;
        /** How far the binned values can be off at most, 0 each where counting was exact. */
        readonly binningError: BinningError;
      })
    | null;
  /**
   * 95 % intervals by metric, named as by `metricValues`; see `evaluationIntervals`. None where a
   * class has fewer than three patients (images, where no patient is known).
   */
  readonly intervals: Readonly<Record<string, Interval>>;
  /** What the intervals were resampled over; null without intervals. */
  readonly resampled: 'patients' | 'images' | null;
  readonly threshold: number | null;
  readonly decisions: Decisions | null;
  readonly pixelDecisions: Decisions | null;
}

/** How {@link EvaluationAccumulator.result} finds intervals. */
export interface IntervalOptions {
  /** Without one there are no intervals. */
  readonly random?: Random;
  /** 1000 unless told. */
  readonly replicates?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Evaluates images one after the other; nothing of an image's map is kept but counts, so a set of
 * any size fits in memory (see `PixelStatistics`).
 */
export class EvaluationAccumulator {
  readonly #options: EvaluationOptions;
  readonly #pixels: PixelStatistics;
  readonly #rawScores: number[] = [];
  readonly #labels: number[] = [];
  readonly #patients: (string | undefined)[] = [];
  readonly #sketches: (PixelSketch | null)[] = [];
  readonly #imageConfusions: Confusion[] = [];
  readonly #pixelConfusions: Confusion[] = [];
  readonly #hasAnomalousPixels: boolean[] = [];
  #pixelImages = 0;

  /** @throws {IqeError} `usage` for a limit of AUPRO that is not in (0, 1]. */
  constructor(options: EvaluationOptions = {}) {
    assertLimit(options.auproLimit ?? 0.3);
    this.#options = options;
    this.#pixels = new PixelStatistics(options);
  }

  /**
   * Counts one image.
   *
   * @throws {IqeError} `shape` where map and mask differ in size, `runtime` where its score or one
   *   of the map is not finite; the image is then left out.
   */
  add({ score, rawScore = score, label, patient, map, mask }: EvaluatedImage): void {
    assertFinite([score, rawScore], 'score');
    const pixels = map && (mask || label === 0) ? this.#pixels.add({ map, mask }) : null;
    this.#rawScores.push(rawScore);
    this.#labels.push(label);
    this.#patients.push(patient ?? undefined);
    this.#hasAnomalousPixels.push(pixels !== null && pixels.positives.length > 0);
    const keepsSketch = pixels !== null && this.#options.pixelIntervals !== false;
    this.#sketches.push(keepsSketch ? sketchPixels(pixels) : null);
    const { threshold = null, pixelThreshold = null } = this.#options;
    const [positives, negatives] = label === 1 ? [[score], []] : [[], [score]];
    this.#imageConfusions.push(confusionOf(positives, negatives, threshold));
    this.#pixelConfusions.push(
      confusionOf(pixels?.positives ?? [], pixels?.negatives ?? [], pixelThreshold),
    );
    if (pixels) this.#pixelImages++;
  }

  /**
   * All metrics of the images so far.
   *
   * @throws {IqeError} `interrupted` by the signal.
   */
  result(intervals: IntervalOptions = {}): Evaluation {
    const { threshold = null, pixelThreshold = null, auproLimit = 0.3 } = this.#options;
    const ranked = new RankedScores(this.#rawScores, this.#labels);
    const counts = ranked.counts();
    const pixelCounts = this.#pixels.counts();
    const hasPixels = pixelCounts.positives > 0;
    const known = this.#patients.filter((patient) => patient !== undefined);
    const evidence: EvaluationEvidence = {
      ranked,
      units: resamplingUnits(
        this.#labels.map((label, i) => ({
          abnormal: label === 1,
          patient: this.#patients[i],
          anomalousPixels: this.#hasAnomalousPixels[i] as boolean,
        })),
      ),
      imageConfusions: threshold === null ? null : this.#imageConfusions,
      pixelCounts: hasPixels ? pixelCounts : null,
      sketches: this.#sketches,
      pixelConfusions: hasPixels && pixelThreshold !== null ? this.#pixelConfusions : null,
      auproLimit,
    };
    const { random, ...rest } = intervals;
    const hasIntervals = random !== undefined && hasEnoughUnits(evidence.units);
    return {
      n: {
        normal: counts.negatives,
        abnormal: counts.positives,
        patients: known.length > 0 ? new Set(known).size : null,
      },
      image: imageMetrics(counts),
      pixel: hasPixels ? this.#pixelResult(pixelCounts, auproLimit) : null,
      intervals: hasIntervals ? evaluationIntervals(evidence, { random, ...rest }) : {},
      resampled: hasIntervals ? (known.length > 0 ? 'patients' : 'images') : null,
      threshold,
      decisions: decided(threshold, evidence.imageConfusions),
      pixelDecisions: decided(pixelThreshold, evidence.pixelConfusions),
    };
  }

  #pixelResult(counts: PixelCounts, auproLimit: number): Evaluation['pixel'] {
    return {
      ...pixelMetrics(counts, auproLimit),
      images: this.#pixelImages,
      regions: counts.regions,
      binningError: binningError(counts, auproLimit),
    };
  }
}

/** {@link EvaluationAccumulator} over a list. */
export function evaluateImages(
  images: Iterable<EvaluatedImage>,
  options: EvaluationOptions & IntervalOptions = {},
): Evaluation {
  const accumulator = new EvaluationAccumulator(options);
  for (const image of images) accumulator.add(image);
  return accumulator.result(options);
}

/**
 * Every metric of an evaluation by name: `image.auroc`, `pixel.aupro`, `decisions.sensitivity`,
 * `pixelDecisions.iou`, … The same names as in its intervals.
 */
export function metricValues(evaluation: Evaluation): Record<string, number | null> {
  const { image, pixel, decisions, pixelDecisions } = evaluation;
  return {
    ...named('image', image),
    ...(pixel &&
      named('pixel', {
        auroc: pixel.auroc,
        ap: pixel.ap,
        aupro: pixel.aupro,
        f1Max: pixel.f1Max,
      })),
    ...(decisions && named('decisions', decisions.rates)),
    ...(pixelDecisions && named('pixelDecisions', pixelDecisions.rates)),
  };
}

function decided(
  threshold: number | null,
  confusions: readonly Confusion[] | null,
): Decisions | null {
  if (threshold === null || confusions === null) return null;
  const confusion = sumOfConfusions(confusions);
  return { threshold, confusion, rates: ratesOf(confusion) };
}
