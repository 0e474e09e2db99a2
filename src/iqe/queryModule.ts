import { gelu } from '../graph/activation.js';
import { concat, reshape, take, unsqueeze } from '../graph/layout.js';
import { residual } from '../graph/normalization.js';
import { type Dimension, times } from '../graph/shape.js';
import { expand } from '../graph/sum.js';
import { constant, type Tensor } from '../graph/tensor.js';
import type { Dropout } from '../nn/dropout.js';
import { layerNormLayer, linearLayer } from '../nn/layers.js';
import type { Weights } from '../nn/parameters.js';
import { queryAttention } from '../nn/queryAttention.js';
import type { ModelConfig } from './config.js';

type QueryModuleConfig = ModelConfig['queryModule'];

/**
 * The instance-aware query module (IQM, Eq. 6–9): N blocks, each with attention over the queries
 * themselves, over the text embeddings and over the patch tokens of a stage. All stages share the
 * weights and the first query, so they run as one batch of stages · B sequences.
 *
 * @param query Q_0 [B, 2, C]
 * @param textEmbeddings F^T [B, 2, C]
 * @param patchTokens F_i^P of each stage [B, G², C]
 * @returns F^Q of each stage [B, 2, C]
 */
export function queryModule(
  query: Tensor,
  textEmbeddings: Tensor,
  patchTokens: readonly Tensor[],
  weights: Weights,
  config: QueryModuleConfig,
  dropout: Dropout,
): Tensor[] {
  const stages = patchTokens.length;
  const [batch, , width] = query.shape as [Dimension, number, number];
  const together = (parts: readonly Tensor[]) => {
    const [, length] = parts[0]!.shape as [Dimension, number, number];
    return reshape(
      concat(
        parts.map((part) => unsqueeze(part, 1)),
        1,
      ),
      [times(batch, stages), length, width],
    );
  };
  const repeated = (x: Tensor) =>
    reshape(expand(unsqueeze(x, 1), [batch, stages, 2, width]), [times(batch, stages), 2, width]);
  const text = repeated(textEmbeddings);
  const image = together(patchTokens);

  const codes = config.positions
    ? positionCodes(width / config.heads, image.shape[1] as number)
    : undefined;
  const sources: Record<string, { keys?: Tensor; positions: Tensor | undefined }> = {
    self: { positions: codes?.queries },
    text: { keys: text, positions: codes?.queries },
    image: { keys: image, positions: codes?.patches },
  };
  const crossed = config.order === 'text-image' ? ['text', 'image'] : ['image', 'text'];
  const used = { text: config.textAttention, image: config.imageAttention };
  const order = ['self', ...crossed.filter((kind) => used[kind as keyof typeof used])];

  let x = repeated(query);
  if (config.inputNorm) {
    x = dropout.apply(layerNormLayer(x, weights.at('query').at('norm'), config.layerNormEpsilon));
  }
  for (let index = 0; index < config.blocks; index++) {
    const own = weights.at('iqm').at(index);
    for (const kind of order) {
      const { keys = x, positions } = sources[kind]!;
      x = attend(x, keys, positions, own.at(kind), config, dropout); // Eq. 6
      if (config.feedForward === 'after-each-attention')
        x = feedForward(x, own.at(kind), config, dropout);
    }
    if (config.feedForward === 'once') x = feedForward(x, own, config, dropout);
  }
  const byStage = reshape(x, [batch, stages, 2, width]);
  return patchTokens.map((_, stage) => take(byStage, 1, stage));
}

/** x ← LN(x + drop(Attn(x, keys, keys))) */
function attend(
  x: Tensor,
  keys: Tensor,
  positions: Tensor | undefined,
  weights: Weights,
  config: QueryModuleConfig,
  dropout: Dropout,
): Tensor {
  const attended = queryAttention(x, keys, weights, {
    heads: config.heads,
    positions,
    onWeights: dropout.apply,
  });
  return layerNormLayer(
    residual(x, dropout.apply(attended)),
    weights.at('norm'),
    config.layerNormEpsilon,
  );
}

/** x ← LN(x + drop(FFN(x))), FFN: C → C·factor, GELU, → C */
function feedForward(
  x: Tensor,
  weights: Weights,
  config: QueryModuleConfig,
  dropout: Dropout,
): Tensor {
  const own = weights.at('ffn');
  const width = x.shape[2] as number;
  const hidden = gelu(linearLayer(x, own.at('1'), Math.round(width * config.feedForwardFactor)));
  const result = linearLayer(hidden, own.at('2'), width);
  return layerNormLayer(
    residual(x, dropout.apply(result)),
    own.at('norm'),
    config.layerNormEpsilon,
  );
}

/**
 * PE of Eq. 6 as codes of the keys' places: 1-D for the two queries and the two texts, 2-D for patches
 * (first half of the channels from the row, second half from the column).
 *
 * @param channels C / H; the same code serves every head.
 */
function positionCodes(channels: number, patches: number): { queries: Tensor; patches: Tensor } {
  const queries = new Float32Array(2 * channels);
  for (const place of [0, 1])
    sinusoid(queries.subarray(place * channels, (place + 1) * channels), place);
  const grid = Math.round(Math.sqrt(patches));
  const half = Math.floor(channels / 2);
  const codes = new Float32Array(patches * channels);
  for (let patch = 0; patch < patches; patch++) {
    const code = codes.subarray(patch * channels, (patch + 1) * channels);
    sinusoid(code.subarray(0, half), Math.floor(patch / grid));
    sinusoid(code.subarray(half), patch % grid);
  }
  return {
    queries: constant(queries, [2, channels]),
    patches: constant(codes, [patches, channels]),
  };
}

/** Channel 2j: sin(t / 10000^(2j/n)); channel 2j + 1: the cosine of the same angle (Vaswani et al. 2017). */
function sinusoid(code: Float32Array, place: number): void {
  for (let channel = 0; channel < code.length; channel++) {
    const angle = place / 10000 ** ((channel - (channel % 2)) / code.length);
    code[channel] = channel % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  }
}
