import type { ClipConfig } from '../../clip/config.js';
import { gridSize, imageTower } from '../../clip/imageTower.js';
import { textBlocks, textHead } from '../../clip/textTower.js';
import { add, cast, multiply } from '../../graph/elementwise.js';
import { gatherRows } from '../../graph/gather.js';
import { grad } from '../../graph/gradient.js';
import { reshape, slice } from '../../graph/layout.js';
import { matmul } from '../../graph/matmul.js';
import { type CompiledGraph, compile } from '../../graph/onnx.js';
import { input, type Tensor } from '../../graph/tensor.js';
import { layerNormLayer, projection } from '../../nn/layers.js';
import { filled, type Initialiser, normal, Parameters, Weights } from '../../nn/parameters.js';
import { contrastiveLoss, imageStateLoss, stateLoss } from './contrastiveLoss.js';

/** Sizes of one batch; graphs of two batches differ in nothing else. */
export interface BatchShape {
  /** B pairs of image and caption. */
  readonly pairs: number;
  /** K patches of each image. */
  readonly patches: number;
  /** N tokens of each text. */
  readonly tokens: number;
}

/** Weights of the terms beside the contrastive one. */
export interface LossWeights {
  readonly stateWeight: number;
  readonly patchWeight: number;
}

/** The loss and its terms: outputs beside a gradient for each parameter under the parameter's name. */
export const lossNames = ['loss', 'contrastive', 'state', 'patch'] as const;
export type LossName = (typeof lossNames)[number];

/**
 * One training step as a graph: both towers, the loss and its gradients.
 *
 * Inputs beside the parameters:
 * - `pixelValues` [B, 3, p, K·p]: the patches that the tower sees, side by side;
 * - `patchPlaces` [B, 1 + K]: their rows in the position table (0 for the class token);
 * - `tokenIds` [B + 2, N] and `endPlaces` [B + 2, N]: captions, then the prompts for normal and
 *   abnormal; 1 where a text ends, else 0;
 * - `captionTargets` [B, B], `imageWeights` [B, 2], `patchWeights` [B, K, 2]: see the losses.
 */
export function pretrainGraph(
  config: ClipConfig,
  { pairs, patches, tokens }: BatchShape,
  { stateWeight, patchWeight }: LossWeights,
): { readonly parameters: Parameters; readonly graph: CompiledGraph } {
  const parameters = new Parameters();
  const weights = withClipInitialisers(parameters.weights, config);
  const { patchSize } = config.vision;

  const pixelValues = input('pixelValues', [pairs, 3, patchSize, patches * patchSize]);
  const image = trainableImageTower(pixelValues, input('patchPlaces', [pairs, 1 + patches]), {
    weights,
    config,
  });
  const texts = trainableTextTower(
    input('tokenIds', [pairs + 2, tokens]),
    input('endPlaces', [pairs + 2, tokens]),
    { weights, config },
  );
  const captions = slice(texts, 0, 0, pairs);
  const states = slice(texts, 0, pairs, pairs + 2);
  const logScale = weights.get('logit_scale', []);

  const contrastive = contrastiveLoss(
    image.embedding,
    captions,
    logScale,
    input('captionTargets', [pairs, pairs]),
  );
  const state = imageStateLoss(
    image.embedding,
    states,
    logScale,
    input('imageWeights', [pairs, 2]),
  );
  const patch = stateLoss(
    image.patchEmbeddings,
    states,
    logScale,
    input('patchWeights', [pairs, patches, 2]),
  );
  const loss = add(contrastive, add(multiply(state, stateWeight), multiply(patch, patchWeight)));
  const { list } = parameters;
  const gradients = grad(
    loss,
    list.map(({ tensor }) => tensor),
  );
  const byName = Object.fromEntries(list.map(({ name }, index) => [name, gradients[index]!]));
  return { parameters, graph: compile({ loss, contrastive, state, patch, ...byName }) };
}

interface Model {
  readonly weights: Weights;
  readonly config: ClipConfig;
}

/** The image tower; patch tokens of its last block pass through the class token's head. */
function trainableImageTower(
  pixelValues: Tensor,
  places: Tensor,
  { weights, config }: Model,
): { readonly embedding: Tensor; readonly patchEmbeddings: Tensor } {
  const { width, patchSize, imageSize, layerNormEpsilon } = config.vision;
  const embeddings = weights.at('vision_model').at('embeddings');
  const table = embeddings
    .at('position_embedding')
    .get('weight', [1 + gridSize(config, imageSize) ** 2, width]);
  const kernel = embeddings.at('patch_embedding').get('weight', [width, 3, patchSize, patchSize]);
  const { hidden, embedding } = imageTower(
    {
      pixelValues,
      positions: gatherRows(table, cast(places, 'int64')), // [B, 1 + K, D]
      patchEmbedding: reshape(kernel, [width, 3 * patchSize * patchSize]),
    },
    weights,
    config,
  );
  const last = hidden.at(-1)!;
  const tokens = slice(last, 1, 1, last.shape[1] as number); // [B, K, D]
  const norm = weights.at('vision_model').at('post_layernorm');
  const patchEmbeddings = projection(
    layerNormLayer(tokens, norm, layerNormEpsilon),
    weights.at('visual_projection'),
    config.embeddingWidth,
  );
  return { embedding, patchEmbeddings };
}

/** The text tower, read where each text ends: [B + 2, C]. */
function trainableTextTower(ids: Tensor, endPlaces: Tensor, { weights, config }: Model): Tensor {
  const { width, vocabularySize, contextLength } = config.text;
  const [texts, tokens] = ids.shape as [number, number];
  const embeddings = weights.at('text_model').at('embeddings');
  const table = embeddings.at('token_embedding').get('weight', [vocabularySize, width]);
  const positions = embeddings.at('position_embedding').get('weight', [contextLength, width]);
  const embedded = add(gatherRows(table, cast(ids, 'int64')), slice(positions, 0, 0, tokens));
  const last = textBlocks(embedded, weights, config).at(-1)!; // [B + 2, N, C]
  const end = matmul(reshape(endPlaces, [texts, 1, tokens]), last); // [B + 2, 1, C]
  return textHead(reshape(end, [texts, width]), weights, config);
}

/** The same weights with CLIP's start values instead of the layers' own. */
function withClipInitialisers(weights: Weights, config: ClipConfig): Weights {
  return new Weights((name, shape) => weights.get(name, shape, clipInitialiser(name, config)));
}

/**
 * CLIP's start values (Radford et al. 2021, `initialize_parameters` in OpenAI's code): matrices
 * N(0, 1/width) or N(0, 1/(2·width)) before the activation, those that write into the residual
 * stream divided by √(2·layers); token embeddings N(0, 0.02²), text positions N(0, 0.01²); biases 0;
 * logit scale ln(1/0.07).
 */
export function clipInitialiser(name: string, config: ClipConfig): Initialiser {
  if (name === 'logit_scale') return filled(Math.log(1 / 0.07));
  if (name.endsWith('.bias')) return filled(0);
  if (/norm\d?\.weight$|layrnorm\.weight$/.test(name)) return filled(1);
  if (name.includes('token_embedding')) return normal(0.02);
  const isText = name.startsWith('text_');
  const { width, layers } = isText ? config.text : config.vision;
  if (name.includes('position_embedding')) return normal(isText ? 0.01 : 0.02);
  if (name.includes('class_embedding')) return normal(0.02);
  if (name.includes('patch_embedding')) return normal((3 * config.vision.patchSize ** 2) ** -0.5);
  if (/out_proj|fc2/.test(name)) return normal(width ** -0.5 * (2 * layers) ** -0.5);
  if (name.includes('fc1')) return normal((2 * width) ** -0.5);
  return normal(width ** -0.5);
}
