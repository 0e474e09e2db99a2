import type { ClipConfig } from '../clip/config.js';
import { prefixedTextBlocks, textHead } from '../clip/textTower.js';
import { convolveSame } from '../graph/convolution.js';
import { add, exp, multiply, relu, sigmoid, subtract } from '../graph/elementwise.js';
import { concat, reshape, slice, take, unsqueeze } from '../graph/layout.js';
import { cosineMatrix, l2Normalize } from '../graph/normalization.js';
import { max, mean } from '../graph/reduce.js';
import type { Dimension } from '../graph/shape.js';
import { expand } from '../graph/sum.js';
import type { Tensor } from '../graph/tensor.js';
import { Dropout } from '../nn/dropout.js';
import { gaussianSmoothing, interpolate, upsample } from '../nn/interpolation.js';
import { layerNormLayer, linearLayer } from '../nn/layers.js';
import {
  agreement,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  diceLoss,
  focalLoss,
} from '../nn/losses.js';
import { filled, normal, uniform, uniformFanIn, type Weights } from '../nn/parameters.js';
import type { ModelConfig } from './config.js';
import type { PromptGroup, PromptTemplate } from './prompts.js';
import { queryModule } from './queryModule.js';

/*
 * IQE-CLIP (Huang et al. 2025), section 3, from top to bottom. B images, G² patches, C the width of
 * the shared space, d the image tower's width, r class-based and M learnable prompting tokens.
 * Equation numbers are the paper's; where the presets differ, see config.ts.
 */

/** What the frozen image tower gives: x_cls [B, C] and F_i [B, G², d] of each stage. */
export interface ImageInputs {
  readonly embedding: Tensor;
  readonly stages: readonly Tensor[];
}

/** The frozen text tower and the prompt that it reads. */
export interface TextInputs {
  readonly clip: ClipConfig;
  readonly weights: Weights;
  readonly prompt: PromptTemplate;
}

/** Everything that the method computes on the way to its maps. */
export interface ModelOutputs {
  /** x_1 … x_r + v_1 … v_r [B, r, C]; nothing where r is 0. */
  readonly classTokens?: Tensor;
  /** Positional-class query Q_0 [B, 2, C]; nothing without a query module. */
  readonly query?: Tensor;
  /** F^T, unit length [B, 2, C]: normal, abnormal. */
  readonly textEmbeddings: Tensor;
  /** Adapted patch tokens of each stage [B, G², C] (Eq. 5). */
  readonly patchTokens: readonly Tensor[];
  /** F^Q of each stage [B, 2, C] (Eq. 9); none without a query module. */
  readonly queryEmbeddings: readonly Tensor[];
  readonly queryMaps: readonly StageMap[];
  readonly textMaps: readonly StageMap[];
  /** M [B, S, S] in 0…1 (Eq. 12), smoothed if the configuration says so. */
  readonly anomalyMap: Tensor;
  /** S [B] in 0…1. */
  readonly score: Tensor;
}

/** One stage's map against one pair of embeddings. */
export interface StageMap {
  /** Similarities before the softmax [B, G², 2]: normal, abnormal. */
  readonly logits: Tensor;
  /** Probability of `abnormal` for each patch [B, G²]. */
  readonly patches: Tensor;
  /** Probability of `abnormal` for each pixel [B, S, S]. */
  readonly pixels: Tensor;
}

/** Section 3 as a graph. `dropout` has rate 0 outside of training. */
export function iqeClip(
  image: ImageInputs,
  text: TextInputs,
  weights: Weights,
  config: ModelConfig,
  dropout = new Dropout(0),
): ModelOutputs {
  const { classTokens, query } = instanceTokens(image.embedding, text, weights, config);
  const textEmbeddings = promptTuning(image.embedding, classTokens, text, weights, config);
  const patchTokens = image.stages.map((tokens, stage) =>
    queryAdapter(tokens, weights.at('adapters').at(stage), text.clip.embeddingWidth, config),
  );
  const queryEmbeddings = query
    ? queryModule(query, textEmbeddings, patchTokens, weights, config.queryModule, dropout)
    : [];

  const temperature =
    config.textTemperature === 'learnable'
      ? exp(weights.get('temperature', [], filled(Math.log(1 / 0.07))))
      : undefined;
  const queryMaps = queryEmbeddings.map((own, i) => stageMap(patchTokens[i]!, own, config)); // Eq. 10
  const textMaps = patchTokens.map((tokens) =>
    stageMap(tokens, textEmbeddings, config, temperature),
  ); // Eq. 11
  const fused = fuse(queryMaps, textMaps, config.alpha); // Eq. 12
  return {
    ...(classTokens && { classTokens }),
    ...(query && { query }),
    textEmbeddings,
    patchTokens,
    queryEmbeddings,
    queryMaps,
    textMaps,
    anomalyMap: smooth(fused, config.smoothing),
    score: imageScore(fused, queryMaps, textMaps, config),
  };
}

// 3.3 Prompt tuning

/**
 * {x_i} = MLP(x_cls) (Eq. 2) with a second head for the query (3.4): class-based prompting tokens
 * x_i + v_i [B, r, C] and the positional-class query Q_0 [B, 2, C]; either may be left out.
 */
function instanceTokens(
  embedding: Tensor,
  text: TextInputs,
  weights: Weights,
  config: ModelConfig,
): { classTokens?: Tensor; query?: Tensor } {
  const batch = embedding.shape[0]!;
  const r = config.prompt.classTokens;
  const textWidth = text.clip.text.width;
  const width = text.clip.embeddingWidth;
  const { use, classInit } = config.queryModule;
  const start = normal(config.classTokens === 'mlp' ? 0.02 : 1);

  let hidden: Tensor | undefined;
  /** The class token as `count` tokens [B, count, C]. */
  const tokens = (name: 'text' | 'query', count: number, channels: number) => {
    if (config.classTokens === 'mlp') {
      const mlp = weights.at('mlp');
      const inner = Math.max(1, Math.floor(width / 16));
      hidden ??= relu(linearLayer(embedding, mlp.at('trunk'), inner));
      return reshape(linearLayer(hidden, mlp.at(name), count * channels), [batch, count, channels]);
    }
    const own = weights.at('convolution').at(name);
    return convolveSame(
      embedding,
      own.get('weight', [count, 1, 3], uniformFanIn(3)),
      own.get('bias', [count], uniformFanIn(3)),
    );
  };
  const toText = r > 0 ? tokens('text', r, textWidth) : undefined;
  const toQuery = use && classInit ? tokens('query', 2, width) : undefined;
  const v = toText && weights.at('prompts').get('class', [r, textWidth], start);
  const position = use ? weights.at('query').get('position', [2, width], start) : undefined;
  const classTokens = toText && add(toText, v!);
  const query =
    position && (toQuery ? add(toQuery, position) : expand(position, [batch, 2, width], embedding));
  return { ...(classTokens && { classTokens }), ...(query && { query }) };
}

/**
 * F^T = TextTower(P_c) with learnable prompting tokens in the first D layers (Eq. 3, 4).
 *
 * @param embedding x_cls [B, C], for its batch
 * @param classTokens [B, r, C]
 * @returns [B, 2, C], unit length
 */
function promptTuning(
  embedding: Tensor,
  classTokens: Tensor | undefined,
  text: TextInputs,
  weights: Weights,
  config: ModelConfig,
): Tensor {
  const { clip, prompt } = text;
  const { learnableTokens: M } = config.prompt;
  const depth = M === 0 ? 0 : Math.min(config.prompt.depth, clip.text.layers);
  const learnable = depth > 0 ? learnableTokens(depth, M, weights, text, config) : undefined;

  const embeddings: Tensor[] = [];
  for (const group of prompt.groups) {
    const kinds = group.states.length;
    // [T_l, P_l] → layer l; T_{l+1} is thrown away and a fresh T'_{l+1} put in, for the first D layers.
    const withLearnable = (x: Tensor, layer: number) => {
      if (!learnable || layer >= depth) return x;
      const fresh = expand(take(learnable, 0, layer), [kinds, M, clip.text.width]);
      const words = slice(x, 1, layer === 0 ? 1 : 1 + M, x.shape[1] as number);
      return concat([slice(x, 1, 0, 1), fresh, words], 1); // [S, 1 + M + …, C]
    };
    // P_c = [words][x_1 + v_1]…[x_r + v_r], and the end token where it is read: the last is read out.
    const own = ownTokens(embedding, classTokens, group);
    const hidden = prefixedTextBlocks(group.words, own, text.weights, clip, withLearnable);
    const readout = take(hidden, 2, -1); // [S, B, C]
    const norm = weights.at('prompts').at('norm');
    const normed = config.prompt.norm ? layerNormLayer(readout, norm, 1e-6) : readout;
    const embedded = l2Normalize(textHead(normed, text.weights, clip));
    for (const [index, state] of group.states.entries()) {
      embeddings[state] = unsqueeze(take(embedded, 0, index), 1);
    }
  }
  return concat(embeddings, 1);
}

/** The tokens of each image, for each state of a group: [S, B, r + 1 or r, C]. */
function ownTokens(
  embedding: Tensor,
  classTokens: Tensor | undefined,
  { states, end, positions }: PromptGroup,
): Tensor {
  const batch = embedding.shape[0]!;
  const ends = end ? [expand(end, [batch, ...end.shape], embedding)] : [];
  const placed = add(concat([...(classTokens ? [classTokens] : []), ...ends], 1), positions); // [B, N, C]
  return expand(unsqueeze(placed, 0), [states.length, ...placed.shape]);
}

/** T of the first D layers [D, M, C]. */
function learnableTokens(
  depth: number,
  M: number,
  weights: Weights,
  text: TextInputs,
  config: ModelConfig,
): Tensor {
  const { width } = text.clip.text;
  const own = weights.at('prompts');
  const start = config.prompt.start === 'normal' ? normal(0.02) : uniform(1);
  const raw = own.get('deep', [depth, M, width], start);
  return config.prompt.projection ? linearLayer(raw, own.at('projection'), width) : raw;
}

// 3.4 Instance-aware query embedding learning

/** F_i ← A_k(ReLU(F_i · W_k)) (Eq. 5): [B, G², d] → [B, G², C]. */
function queryAdapter(
  tokens: Tensor,
  weights: Weights,
  width: number,
  config: ModelConfig,
): Tensor {
  const first = linearLayer(tokens, weights.at('1'), width);
  return config.adapter === 'linear' ? first : linearLayer(relu(first), weights.at('2'), width);
}

/**
 * φ(softmax(cos(F̃_i, F̃_N), cos(F̃_i, F̃_A))) (Eq. 10, 11).
 *
 * @param tokens [B, G², C]
 * @param embeddings normal, abnormal [B, 2, C]
 */
function stageMap(
  tokens: Tensor,
  embeddings: Tensor,
  config: ModelConfig,
  temperature?: Tensor,
): StageMap {
  const cosines = cosineMatrix(tokens, embeddings);
  const logits = temperature ? multiply(cosines, temperature) : cosines; // [B, G², 2]
  // The softmax of two: 1 / (1 + e^(normal − abnormal)).
  const contrast = subtract(take(logits, 2, 1), take(logits, 2, 0)); // [B, G²]
  const patches = sigmoid(contrast);
  const pixels = config.softmaxBeforeUpsampling
    ? toPixels(patches, config.imageSize)
    : sigmoid(toPixels(contrast, config.imageSize));
  return { logits, patches, pixels };
}

/** [..., G²] → [..., S, S] */
function toPixels(x: Tensor, imageSize: number): Tensor {
  const grid = Math.sqrt(x.shape.at(-1) as number);
  return upsample(reshape(x, [...x.shape.slice(0, -1), grid, grid]), imageSize, imageSize);
}

/**
 * M = α · mean_i M_i^query + (1 − α) · mean_i M_i^text (Eq. 12; the mean keeps it in 0…1) [B, S, S];
 * the text maps' mean alone where there are no query maps.
 */
function fuse(
  queryMaps: readonly StageMap[],
  textMaps: readonly StageMap[],
  alpha: number,
): Tensor {
  const average = (maps: readonly StageMap[]) =>
    multiply(maps.map((map) => map.pixels).reduce(add), 1 / maps.length);
  if (queryMaps.length === 0) return average(textMaps);
  return add(multiply(average(queryMaps), alpha), multiply(average(textMaps), 1 - alpha));
}

function smooth(map: Tensor, sigma: number): Tensor {
  if (sigma === 0) return map;
  const along = gaussianSmoothing(map.shape[1] as number, sigma);
  return interpolate(map, along, along);
}

// 3.5 Training and inference

/** S = max(M), or one of the authors' means [B]. */
function imageScore(
  fused: Tensor,
  queryMaps: readonly StageMap[],
  textMaps: readonly StageMap[],
  config: ModelConfig,
): Tensor {
  if (config.score === 'maximum') return max(flatPixels(fused), 1);
  if (config.score === 'mean') return mean(flatPixels(fuse(queryMaps, textMaps, 0.5)), [1]);
  const means = [...queryMaps, ...textMaps].map((map) => mean(map.patches, [1]));
  return multiply(means.reduce(add), 1 / means.length);
}

/** [B, S, S] → [B, S²] */
function flatPixels(map: Tensor): Tensor {
  const [batch, height, width] = map.shape as [Dimension, number, number];
  return reshape(map, [batch, height * width]);
}

/** The parts of the loss, each summed over stages and branches with its weight. */
export interface LossTerms {
  readonly detection: Tensor;
  readonly focal: Tensor | undefined;
  readonly dice: Tensor | undefined;
  readonly total: Tensor;
}

/**
 * L = Σ_i α·L(M_i^text) + (1 − α)·L(M_i^query) (Eq. 14) with
 * L(M) = Focal(M, 𝒢) + Dice(M, 𝒢) + BCE(max M, 𝒞) (Eq. 13); without masks, the last term alone.
 *
 * @param labels 𝒞 [B], 1 where abnormal
 * @param masks 𝒢 [B, S, S], 1 where abnormal; none for a set that has only labels
 */
export function iqeLoss(
  outputs: ModelOutputs,
  labels: Tensor,
  masks: Tensor | undefined,
  config: ModelConfig,
): LossTerms {
  const { weighting, detection } = config.loss;
  const branches = [
    { maps: outputs.textMaps, weight: weighting === 'alpha' ? config.alpha : 1 },
    { maps: outputs.queryMaps, weight: weighting === 'alpha' ? 1 - config.alpha : 1 },
  ];
  const total = (term: (map: StageMap) => Tensor) =>
    branches
      .flatMap(({ maps, weight }) => maps.map((map) => multiply(term(map), weight)))
      .reduce(add);
  const detectionTerm = total((map) =>
    detection === 'maximum'
      ? binaryCrossEntropy(max(flatPixels(map.pixels), 1), labels)
      : binaryCrossEntropyWithLogits(mean(map.patches, [1]), labels),
  );
  if (!masks)
    return { detection: detectionTerm, focal: undefined, dice: undefined, total: detectionTerm };
  const focal = total((map) => focalLoss(agreement(map.pixels, masks)));
  const dice = total((map) => diceLoss(map.pixels, masks));
  return { detection: detectionTerm, focal, dice, total: add(add(detectionTerm, focal), dice) };
}
