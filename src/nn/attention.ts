import { add, multiply } from '../graph/elementwise.js';
import { reshape, transpose, transposeLast } from '../graph/layout.js';
import { matmul } from '../graph/matmul.js';
import { softmax } from '../graph/normalization.js';
import { shapeError, staticDimension } from '../graph/shape.js';
import { constant, type Tensor } from '../graph/tensor.js';

export interface AttentionOptions {
  readonly heads: number;
  /** Added to the scaled scores before the softmax: [M, N] or broadcastable, e.g. {@link causalMask}. */
  readonly mask?: Tensor;
  /** Applied to the attention weights, for dropout. */
  readonly onWeights?: (weights: Tensor) => Tensor;
}

/**
 * Multi-head attention after its projections: softmax(q·kᵀ / √d + mask) · v for each head, d = C / heads.
 *
 * @param q [B, M, C]
 * @param k [B, N, C]
 * @param v [B, N, C]
 * @returns [B, M, C], heads side by side
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions): Tensor {
  const { heads, mask, onWeights } = options;
  const width = staticDimension(q.shape, -1, 'attention');
  if (width % heads !== 0)
    throw shapeError('attention', `${heads} heads do not divide a width of ${width}`);
  // Scaling q is cheaper than scaling the scores.
  const scaled = multiply(q, 1 / Math.sqrt(width / heads));
  const scores = matmul(splitHeads(scaled, heads), transposeLast(splitHeads(k, heads))); // [B, H, M, N]
  const weights = softmax(mask ? add(scores, mask) : scores);
  const mixed = matmul(onWeights ? onWeights(weights) : weights, splitHeads(v, heads)); // [B, H, M, d]
  return reshape(transpose(mixed, [0, 2, 1, 3]), q.shape); // [B, M, C]
}

/** [B, N, C] → [B, H, N, C/H] */
export function splitHeads(x: Tensor, heads: number): Tensor {
  const [batch, length] = x.shape;
  const width = staticDimension(x.shape, -1, 'attention');
  return transpose(reshape(x, [batch!, length!, heads, width / heads]), [0, 2, 1, 3]);
}

/**
 * 0 where position m may look at position n (n ≤ m), else a very low number: [length, length].
 * Not −∞, which some backends turn into NaN.
 */
export function causalMask(length: number): Tensor {
  const data = new Float32Array(length * length);
  for (let m = 0; m < length; m++) data.fill(-1e9, m * length + m + 1, (m + 1) * length);
  return constant(data, [length, length]);
}
