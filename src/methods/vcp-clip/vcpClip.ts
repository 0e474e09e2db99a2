import { prefixedTextBlocks, textHead } from '../../clip/textTower.js';
import { convolveSame } from '../../graph/convolution.js';
import { add, exp, multiply, sigmoid } from '../../graph/elementwise.js';
import { concat, slice, take, unsqueeze } from '../../graph/layout.js';
import { cosineMatrix, l2Normalize } from '../../graph/normalization.js';
import { expand } from '../../graph/sum.js';
import type { Tensor } from '../../graph/tensor.js';
import { type PromptGroup, promptTemplate } from '../../iqe/prompts.js';
import { Dropout } from '../../nn/dropout.js';
import { layerNormLayer, linearLayer } from '../../nn/layers.js';
import { filled, normal, uniform, uniformFanIn, type Weights } from '../../nn/parameters.js';
import { queryAttention } from '../../nn/queryAttention.js';
import type { FrozenClip, Method, MethodOutputs } from '../method.js';
import {
  type ClipFeatures,
  clipFeatureSettings,
  clipFeatures,
  quarters,
  stageTokens,
} from '../shared/clipFeatures.js';
import { contrast, meanOfLargest, patchesToPixels, smooth } from '../shared/maps.js';
import { neededMasks, pixelLoss } from '../shared/pixelLoss.js';

/*
 * VCP-CLIP (Qu et al. 2024): visual context prompting. B images, G² patches, C the width of the shared
 * space and of the text tower, D the image tower's width.
 */

export interface VcpClipConfig {
  /** S, 518 in the paper. */
  readonly imageSize: number;
  /** Blocks l whose patch tokens are used, counted from 1; every quarter of the depth by default. */
  readonly stages?: readonly number[];
  /** r, tokens of the prompt that stand for what the image shows. */
  readonly classTokens: number;
  /** n, learnable tokens in each layer of the text tower. */
  readonly learnableTokens: number;
  /** Attention heads of the Post-VCP module. */
  readonly heads: number;
  /** Largest pixels whose mean is the image score. */
  readonly largestPixels: number;
}

/** The authors' choices. */
export const vcpClipDefaults: VcpClipConfig = {
  imageSize: 518,
  classTokens: 2,
  learnableTokens: 1,
  heads: 8,
  largestPixels: 2000,
};

/** Weights of the text and of the visual branch in the anomaly map. */
const branchWeights = { text: 0.2, visual: 0.8 };

/** σ of the Gaussian that smooths the anomaly map, in pixels. */
const smoothing = 8;

/** What one of the two branches says. */
export interface Branch {
  /** Scaled cosines of each stage [B, G², 2]: normal, abnormal. */
  readonly logits: readonly Tensor[];
  /** Probability of `abnormal` of each stage [B, S, S]. */
  readonly maps: readonly Tensor[];
  /** Their mean over stages [B, S, S]. */
  readonly map: Tensor;
}

export interface VcpClipOutputs extends MethodOutputs {
  /** v [B, r, C]. */
  readonly classTokens: Tensor;
  /** t, unit length [B, 2, C]: normal, abnormal. */
  readonly textEmbeddings: Tensor;
  /** W_l x_l + b_l of each stage [B, G², C]. */
  readonly projected: readonly Tensor[];
  /** t'_l of each stage, unit length [B, 2, D]. */
  readonly updatedText: readonly Tensor[];
  readonly text: Branch;
  readonly visual: Branch;
}

export type VcpClip = Method<ClipFeatures, VcpClipOutputs>;

/** @throws {IqeError} `config` if a stage does not fit the image tower, or the prompt the text tower. */
export async function vcpClip(config: VcpClipConfig, frozen: FrozenClip): Promise<VcpClip> {
  const { checkpoint, tokenizer, clip } = frozen;
  const { imageSize, stages = quarters(clip.vision.layers), learnableTokens } = config;
  const frozenWeights = checkpoint.tensors.weights;
  const width = clip.embeddingWidth;
  const features = await clipFeatures(checkpoint, clip, imageSize, stages);
  const prompt = {
    template: 'a photo of a {state}',
    className: '',
    states: ['good', 'damaged'] as [string, string],
    readout: 'end-token' as const,
    classTokens: config.classTokens,
    learnableTokens,
  };
  const { groups } = await promptTemplate({ prompt }, checkpoint, tokenizer);

  /** Pre-VCP: v = q + Conv1d(x_cls): [B, C] → [B, r, C]. */
  function preVcp(embedding: Tensor, weights: Weights): Tensor {
    const { classTokens } = config;
    const context = convolveSame(
      embedding,
      weights.get('convolution.weight', [classTokens, 1, 3], uniformFanIn(3)),
      weights.get('convolution.bias', [classTokens], uniformFanIn(3)),
    );
    return add(context, weights.get('query', [classTokens, width], normal(1)));
  }

  /** t: the text tower on "a photo of a good [v_1]…[v_r]" and "… damaged …" [B, 2, C]. */
  function textEmbeddings(classTokens: Tensor, weights: Weights, dropout: Dropout): Tensor {
    const shape = [clip.text.layers, learnableTokens, width];
    const raw = weights.get('deep', shape, uniform(1));
    const learnable = dropout.apply(linearLayer(raw, weights.at('projection'), width));
    const embeddings: Tensor[] = [];
    for (const group of groups) {
      const own = afterWords(classTokens, group);
      const hidden = prefixedTextBlocks(group.words, own, frozenWeights, clip, (x, layer) =>
        withLearnable(x, take(learnable, 0, layer), layer),
      );
      const normed = layerNormLayer(take(hidden, 2, -1), weights.at('norm'), 1e-6); // [S, B, C]
      const embedded = l2Normalize(textHead(normed, frozenWeights, clip));
      for (const [index, state] of group.states.entries())
        embeddings[state] = unsqueeze(take(embedded, 0, index), 1);
    }
    return concat(embeddings, 1);
  }

  /** The learnable tokens of a layer after the start token, in the place of the layer before's. */
  function withLearnable(x: Tensor, learnable: Tensor, layer: number): Tensor {
    const [kinds, length] = x.shape as [number, number, number];
    const fresh = expand(learnable, [kinds, learnableTokens, width]);
    const words = slice(x, 1, layer === 0 ? 1 : 1 + learnableTokens, length);
    return concat([slice(x, 1, 0, 1), fresh, words], 1);
  }

  /** Post-VCP: t'_l = norm(W_o softmax(q kᵀ) v) with q of the texts, k and v of the patches [B, 2, D]. */
  function postVcp(texts: Tensor, patches: Tensor, weights: Weights): Tensor {
    return l2Normalize(queryAttention(texts, patches, weights, { heads: config.heads, scale: 1 }));
  }

  /** σ(φ(exp(τ) · cos)) of each stage, and the mean of the stages. */
  function branch(cosines: readonly Tensor[], temperature: Tensor): Branch {
    const logits = cosines.map((x) => multiply(x, exp(temperature)));
    const maps = logits.map((x) => sigmoid(patchesToPixels(contrast(x), imageSize)));
    return { logits, maps, map: multiply(maps.reduce(add), 1 / maps.length) };
  }

  return {
    name: 'vcp-clip',
    imageSize,
    inputNormalization: 'clip',
    isProbability: true,
    featureSettings: clipFeatureSettings(clip, stages),
    dropout: 0.1,
    features,

    forward(features, weights, _memory, dropout = new Dropout(0)) {
      const classTokens = preVcp(features.embedding, weights.at('pre'));
      const texts = textEmbeddings(classTokens, weights.at('prompts'), dropout);
      const tokens = stageTokens(features);
      const projected = tokens.map((x, stage) =>
        linearLayer(x, weights.at('projections').at(stage), width),
      );
      const patches = tokens.map((x) => l2Normalize(x));
      const updatedText = patches.map((x) => postVcp(texts, x, weights.at('post')));

      const temperature = (name: string) =>
        weights.at('temperature').get(name, [], filled(Math.log(1 / 0.07)));
      const text = branch(
        projected.map((x) => cosineMatrix(x, texts)),
        temperature('text'),
      );
      const visual = branch(
        patches.map((x, stage) => cosineMatrix(x, updatedText[stage]!)),
        temperature('visual'),
      );
      const mixed = add(
        multiply(text.map, branchWeights.text),
        multiply(visual.map, branchWeights.visual),
      );
      const [textScore, visualScore] = [text, visual].map(({ map }) =>
        meanOfLargest(map, config.largestPixels),
      ) as [Tensor, Tensor];
      return {
        classTokens,
        textEmbeddings: texts,
        projected,
        updatedText,
        text,
        visual,
        map: smooth(mixed, smoothing),
        score: add(textScore, visualScore),
      };
    },

    /** Σ Focal(M, Y) + Dice(M, Y) over the maps of all stages of both branches */
    loss({ text, visual }, _labels, masks) {
      const known = neededMasks(masks, 'vcp-clip');
      return [...text.maps, ...visual.maps].map((map) => pixelLoss(map, known)).reduce(add);
    },
  };
}

/** What follows the words of a prompt: [v_1]…[v_r] and the end token, which is read [S, B, r + 1, C]. */
function afterWords(classTokens: Tensor, { states, end, positions }: PromptGroup): Tensor {
  const ends = expand(end!, [classTokens.shape[0]!, ...end!.shape], classTokens);
  const placed = add(concat([classTokens, ends], 1), positions); // [B, r + 1, C]
  return expand(unsqueeze(placed, 0), [states.length, ...placed.shape]);
}
