import type { Tensor } from '../graph/tensor.js';
import { causalMask } from '../nn/attention.js';
import { layerNormLayer, projection } from '../nn/layers.js';
import type { Weights } from '../nn/parameters.js';
import { block } from './block.js';
import type { ClipConfig } from './config.js';

/**
 * The blocks of CLIP's text tower (causal). Positions after the one that is read never matter, so a
 * sequence may end there.
 *
 * @param embedded Token plus position embeddings [B, N, C], N ≤ the context length.
 * @param beforeBlock Changes the input of a block, for prompts that are learned per layer.
 * @returns Input of the first block, then the output of each block [B, N, C].
 */
export function textBlocks(
  embedded: Tensor,
  weights: Weights,
  config: ClipConfig,
  beforeBlock: (x: Tensor, layer: number) => Tensor = (x) => x,
): Tensor[] {
  const layers = weights.at('text_model').at('encoder').at('layers');
  let x = beforeBlock(embedded, 0);
  const mask = causalMask(x.shape[1] as number);
  const hidden = [x];
  for (let layer = 0; layer < config.text.layers; layer++) {
    if (layer > 0) x = beforeBlock(x, layer);
    x = block(x, layers.at(layer), config.text, mask);
    hidden.push(x);
  }
  return hidden;
}

/** The last layer norm and the projection into the shared space: [..., width] → [..., C], not normalised. */
export function textHead(x: Tensor, weights: Weights, config: ClipConfig): Tensor {
  const normed = layerNormLayer(
    x,
    weights.at('text_model').at('final_layer_norm'),
    config.text.layerNormEpsilon,
  );
  return projection(normed, weights.at('text_projection'), config.embeddingWidth);
}
