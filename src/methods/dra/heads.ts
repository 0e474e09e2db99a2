import {
  absolute,
  add,
  atLeast,
  divide,
  indicator,
  multiply,
  relu,
  subtract,
} from '../../graph/elementwise.js';
import { reshape } from '../../graph/layout.js';
import { globalAveragePool } from '../../graph/pooling.js';
import { product, staticDimension } from '../../graph/shape.js';
import { sumAll } from '../../graph/sum.js';
import type { Tensor } from '../../graph/tensor.js';
import { type BatchStatistics, batchNormLayer, convolutionLayer } from '../../nn/convolution.js';
import { linearLayer } from '../../nn/layers.js';
import type { Weights } from '../../nn/parameters.js';
import { meanOfLargest } from '../shared/maps.js';

/** Scores of one feature map by the four heads, each [B] and at least 0. */
export interface HeadScores {
  readonly holistic: Tensor;
  readonly seen: Tensor;
  readonly pseudo: Tensor;
  readonly composite: Tensor;
}

export const heads = ['holistic', 'seen', 'pseudo', 'composite'] as const;

/** Share of the places whose mean is a head's score. */
const topShare = 0.1;

/**
 * @param x Feature map [B, C, h, w].
 * @param reference The mean feature map of normal images, [C, h, w] or [1, C, h, w].
 */
export function headScores(
  x: Tensor,
  reference: Tensor,
  weights: Weights,
  statistics?: BatchStatistics,
): HeadScores {
  return {
    holistic: holistic(x, weights.at('holistic_head')),
    seen: topScore(x, weights.at('seen_head')),
    pseudo: topScore(x, weights.at('pseudo_head')),
    composite: composite(subtract(reference, x), weights.at('composite_head'), statistics),
  };
}

/** |W₂ · relu(W₁ · mean over places)| */
function holistic(x: Tensor, weights: Weights): Tensor {
  const hidden = relu(linearLayer(globalAveragePool(x), weights.at('fc1'), 256));
  return absolute(flat(linearLayer(hidden, weights.at('fc2'), 1)));
}

/** The mean of the largest tenth of |w · x + b| over places. */
function topScore(x: Tensor, weights: Weights): Tensor {
  const scores = absolute(convolutionLayer(x, weights.at('scoring'), 1, { bias: true }));
  const places = staticDimension(x.shape, 2, 'dra') * staticDimension(x.shape, 3, 'dra');
  const count = Math.max(Math.floor(places * topShare), 1);
  return meanOfLargest(scores, count);
}

function composite(residual: Tensor, weights: Weights, statistics?: BatchStatistics): Tensor {
  const channels = staticDimension(residual.shape, 1, 'dra');
  const layers = weights.at('conv');
  const y = convolutionLayer(residual, layers.at(0), channels, {
    kernel: 3,
    padding: 1,
    bias: true,
  });
  return topScore(relu(batchNormLayer(y, layers.at(1), statistics)), weights);
}

/** The mean over scales of each head's score. */
export function meanScores(scales: readonly HeadScores[]): HeadScores {
  const of = (head: (typeof heads)[number]) =>
    multiply(scales.map((scores) => scores[head]).reduce(add), 1 / scales.length);
  return {
    holistic: of('holistic'),
    seen: of('seen'),
    pseudo: of('pseudo'),
    composite: of('composite'),
  };
}

/** −holistic + seen + pseudo + composite: [B]. */
export function imageScore({ holistic, seen, pseudo, composite }: HeadScores): Tensor {
  return subtract(add(add(seen, pseudo), composite), holistic);
}

/**
 * What each head should say of an image: the holistic one 1 of normal images; the others 1 of anomalies,
 * the one of the seen leaving out the pseudo anomalies, and the other way round.
 *
 * @param labels 0 normal, 1 a seen anomaly, 2 a pseudo anomaly [B]
 * @returns Targets, and 1 for the images that count: [B] each.
 */
export function targets(
  labels: Tensor,
): Record<(typeof heads)[number], { readonly target: Tensor; readonly counts: Tensor }> {
  const normal = indicator('Equal', labels, 0);
  const abnormal = subtract(1, normal);
  const pseudo = indicator('Equal', labels, 2);
  const all = add(normal, abnormal);
  return {
    holistic: { target: normal, counts: all },
    seen: { target: abnormal, counts: subtract(1, pseudo) },
    pseudo: { target: abnormal, counts: add(normal, pseudo) },
    composite: { target: abnormal, counts: all },
  };
}

/** Mean and deviation of scores that are drawn from N(0, 1). */
export interface Reference {
  readonly mean: Tensor | number;
  readonly deviation: Tensor | number;
}

/**
 * Deviation loss (Pang et al. 2019): z = (s − μ) / σ; the mean over the images that count of
 * (1 − y) · |z| + y · max(0, 5 − z).
 *
 * @param target y [B]
 * @param counts 1 for images that count, else 0 [B]
 */
export function deviationLoss(
  score: Tensor,
  target: Tensor,
  counts: Tensor,
  { mean, deviation }: Reference,
): Tensor {
  const z = divide(subtract(score, mean), deviation);
  const normal = multiply(subtract(1, target), absolute(z));
  const abnormal = multiply(target, atLeast(subtract(margin, z), 0));
  const total = sumAll(multiply(add(normal, abnormal), counts));
  return divide(total, atLeast(sumAll(counts), 1));
}

const margin = 5;

function flat(x: Tensor): Tensor {
  return reshape(x, [product(x.shape)]);
}
