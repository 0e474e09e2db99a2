import { activate } from '../graph/activation.js';
import { residual } from '../graph/normalization.js';
import type { Tensor } from '../graph/tensor.js';
import { attention } from '../nn/attention.js';
import { layerNormLayer, linearLayer } from '../nn/layers.js';
import type { Weights } from '../nn/parameters.js';
import type { TowerConfig } from './config.js';

/**
 * One block of a CLIP tower: x ← x + W_o·MHA(LN₁ x), x ← x + W₂·act(W₁·LN₂ x).
 *
 * @param x [B, N, D]
 * @param mask Added to the attention scores [N, N]: causal in the text tower.
 * @returns [B, N, D]
 */
export function block(x: Tensor, weights: Weights, config: TowerConfig, mask?: Tensor): Tensor {
  const { width, intermediateWidth, heads, layerNormEpsilon, activation } = config;
  const own = weights.at('self_attn');
  const normed = layerNormLayer(x, weights.at('layer_norm1'), layerNormEpsilon);
  const mixed = attention(
    linearLayer(normed, own.at('q_proj'), width),
    linearLayer(normed, own.at('k_proj'), width),
    linearLayer(normed, own.at('v_proj'), width),
    { heads, ...(mask && { mask }) },
  );
  const attended = residual(x, linearLayer(mixed, own.at('out_proj'), width));
  const again = layerNormLayer(attended, weights.at('layer_norm2'), layerNormEpsilon);
  const hidden = activate(
    linearLayer(again, weights.at('mlp').at('fc1'), intermediateWidth),
    activation,
  );
  return residual(attended, linearLayer(hidden, weights.at('mlp').at('fc2'), width));
}
