import { block } from '../../clip/block.js';
import { textHead } from '../../clip/textTower.js';
import { add, multiply } from '../../graph/elementwise.js';
import { concat, take, unsqueeze } from '../../graph/layout.js';
import { linear } from '../../graph/matmul.js';
import { l2Normalize } from '../../graph/normalization.js';
import { mean } from '../../graph/reduce.js';
import type { Tensor } from '../../graph/tensor.js';
import { linearLayer } from '../../nn/layers.js';
import { normal, type Weights } from '../../nn/parameters.js';
import type { FrozenClip, Method, MethodOutputs } from '../method.js';
import {
  type ClipFeatures,
  clipFeatureSettings,
  clipFeatures,
  stageTokens,
} from '../shared/clipFeatures.js';
import { type ContextPrompts, contextPrompts, withContext } from '../shared/contextPrompts.js';
import { abnormalProbability, largestPixel, patchesToPixels } from '../shared/maps.js';
import { neededMasks, pixelLoss } from '../shared/pixelLoss.js';
import { synthesiseAnomaly } from './anomalies.js';

/*
 * MediCLIP (Zhang et al. 2024): CLIP adapted with a few normal images. B images, G² patches, C the width of
 * the shared space, D the text tower's width.
 */

export interface MediClipConfig {
  /** S, 224 in the paper. */
  readonly imageSize: number;
  /** Blocks whose patch tokens are used, counted from 1; at half, three quarters and all of the depth by default. */
  readonly stages?: readonly number[];
  /** Learnable tokens before each word. */
  readonly contextTokens: number;
}

/** The authors' choices. */
export const mediClipDefaults: MediClipConfig = { imageSize: 224, contextTokens: 8 };

/** What radiologists write of the two states. */
export const stateWords = {
  normal: [
    'normal',
    'healthy',
    'negative',
    'unremarkable',
    'clear',
    'asymptomatic',
    'normal findings',
    'no findings',
    'in good health',
    'no evidence of disease',
  ],
  abnormal: [
    'abnormal',
    'positive',
    'symptomatic',
    'disease',
    'lesion',
    'pathological',
    'impaired',
    'evidence of disease',
    'abnormal finding',
    'pathological condition',
    'pathological abnormality',
  ],
} as const;

export interface MediClipOutputs extends MethodOutputs {
  /** t, unit length [2, C]: normal, abnormal. */
  readonly textEmbeddings: Tensor;
  /** Patch tokens of each stage in the shared space, unit length [B, G², C]. */
  readonly adapted: readonly Tensor[];
}

export type MediClip = Method<ClipFeatures, MediClipOutputs>;

/** @throws {IqeError} `config` if a stage does not fit the image tower, or a prompt the text tower. */
export async function mediClip(config: MediClipConfig, frozen: FrozenClip): Promise<MediClip> {
  const { checkpoint, clip } = frozen;
  const { imageSize, contextTokens } = config;
  const { layers } = clip.vision;
  const { stages = [0.5, 0.75, 1].map((part) => Math.max(1, Math.round(part * layers))) } = config;
  const frozenWeights = checkpoint.tensors.weights;
  const features = await clipFeatures(checkpoint, clip, imageSize, stages);
  const { contextLength, width } = clip.text;
  const states = ['normal', 'abnormal'] as const;
  const prompts: ContextPrompts[] = [];
  for (const state of states) {
    const sentences = stateWords[state].map((words) => `${words}.`);
    prompts.push(await contextPrompts(sentences, contextTokens, frozen, contextLength));
  }

  /**
   * t of a state: the mean over its words of the text tower on "[v_1]…[v_M] word." [C]. The authors' text
   * tower looks ahead here (no causal mask), so the padding up to the context length matters as well.
   */
  function textEmbedding(prompt: ContextPrompts, context: Tensor): Tensor {
    const blocks = frozenWeights.at('text_model').at('encoder').at('layers');
    let x = withContext(prompt, context); // [S, 77, D]
    for (let layer = 0; layer < clip.text.layers; layer++)
      x = block(x, blocks.at(layer), clip.text);
    const read = prompt.ends.map((end, text) => unsqueeze(take(take(x, 0, text), 0, end), 0));
    return l2Normalize(mean(textHead(concat(read, 0), frozenWeights, clip), [0]));
  }

  function textEmbeddings(weights: Weights): Tensor {
    const embeddings = states.map((state, index) => {
      const shape = [stateWords[state].length, contextTokens, width];
      const context = weights.get(state, shape, normal(0.02));
      return unsqueeze(textEmbedding(prompts[index]!, context), 0);
    });
    return concat(embeddings, 0);
  }

  return {
    name: 'mediclip',
    imageSize,
    inputNormalization: 'clip',
    isProbability: true,
    featureSettings: clipFeatureSettings(clip, stages),
    features,
    synthesise: synthesiseAnomaly,

    forward(features, weights) {
      const embeddings = textEmbeddings(weights.at('prompts'));
      const adapted = stageTokens(features).map((x, stage) =>
        l2Normalize(linearLayer(x, weights.at('adapters').at(stage), clip.embeddingWidth)),
      );
      const cosines = adapted.map((x) => linear(x, embeddings)); // [B, G², 2] each
      const average = multiply(cosines.reduce(add), 1 / cosines.length);
      const map = patchesToPixels(abnormalProbability(average), imageSize);
      return { textEmbeddings: embeddings, adapted, map, score: largestPixel(map) };
    },

    /** Focal(M, Y) + Dice(M, Y) */
    loss: ({ map }, _labels, masks) => pixelLoss(map, neededMasks(masks, 'mediclip')),
  };
}
