import { type Labels, RankedScores } from './thresholdCounts.js';

/**
 * How a raw anomaly score becomes a number from 0 to 1. It depends on nothing but the score, so it
 * says the same of one image as of a thousand (min–max over a test set does not), and it never
 * changes which of two images is the more suspicious. Plain JSON, saved with the run.
 */
export type Calibration =
  | {
      /** 1 / (1 + exp(−(slope · score + intercept))), slope > 0. */
      readonly kind: 'logistic';
      readonly slope: number;
      readonly intercept: number;
      /** What it was fitted on: see {@link fitCalibration}. */
      readonly fittedOn: 'both classes' | 'normal samples';
      readonly samples: { readonly normal: number; readonly abnormal: number };
    }
  | {
      /** The score itself, cut to 0…1: for models whose score is a probability already. */
      readonly kind: 'identity';
    };

/**
 * The calibrated score, 0…1, never falling with `score`. Decisions are better taken on the raw
 * score: far from the validation samples calibrated scores round to the same number.
 */
export function calibrated(calibration: Calibration, score: number): number {
  if (calibration.kind === 'identity') return Math.min(1, Math.max(0, score));
  return 1 / (1 + Math.exp(-(calibration.slope * score + calibration.intercept)));
}

/**
 * Fits a calibration on validation samples.
 *
 * **Both classes** (one sample each is enough): Platt's scaling, the logistic function that
 * minimises
 *
 *     − Σ wᵢ (tᵢ log pᵢ + (1 − tᵢ) log(1 − pᵢ))
 *
 * with Platt's targets t = (N₊ + 1) / (N₊ + 2) and 1 / (N₋ + 2): one imagined sample of the other
 * kind per class, which keeps the slope finite where the classes do not overlap and modest where
 * samples are few. Each class weighs one half, so 0.5 is where a score is as likely from either,
 * whatever the mixture of the validation set. The slope is held at no less than 0.1 per standard
 * deviation of the scores: where the validation set contradicts the model, the result stays near
 * 0.5 but keeps the order.
 *
 * **Normal samples only** (two or more, not all equal): mean → 0.05, mean + 3 standard
 * deviations → 0.5.
 *
 * **Neither**: identity.
 *
 * Chosen over isotonic regression, which needs hundreds of samples and makes ties.
 * Sources: Platt 1999; Newton's method as in Lin, Lin & Weng, Machine Learning 2007.
 *
 * @throws {IqeError} `shape` where the lengths differ, `runtime` where a score is not finite.
 */
export function fitCalibration(scores: ArrayLike<number>, labels: Labels): Calibration {
  const values = Float64Array.from(scores);
  const { labels: abnormal } = new RankedScores(values, labels);
  const positives = abnormal.reduce((sum, label) => sum + label, 0);
  const samples = { normal: values.length - positives, abnormal: positives };
  const { centre, scale } = standardised(values);
  if (samples.normal > 0 && samples.abnormal > 0) {
    const { slope, intercept } = plattFit(
      Array.from(values, (value, i) => ({
        x: (value - centre) / scale,
        target: abnormal[i] === 1 ? (positives + 1) / (positives + 2) : 1 / (samples.normal + 2),
        weight: 0.5 / (abnormal[i] === 1 ? positives : samples.normal),
      })),
    );
    return {
      kind: 'logistic',
      slope: slope / scale,
      intercept: intercept - (slope * centre) / scale,
      fittedOn: 'both classes',
      samples,
    };
  }
  if (samples.normal >= 2 && values.some((value) => value !== values[0])) {
    const slope = Math.log(19) / (3 * scale);
    return {
      kind: 'logistic',
      slope,
      intercept: -slope * (centre + 3 * scale),
      fittedOn: 'normal samples',
      samples,
    };
  }
  return { kind: 'identity' };
}

/** Least slope, per standard deviation of the scores. */
const LEAST_SLOPE = 0.1;

/** One validation sample as the fit sees it. */
interface FitSample {
  /** Standardised score. */
  readonly x: number;
  /** Wanted probability. */
  readonly target: number;
  readonly weight: number;
}

interface Line {
  readonly slope: number;
  readonly intercept: number;
}

/** The line with the least loss among those whose slope is at least {@link LEAST_SLOPE}. */
function plattFit(samples: readonly FitSample[]): Line {
  const best = newton(samples, { slope: 1, intercept: 0 }, false);
  // The loss is convex: where the best line is not allowed, the best allowed one is on the bound.
  return best.slope >= LEAST_SLOPE
    ? best
    : newton(samples, { slope: LEAST_SLOPE, intercept: 0 }, true);
}

/** Newton's method, each step halved until the loss falls. */
function newton(samples: readonly FitSample[], start: Line, slopeHeld: boolean): Line {
  let line = start;
  let loss = lossOf(samples, line);
  for (let iteration = 0; iteration < 100; iteration++) {
    const step = newtonStep(samples, line, slopeHeld);
    let next = line;
    let nextLoss = loss;
    for (let share = 1; share > 1e-10 && !(nextLoss < loss); share /= 2) {
      next = {
        slope: line.slope - share * step.slope,
        intercept: line.intercept - share * step.intercept,
      };
      nextLoss = lossOf(samples, next);
    }
    if (!(nextLoss < loss)) break;
    line = next;
    loss = nextLoss;
  }
  return line;
}

/** Σ w (log(1 + eᶻ) − t z), which is the cross-entropy; z = slope · x + intercept. */
function lossOf(samples: readonly FitSample[], { slope, intercept }: Line): number {
  let sum = 0;
  for (const { x, target, weight } of samples) {
    const z = slope * x + intercept;
    sum += weight * (Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - target * z);
  }
  return sum;
}

/** Inverse Hessian times gradient. */
function newtonStep(samples: readonly FitSample[], line: Line, slopeHeld: boolean): Line {
  let gradientSlope = 0;
  let gradientIntercept = 0;
  // A trace of curvature keeps the Hessian invertible where all scores are equal.
  let slopeSlope = 1e-12;
  let interceptIntercept = 1e-12;
  let slopeIntercept = 0;
  for (const { x, target, weight } of samples) {
    const p = 1 / (1 + Math.exp(-(line.slope * x + line.intercept)));
    const residual = weight * (p - target);
    const curvature = weight * p * (1 - p);
    gradientSlope += residual * x;
    gradientIntercept += residual;
    slopeSlope += curvature * x * x;
    interceptIntercept += curvature;
    slopeIntercept += curvature * x;
  }
  if (slopeHeld) return { slope: 0, intercept: gradientIntercept / interceptIntercept };
  const determinant = slopeSlope * interceptIntercept - slopeIntercept * slopeIntercept;
  return {
    slope: (interceptIntercept * gradientSlope - slopeIntercept * gradientIntercept) / determinant,
    intercept: (slopeSlope * gradientIntercept - slopeIntercept * gradientSlope) / determinant,
  };
}

/** Mean and sample deviation, 1 where that is 0. */
function standardised(values: Float64Array): { centre: number; scale: number } {
  const centre = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  const scale = Math.sqrt(squares / Math.max(1, values.length - 1));
  return { centre, scale: scale > 0 ? scale : 1 };
}
