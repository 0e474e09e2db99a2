import { gelu } from '../graph/activation.js';
import { add, cast, multiply, subtract } from '../graph/elementwise.js';
import { gatherRows } from '../graph/gather.js';
import { reshape, slice, take } from '../graph/layout.js';
import { residual } from '../graph/normalization.js';
import type { Dimension } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { attention } from '../nn/attention.js';
import { layerNormLayer, linearLayer } from '../nn/layers.js';
import type { Weights } from '../nn/parameters.js';

/** Sizes of a BERT (Devlin et al. 2019). */
export interface BertConfig {
  readonly width: number;
  readonly intermediateWidth: number;
  readonly layers: number;
  readonly heads: number;
  readonly vocabularySize: number;
  readonly maximumLength: number;
  readonly segmentTypes: number;
  readonly layerNormEpsilon: number;
}

/**
 * BERT's encoder as Hugging Face's `BertModel` names and computes it, all tokens of the first segment,
 * with exact GELU.
 *
 * @param ids Tokens, int64 [B, N].
 * @param mask 1 where a token counts, 0 where it fills up [B, N].
 * @returns The embedded tokens, then the output of each layer: [B, N, D].
 */
export function bert(ids: Tensor, mask: Tensor, weights: Weights, config: BertConfig): Tensor[] {
  const { width, vocabularySize, maximumLength, segmentTypes, layerNormEpsilon } = config;
  const [batch, length] = ids.shape as [Dimension, number];
  const embeddings = weights.at('embeddings');
  const table = (name: string, rows: number) => embeddings.at(name).get('weight', [rows, width]);
  const words = gatherRows(table('word_embeddings', vocabularySize), ids);
  const positions = slice(table('position_embeddings', maximumLength), 0, 0, length);
  const segment = take(table('token_type_embeddings', segmentTypes), 0, 0);
  const embedded = add(add(words, segment), positions);
  const hidden = [layerNormLayer(embedded, embeddings.at('LayerNorm'), layerNormEpsilon)];
  // Not −∞, which some backends turn into NaN.
  const hiding = multiply(subtract(1, cast(mask, 'float32')), -1e9);
  const keys = reshape(hiding, [batch, 1, 1, length]);
  for (let layer = 0; layer < config.layers; layer++) {
    const own = weights.at('encoder').at('layer').at(layer);
    hidden.push(encoderLayer(hidden[layer]!, keys, own, config));
  }
  return hidden;
}

/** Attention, then a multi-layer perceptron, each with its residual and a layer norm after it. */
function encoderLayer(x: Tensor, mask: Tensor, weights: Weights, config: BertConfig): Tensor {
  const { width, intermediateWidth, heads, layerNormEpsilon } = config;
  const self = weights.at('attention').at('self');
  const projected = (name: string) => linearLayer(x, self.at(name), width);
  const mixed = attention(projected('query'), projected('key'), projected('value'), {
    heads,
    mask,
  });
  const closed = (y: Tensor, z: Tensor, output: Weights) =>
    layerNormLayer(
      residual(linearLayer(y, output.at('dense'), width), z),
      output.at('LayerNorm'),
      layerNormEpsilon,
    );
  const attended = closed(mixed, x, weights.at('attention').at('output'));
  const inner = gelu(
    linearLayer(attended, weights.at('intermediate').at('dense'), intermediateWidth),
  );
  return closed(inner, attended, weights.at('output'));
}
