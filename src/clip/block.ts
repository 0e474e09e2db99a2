import { activate } from '../graph/activation.js';
import { residual } from '../graph/normalization.js';
import type { Tensor } from '../graph/tensor.js';
import { attention } from '../nn/attention.js';
import { layerNormLayer, linearLayer } from '../nn/layers.js';
import type { Weights } from '../nn/parameters.js';
import type { TowerConfig } from './config.js';

/** Queries, keys and values of all heads, side by side, each of the shape of the block's input. */
export interface Projections {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
}

/**
 * One block of a CLIP tower: x ← x + W_o·MHA(LN₁ x), x ← x + W₂·act(W₁·LN₂ x).
 *
 * @param x [B, N, D]
 * @param mask Added to the attention scores [N, N]: causal in the text tower.
 * @returns [B, N, D]
 */
export function block(x: Tensor, weights: Weights, config: TowerConfig, mask?: Tensor): Tensor {
  const { q, k, v } = projections(x, weights, config);
  const mixed = attention(q, k, v, { heads: config.heads, ...(mask && { mask }) });
  return afterAttention(x, mixed, weights, config);
}

/** The first half of a block: W_q, W_k and W_v of LN₁ x, for x [..., D]. */
export function projections(x: Tensor, weights: Weights, config: TowerConfig): Projections {
  const own = weights.at('self_attn');
  const normed = layerNormLayer(x, weights.at('layer_norm1'), config.layerNormEpsilon);
  const project = (name: string) => linearLayer(normed, own.at(name), config.width);
  return { q: project('q_proj'), k: project('k_proj'), v: project('v_proj') };
}

/** The second half: the output projection of what attention mixed, and the feed-forward network. */
export function afterAttention(
  x: Tensor,
  mixed: Tensor,
  weights: Weights,
  config: TowerConfig,
): Tensor {
  const { width, intermediateWidth, layerNormEpsilon, activation } = config;
  const projected = linearLayer(mixed, weights.at('self_attn').at('out_proj'), width);
  const attended = residual(x, projected);
  const normed = layerNormLayer(attended, weights.at('layer_norm2'), layerNormEpsilon);
  const mlp = weights.at('mlp');
  const hidden = activate(linearLayer(normed, mlp.at('fc1'), intermediateWidth), activation);
  return residual(attended, linearLayer(hidden, mlp.at('fc2'), width));
}
