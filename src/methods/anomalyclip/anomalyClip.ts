import { frozenImageStart } from '../../clip/frozenImageTower.js';
import { embedImage, imageBlock, imageHead, normalizeEmbedded } from '../../clip/imageTower.js';
import { textBlocks, textHead } from '../../clip/textTower.js';
import { add, multiply, subtract } from '../../graph/elementwise.js';
import { concat, slice, take, unsqueeze } from '../../graph/layout.js';
import { linear } from '../../graph/matmul.js';
import { l2Normalize } from '../../graph/normalization.js';
import { expand } from '../../graph/sum.js';
import type { Tensor } from '../../graph/tensor.js';
import { linearInterpolation } from '../../nn/interpolation.js';
import { projection } from '../../nn/layers.js';
import { crossEntropy } from '../../nn/losses.js';
import { normal, type Weights } from '../../nn/parameters.js';
import type { FrozenClip, Method, MethodOutputs } from '../method.js';
import {
  type ClipFeatures,
  checkStages,
  stageTokens,
  withoutClassToken,
} from '../shared/clipFeatures.js';
import { contextPrompts, withContext } from '../shared/contextPrompts.js';
import { abnormalProbability, patchesToPixels, smooth } from '../shared/maps.js';
import { neededMasks, pixelLoss } from '../shared/pixelLoss.js';
import { type Paths, secondPathBlock } from './secondPath.js';

/*
 * AnomalyCLIP (Zhou et al. 2024): object-agnostic prompt learning. B images, G² patches, C the width of
 * the shared space, D the text tower's width.
 */

export interface AnomalyClipConfig {
  /** S, 518 in the paper. */
  readonly imageSize: number;
  /** Blocks whose patch tokens are used, counted from 1; the last alone by default. */
  readonly stages?: readonly number[];
  /** Blocks at the end of the image tower that have a second path; 19 of 24 by default. */
  readonly secondPathBlocks?: number;
  /** E, learnable tokens of each prompt. */
  readonly contextTokens: number;
  /** Layers of the text tower that learnable tokens enter: the first with the prompt, the others anew. */
  readonly depth: number;
  /** Learnable tokens of each layer after the first. */
  readonly deepTokens: number;
}

/** The authors' choices. */
export const anomalyClipDefaults: AnomalyClipConfig = {
  imageSize: 518,
  contextTokens: 12,
  depth: 9,
  deepTokens: 4,
};

/** τ of every softmax over the two states. */
const temperature = 0.07;

/** λ, weight of the pixel losses. */
const pixelWeight = 4;

/** σ of the Gaussian that smooths the anomaly map, in pixels. */
const smoothing = 4;

/** Position embeddings are resized bilinearly, not as in the other systems. */
export const positionInterpolation = (source: number, target: number) =>
  linearInterpolation(source, target, false);

export interface AnomalyClipOutputs extends MethodOutputs {
  /** g, unit length [2, C]: normal, abnormal. */
  readonly textEmbeddings: Tensor;
  /** Cosines of the image with both texts over τ [B, 2]. */
  readonly imageLogits: Tensor;
  /** M_l, probability of `abnormal` of each stage [B, S, S]. */
  readonly maps: readonly Tensor[];
  /** Σ_l M_l before it is smoothed [B, S, S]. */
  readonly rawMap: Tensor;
}

export type AnomalyClip = Method<ClipFeatures, AnomalyClipOutputs>;

/** @throws {IqeError} `config` if a stage does not fit the image tower, or a prompt the text tower. */
export async function anomalyClip(
  config: AnomalyClipConfig,
  frozen: FrozenClip,
): Promise<AnomalyClip> {
  const { checkpoint, clip } = frozen;
  const { layers } = clip.vision;
  const { imageSize, contextTokens, deepTokens } = config;
  const { stages = [layers], secondPathBlocks = Math.round((19 / 24) * layers) } = config;
  checkStages(stages, clip);
  const frozenWeights = checkpoint.tensors.weights;
  const start = await frozenImageStart(checkpoint, imageSize, positionInterpolation);
  const texts = ['object.', 'damaged object.'];
  const prompts = await contextPrompts(texts, contextTokens, frozen);

  /** Tokens on both paths after each block. */
  function bothPaths(pixelValues: Tensor): Paths[] {
    const embedded = embedImage({ pixelValues, ...start }, frozenWeights, clip);
    const first = normalizeEmbedded(embedded, frozenWeights, clip);
    const hidden: Paths[] = [{ main: first, local: first }];
    for (let layer = 0; layer < layers; layer++) {
      const before = hidden[layer]!;
      if (layer >= layers - secondPathBlocks) {
        hidden.push(secondPathBlock(before, layer, frozenWeights, clip));
      } else {
        const main = imageBlock(before.main, layer, frozenWeights, clip);
        hidden.push({ main, local: main });
      }
    }
    return hidden;
  }

  /** g: the text tower on "[V_1]…[V_E] object." and "[W_1]…[W_E] damaged object." [2, C]. */
  function textEmbeddings(weights: Weights): Tensor {
    const { width } = clip.text;
    const context = weights.get('context', [2, contextTokens, width], normal(0.02));
    const renewed = Math.min(config.depth, clip.text.layers) - 1;
    // Learnable tokens take the first places after the start, whatever stands there.
    const renew = (x: Tensor, layer: number) => {
      if (layer === 0 || layer > renewed) return x;
      const deep = weights.get('deep', [renewed, deepTokens, width], normal(0.02));
      const fresh = expand(take(deep, 0, layer - 1), [2, deepTokens, width]);
      const after = slice(x, 1, 1 + deepTokens, x.shape[1] as number);
      return concat([slice(x, 1, 0, 1), fresh, after], 1);
    };
    const embedded = withContext(prompts, context);
    const hidden = textBlocks(embedded, frozenWeights, clip, renew).at(-1)!;
    const read = prompts.ends.map((end, state) =>
      unsqueeze(take(take(hidden, 0, state), 0, end), 0),
    );
    return l2Normalize(textHead(concat(read, 0), frozenWeights, clip));
  }

  return {
    name: 'anomalyclip',
    imageSize,
    inputNormalization: 'clip',
    isProbability: stages.length === 1,
    featureSettings: {
      kind: 'anomalyclip',
      stages,
      secondPathBlocks,
      activation: clip.vision.activation,
    },

    features(pixelValues) {
      const hidden = bothPaths(pixelValues);
      // The authors leave the last layer norm out here.
      const classToken = take(hidden.at(-1)!.main, 1, 0);
      const out = frozenWeights.at('visual_projection');
      const tokens = stages.map((stage, index) => {
        const { embedding } = imageHead(hidden[stage]!.local, frozenWeights, clip);
        return [`stage${index}`, withoutClassToken(embedding)] as const;
      });
      return {
        embedding: projection(classToken, out, clip.embeddingWidth),
        ...Object.fromEntries(tokens),
      };
    },

    forward(features, weights) {
      const embeddings = textEmbeddings(weights.at('prompts'));
      const similarities = (x: Tensor) =>
        multiply(linear(l2Normalize(x), embeddings), 1 / temperature);
      const imageLogits = similarities(features.embedding);
      const maps = stageTokens(features).map((x) =>
        patchesToPixels(abnormalProbability(similarities(x)), imageSize, false),
      );
      const rawMap = maps.reduce(add);
      return {
        textEmbeddings: embeddings,
        imageLogits,
        maps,
        rawMap,
        map: smooth(rawMap, smoothing),
        score: abnormalProbability(imageLogits),
      };
    },

    /** CE(image) + λ Σ_l Focal(M_l, Y) + Dice(M_l, Y) + Dice(1 − M_l, 1 − Y) */
    loss({ imageLogits, maps }, labels, masks) {
      const known = neededMasks(masks, 'anomalyclip');
      const target = concat([unsqueeze(subtract(1, labels), 1), unsqueeze(labels, 1)], 1);
      const pixels = maps.map((map) => pixelLoss(map, known, true)).reduce(add);
      return add(crossEntropy(imageLogits, target), multiply(pixels, pixelWeight));
    },
  };
}
