import {
  absolute,
  add,
  atLeast,
  divide,
  exp,
  indicator,
  multiply,
  sqrt,
  square,
  subtract,
} from '../../graph/elementwise.js';
import { stopGradient } from '../../graph/gradient.js';
import { smallestAt } from '../../graph/sort.js';
import { sumAll } from '../../graph/sum.js';
import type { Tensor } from '../../graph/tensor.js';
import { negativeLogSigmoid } from '../shared/logSigmoid.js';

/*
 * The losses of BGAD (Yao et al. 2023) on log-likelihoods log p of places, each divided by the number of
 * channels. Boundaries and weights are on l = log p / 10.
 */

const normaliser = 10;
/** τ: how far below the normal boundary the abnormal one lies. */
const margin = 0.1;

export interface Boundaries {
  readonly normal: Tensor;
  readonly abnormal: Tensor;
}

/**
 * b_n, the normal log p / 10 at index ⌊β·n⌋ of those in ascending order, and b_a = b_n − τ; without a
 * gradient.
 *
 * @param logProbability [R]
 * @param mask 1 where abnormal [R]
 */
export function boundaries(logProbability: Tensor, mask: Tensor, beta: number): Boundaries {
  const far = add(logProbability, multiply(mask, 1e6)); // abnormal places come last
  const normals = sumAll(subtract(1, mask));
  const chosen = smallestAt(far, multiply(normals, beta));
  const normal = multiply(stopGradient(chosen), 1 / normaliser);
  return { normal, abnormal: subtract(normal, margin) };
}

/**
 * Focal-like weights of places: for normal ones 1 where l > −0.2, else 11.7 · (1 − e^l)^½ · |l|; for
 * abnormal ones 1 where l ≤ −1, else 0.53 · (1 + e^l)² / |l|.
 */
export function placeWeights(logProbability: Tensor, mask: Tensor): Tensor {
  const l = multiply(stopGradient(logProbability), 1 / normaliser);
  const likely = indicator('Greater', l, -0.2);
  const shortfall = sqrt(atLeast(subtract(1, exp(l)), 0));
  const normal = add(
    likely,
    multiply(subtract(1, likely), multiply(multiply(shortfall, absolute(l)), 11.7)),
  );
  const high = indicator('Greater', l, -1);
  const steep = divide(multiply(square(add(exp(l), 1)), 0.53), atLeast(absolute(l), 1e-12));
  const abnormal = add(subtract(1, high), multiply(high, steep));
  return add(multiply(subtract(1, mask), normal), multiply(mask, abnormal));
}

export interface BoundaryLosses {
  /** The weighted mean of −ln σ(log p) over normal places. */
  readonly likelihood: Tensor;
  /** How far normal places lie below b_n, the mean over those that do. */
  readonly normal: Tensor;
  /** How far abnormal places lie above b_a, the mean over those that do. */
  readonly abnormal: Tensor;
}

/** @param weights Of places [R]; 1 for all without. */
export function boundaryLosses(
  logProbability: Tensor,
  mask: Tensor,
  { normal, abnormal }: Boundaries,
  weights?: Tensor,
): BoundaryLosses {
  const weighted = (x: Tensor) => (weights ? multiply(x, weights) : x);
  const meanWhere = (x: Tensor, chosen: Tensor) =>
    divide(sumAll(multiply(weighted(x), chosen)), atLeast(sumAll(chosen), 1));
  const l = multiply(logProbability, 1 / normaliser);
  const isNormal = subtract(1, mask);
  const below = multiply(isNormal, subtract(1, indicator('Greater', l, normal)));
  const above = multiply(mask, indicator('Greater', l, abnormal));
  return {
    likelihood: meanWhere(negativeLogSigmoid(logProbability), isNormal),
    normal: meanWhere(subtract(normal, l), below),
    abnormal: meanWhere(subtract(l, abnormal), above),
  };
}
