import { linear } from '../graph/matmul.js';
import { layerNorm } from '../graph/normalization.js';
import { staticDimension } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { filled, uniformFanIn, type Weights } from './parameters.js';

/** y = x · Wᵀ + b with `weight` [out, in] and `bias` [out]: [..., in] → [..., out]. */
export function linearLayer(x: Tensor, weights: Weights, out: number): Tensor {
  const inner = staticDimension(x.shape, -1, 'linear');
  const start = uniformFanIn(inner);
  return linear(x, weights.get('weight', [out, inner], start), weights.get('bias', [out], start));
}

/** y = x · Wᵀ with `weight` [out, in], no bias: CLIP's projections. */
export function projection(x: Tensor, weights: Weights, out: number): Tensor {
  const inner = staticDimension(x.shape, -1, 'projection');
  return linear(x, weights.get('weight', [out, inner], uniformFanIn(inner)));
}

/** Layer normalisation over the last axis with `weight` γ and `bias` β. */
export function layerNormLayer(x: Tensor, weights: Weights, epsilon: number): Tensor {
  const width = staticDimension(x.shape, -1, 'layerNorm');
  return layerNorm(
    x,
    weights.get('weight', [width], filled(1)),
    weights.get('bias', [width], filled(0)),
    epsilon,
  );
}
