import { afterAttention, projections } from '../../clip/block.js';
import type { ClipConfig } from '../../clip/config.js';
import { add } from '../../graph/elementwise.js';
import type { Tensor } from '../../graph/tensor.js';
import { attention } from '../../nn/attention.js';
import { linearLayer } from '../../nn/layers.js';
import type { Weights } from '../../nn/parameters.js';

/** Tokens on both paths after a block, class token first [B, N, D]. */
export interface Paths {
  /** CLIP's own. */
  readonly main: Tensor;
  /** The path whose tokens stay local; the same as the main one before it begins. */
  readonly local: Tensor;
}

/**
 * One block with a second path (DPAM, "V-V attention"): with q, k, v of LN₁ x on the main path,
 * main: the block as it is; local: y ← y + W_o · softmax(v vᵀ / √d) v, without a feed-forward network.
 */
export function secondPathBlock(
  { main, local }: Paths,
  layer: number,
  frozen: Weights,
  { vision }: ClipConfig,
): Paths {
  const weights = frozen.at('vision_model').at('encoder').at('layers').at(layer);
  const { heads, width } = vision;
  const { q, k, v } = projections(main, weights, vision);
  const similar = attention(v, v, v, { heads });
  const out = weights.at('self_attn').at('out_proj');
  return {
    main: afterAttention(main, attention(q, k, v, { heads }), weights, vision),
    local: add(local, linearLayer(similar, out, width)),
  };
}
