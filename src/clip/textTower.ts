import { add, multiply } from '../graph/elementwise.js';
import { concat, reshape, slice, transpose, transposeLast } from '../graph/layout.js';
import { matmul } from '../graph/matmul.js';
import { softmax } from '../graph/normalization.js';
import { type Dimension, times } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { causalMask } from '../nn/attention.js';
import { layerNormLayer, projection } from '../nn/layers.js';
import type { Weights } from '../nn/parameters.js';
import { afterAttention, block, type Projections, projections } from './block.js';
import type { ClipConfig } from './config.js';

/** Changes the input of a block, for prompts that are learned per layer. */
type BeforeBlock = (x: Tensor, layer: number) => Tensor;

/**
 * The blocks of CLIP's text tower (causal). Positions after the one that is read never matter, so a
 * sequence may end there.
 *
 * @param embedded Token plus position embeddings [B, N, D], N ≤ the context length.
 * @returns Input of the first block, then the output of each block [B, N, D].
 */
export function textBlocks(
  embedded: Tensor,
  weights: Weights,
  config: ClipConfig,
  beforeBlock: BeforeBlock = (x) => x,
): Tensor[] {
  const hidden = [beforeBlock(embedded, 0)];
  const mask = causalMask(hidden[0]!.shape[1] as number);
  for (let layer = 0; layer < config.text.layers; layer++) {
    const x = layer === 0 ? hidden[0]! : beforeBlock(hidden[layer]!, layer);
    hidden.push(block(x, layerWeights(weights, layer), config.text, mask));
  }
  return hidden;
}

/**
 * {@link textBlocks} for sequences that begin alike: as the tower is causal, a prefix does not depend
 * on what follows, so its keys and values are computed once for the whole batch, and only the own
 * tokens of each sequence run for each image. The same values as with the prefix repeated.
 *
 * @param prefix S kinds of beginnings [S, P, D]
 * @param own What follows in each sequence [S, B, N, D]
 * @param beforeBlock Changes the prefix before a block.
 * @returns The last block's output of the own tokens [S, B, N, D]
 */
export function prefixedTextBlocks(
  prefix: Tensor,
  own: Tensor,
  weights: Weights,
  config: ClipConfig,
  beforeBlock: BeforeBlock = (x) => x,
): Tensor {
  const { text } = config;
  let first = beforeBlock(prefix, 0);
  let rest = own;
  for (let layer = 0; layer < text.layers; layer++) {
    if (layer > 0) first = beforeBlock(first, layer);
    const at = layerWeights(weights, layer);
    const mixed = attendToPrefix(
      projections(rest, at, text),
      projections(first, at, text),
      text.heads,
    );
    rest = afterAttention(rest, mixed, at, text);
    first = block(first, at, text, causalMask(first.shape[1] as number));
  }
  return rest;
}

/**
 * Attention of each sequence's own tokens over the shared prefix and, causally, over themselves.
 *
 * @param own [S, B, N, D]
 * @param prefix [S, P, D]
 * @returns [S, B, N, D]
 */
function attendToPrefix(own: Projections, prefix: Projections, heads: number): Tensor {
  const [kinds, batch, length, width] = own.q.shape as [number, Dimension, number, number];
  const [, prefixLength] = prefix.k.shape as [number, number, number];
  const headWidth = width / heads;
  const rows = times(batch, length);
  // With the batch as rows of one product per head: the prefix is never repeated.
  const asRows = (x: Tensor) =>
    transpose(reshape(x, [kinds, rows, heads, headWidth]), [0, 2, 1, 3]);
  const ofPrefix = (x: Tensor) =>
    transpose(reshape(x, [kinds, prefixLength, heads, headWidth]), [0, 2, 1, 3]);
  const bySequence = (x: Tensor) =>
    transpose(reshape(x, [kinds, batch, length, heads, headWidth]), [0, 1, 3, 2, 4]);

  const q = multiply(own.q, 1 / Math.sqrt(headWidth));
  const toPrefix = matmul(asRows(q), transposeLast(ofPrefix(prefix.k))); // [S, H, B·N, P]
  const toOwn = matmul(bySequence(q), transposeLast(bySequence(own.k))); // [S, B, H, N, N]
  const scores = concat(
    [
      transpose(reshape(toPrefix, [kinds, heads, batch, length, prefixLength]), [0, 2, 1, 3, 4]),
      add(toOwn, causalMask(length)),
    ],
    4,
  ); // [S, B, H, N, P + N]
  const shares = softmax(scores);
  const ofPrefixShares = transpose(slice(shares, 4, 0, prefixLength), [0, 2, 1, 3, 4]);
  const fromPrefix = matmul(
    reshape(ofPrefixShares, [kinds, heads, rows, prefixLength]),
    ofPrefix(prefix.v),
  ); // [S, H, B·N, d]
  const fromOwn = matmul(slice(shares, 4, prefixLength, prefixLength + length), bySequence(own.v)); // [S, B, H, N, d]
  const joined = (x: Tensor) => reshape(x, own.q.shape);
  return add(
    joined(transpose(fromPrefix, [0, 2, 1, 3])),
    joined(transpose(fromOwn, [0, 1, 3, 2, 4])),
  );
}

function layerWeights(weights: Weights, layer: number): Weights {
  return weights.at('text_model').at('encoder').at('layers').at(layer);
}

/** The last layer norm and the projection into the shared space: [..., D] → [..., C], not normalised. */
export function textHead(x: Tensor, weights: Weights, config: ClipConfig): Tensor {
  const normed = layerNormLayer(
    x,
    weights.at('text_model').at('final_layer_norm'),
    config.text.layerNormEpsilon,
  );
  return projection(normed, weights.at('text_projection'), config.embeddingWidth);
}
