import { type Labels, RankedScores } from './thresholdCounts.js';

/** AUROC with its sampling variance. */
export interface DeLong {
  readonly auroc: number;
  /** Of the AUROC. */
  readonly variance: number;
  /** AUROC ± 1.95996 σ, cut to 0…1: 95 %. */
  readonly interval: [low: number, high: number];
}

/**
 * The variance of AUROC (DeLong et al., Biometrics 1988), from mid-ranks (Sun & Xu, IEEE SPL
 * 2014):
 *
 *     V⁺ᵢ = P(s⁻ < sᵢ⁺) + ½ P(s⁻ = sᵢ⁺),   V⁻ⱼ = P(s⁺ > sⱼ⁻) + ½ P(s⁺ = sⱼ⁻)
 *     variance = var(V⁺) / P + var(V⁻) / N
 *
 * Takes the samples for independent: with several images of one patient it is too narrow, and the
 * bootstrap over patients is the one to use. Null with fewer than two of either class.
 *
 * @throws {IqeError} `shape` where the lengths differ, `runtime` where a score is not finite.
 */
export function delong(scores: ArrayLike<number>, labels: Labels): DeLong | null {
  const { abnormal, normal } = placements(scores, labels);
  if (abnormal.length < 2 || normal.length < 2) return null;
  const auroc = mean(abnormal);
  const variance = spread(abnormal) / abnormal.length + spread(normal) / normal.length;
  const margin = NORMAL_QUANTILE_975 * Math.sqrt(variance);
  return {
    auroc,
    variance,
    interval: [Math.max(0, auroc - margin), Math.min(1, auroc + margin)],
  };
}

/** Two AUROCs of the same samples, compared. */
export interface DeLongComparison {
  /** AUROC of the first scores minus that of the second. */
  readonly difference: number;
  /** Of the difference. */
  readonly variance: number;
  /** Two-sided; 1 where the two rank all pairs alike. */
  readonly pValue: number;
}

/**
 * DeLong's test of two methods on the same images: z = (A₁ − A₂) / √(var₁ + var₂ − 2 cov), normal
 * under the hypothesis of equal areas. Null with fewer than two of either class.
 *
 * @throws {IqeError} `shape` where the lengths differ, `runtime` where a score is not finite.
 */
export function compareAurocs(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  labels: Labels,
): DeLongComparison | null {
  const one = placements(first, labels);
  const two = placements(second, labels);
  if (one.abnormal.length < 2 || one.normal.length < 2) return null;
  const abnormal = one.abnormal.map((value, i) => value - (two.abnormal[i] as number));
  const normal = one.normal.map((value, i) => value - (two.normal[i] as number));
  const difference = mean(abnormal);
  const variance = spread(abnormal) / abnormal.length + spread(normal) / normal.length;
  const pValue =
    variance > 0
      ? complementaryError(Math.abs(difference) / Math.sqrt(2 * variance))
      : difference === 0
        ? 1
        : 0;
  return { difference, variance, pValue };
}

/** How every sample ranks against the other class; each list in the order the samples came in. */
interface Placements {
  /** V⁺: share of normal samples below each abnormal one, ties by half. */
  readonly abnormal: Float64Array;
  /** V⁻: share of abnormal samples above each normal one, ties by half. */
  readonly normal: Float64Array;
}

function placements(scores: ArrayLike<number>, labels: Labels): Placements {
  const ranked = new RankedScores(scores, labels);
  const { truePositives, falsePositives, positives, negatives } = ranked.counts();
  const placed = new Float64Array(ranked.order.length);
  let at = 0;
  for (let group = 0; group < ranked.ends.length; group++) {
    // Counts above the group's score, and half of the group itself.
    const found = ((truePositives[group] as number) + (truePositives[group - 1] ?? 0)) / 2;
    const alarms = ((falsePositives[group] as number) + (falsePositives[group - 1] ?? 0)) / 2;
    for (const end = ranked.ends[group] as number; at < end; at++) {
      const sample = ranked.order[at] as number;
      placed[sample] =
        ranked.labels[sample] === 1 ? (negatives - alarms) / negatives : found / positives;
    }
  }
  return {
    abnormal: placed.filter((_, sample) => ranked.labels[sample] === 1),
    normal: placed.filter((_, sample) => ranked.labels[sample] === 0),
  };
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sample variance, over n − 1. */
function spread(values: Float64Array): number {
  const centre = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return squares / (values.length - 1);
}

/** erfc(x) for x ≥ 0: its power series near 0, its continued fraction beyond. */
function complementaryError(x: number): number {
  const density = (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x);
  if (x < 2) {
    let term = x;
    let sum = x;
    for (let k = 1; k < 60; k++) {
      term *= (2 * x * x) / (2 * k + 1);
      sum += term;
    }
    return 1 - density * sum;
  }
  let fraction = 0;
  for (let k = 60; k >= 1; k--) fraction = k / 2 / (x + fraction);
  return density / 2 / (x + fraction);
}

const NORMAL_QUANTILE_975 = 1.959963984540054;
