import { add, multiply } from '../graph/elementwise.js';
import { reshape, transpose, transposeLast } from '../graph/layout.js';
import { linear, matmul } from '../graph/matmul.js';
import { softmax } from '../graph/normalization.js';
import { type Dimension, shapeError, staticDimension, times } from '../graph/shape.js';
import { sum } from '../graph/sum.js';
import type { Tensor } from '../graph/tensor.js';
import { linearLayer } from './layers.js';
import { uniformFanIn, type Weights } from './parameters.js';

export interface QueryAttentionOptions {
  readonly heads: number;
  /** Code p of each key's place [N, C/heads], the same for all heads: adds q·pᵀ to q·kᵀ. */
  readonly positions?: Tensor | undefined;
  /** What scores are multiplied by; 1 / √d by default. */
  readonly scale?: number;
  /** Applied to the attention weights, for dropout. */
  readonly onWeights?: (weights: Tensor) => Tensor;
}

/**
 * Multi-head attention of a few queries over many keys, projections included:
 * softmax((q·kᵀ + q·pᵀ) / √d) · v · W_oᵀ + b_o with q = Q·W_qᵀ + b_q, k = x·W_kᵀ, v = x·W_vᵀ + b_v.
 *
 * Exactly that, in an order that never projects the keys: (qW_k)xᵀ instead of q(xW_kᵀ)ᵀ, and
 * (w·x)W_vᵀ + (Σw)·b_v instead of w·(xW_vᵀ + b_v). The key bias adds the same to all scores of a query
 * and cancels in the softmax, so there is none.
 *
 * @param queries [B, M, E]
 * @param source x [B, N, C]
 * @param weights `q`, `k`, `v`, `o`, each with `.weight` [C, C] (`q`: [C, E]) and (not `k`) `.bias` [C]
 * @returns [B, M, C]
 */
export function queryAttention(
  queries: Tensor,
  source: Tensor,
  weights: Weights,
  options: QueryAttentionOptions,
): Tensor {
  const { heads, positions, onWeights = (x) => x } = options;
  const width = staticDimension(source.shape, -1, 'queryAttention');
  if (width % heads !== 0) {
    throw shapeError('queryAttention', `${heads} heads do not divide a width of ${width}`);
  }
  const headWidth = width / heads;
  const count = staticDimension(queries.shape, 1, 'queryAttention');
  const keys = staticDimension(source.shape, 1, 'queryAttention');
  const batch = queries.shape[0]!;
  const rows = times(batch, count); // B·M
  const start = uniformFanIn(width);

  const { scale = 1 / Math.sqrt(headWidth) } = options;
  const q = multiply(linearLayer(queries, weights.at('q'), width), scale);
  const byHead = transpose(reshape(q, [rows, heads, headWidth]), [1, 0, 2]); // [H, B·M, d]
  const wk = reshape(weights.at('k').get('weight', [width, width], start), [
    heads,
    headWidth,
    width,
  ]);
  const intoSource = perImage(matmul(byHead, wk), batch, count); // [B, H·M, C]
  let scores = matmul(intoSource, transposeLast(source)); // [B, H·M, N]
  if (positions) {
    const atPositions = matmul(byHead, transposeLast(positions)); // [H, B·M, N]
    scores = add(scores, perImage(atPositions, batch, count));
  }
  const byHeadScores = reshape(scores, [batch, heads, count, keys]);
  const attended = onWeights(softmax(byHeadScores)); // [B, H, M, N]

  const averages = matmul(reshape(attended, [batch, heads * count, keys]), source); // [B, H·M, C]
  const wv = reshape(weights.at('v').get('weight', [width, width], start), [
    heads,
    headWidth,
    width,
  ]);
  const projected = matmul(perHead(averages, heads, count), transposeLast(wv)); // [H, B·M, d]
  const joined = reshape(transpose(projected, [1, 0, 2]), [batch, count, width]);
  const bias = reshape(weights.at('v').get('bias', [width], start), [heads, headWidth]);
  const shares = transpose(sum(attended, [3], true), [0, 2, 1, 3]); // Σw [B, M, H, 1]
  const biases = reshape(multiply(shares, bias), [batch, count, width]);

  const o = weights.at('o');
  return linear(
    add(joined, biases),
    o.get('weight', [width, width], start),
    o.get('bias', [width], start),
  );
}

/** [H, B·M, X] → [B, H·M, X] */
function perImage(x: Tensor, batch: Dimension, count: number): Tensor {
  const [heads, , last] = x.shape as [number, Dimension, number];
  const split = reshape(x, [heads, batch, count, last]);
  return reshape(transpose(split, [1, 0, 2, 3]), [batch, heads * count, last]);
}

/** [B, H·M, X] → [H, B·M, X] */
function perHead(x: Tensor, heads: number, count: number): Tensor {
  const [batch, , last] = x.shape as [Dimension, number, number];
  const split = reshape(x, [batch, heads, count, last]);
  return reshape(transpose(split, [1, 0, 2, 3]), [heads, times(batch, count), last]);
}
