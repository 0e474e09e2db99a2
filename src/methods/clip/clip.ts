import { frozenImageStart } from '../../clip/frozenImageTower.js';
import { imageHead, imageTower } from '../../clip/imageTower.js';
import { add, multiply } from '../../graph/elementwise.js';
import { take, unsqueeze } from '../../graph/layout.js';
import { cosineMatrix } from '../../graph/normalization.js';
import type { Runtime } from '../../graph/session.js';
import type { Tensor } from '../../graph/tensor.js';
import type { Weights } from '../../nn/parameters.js';
import type { FrozenClip, Method, MethodOutputs, Tensors } from '../method.js';
import { quarters, stageTokens, withoutClassToken } from '../shared/clipFeatures.js';
import { abnormalProbability, largestPixel, patchesToPixels } from '../shared/maps.js';
import { nearestDistance } from '../shared/memory.js';
import {
  compositionalEnsemble,
  ensembleEmbeddings,
  ensemblePrompts,
} from '../shared/promptEnsemble.js';

/*
 * CLIP as it is (Radford et al. 2021): an image, or a patch of it, is as abnormal as it is closer to
 * a text of the abnormal state than to one of the normal state.
 */

export interface PlainClipConfig {
  /** S */
  readonly imageSize: number;
  /** What the images show, such as 'brain'. */
  readonly object: string;
  /** One prompt for each state (CLIP), or the mean of many (CLIP-AC). */
  readonly prompts: 'single' | 'ensemble';
}

/** τ of the softmax over the two states: CLIP's own, learned to its limit. */
const temperature = 0.01;

/** Both from the last block, in the shared space. */
export type PlainClipFeatures = Tensors & {
  /** The class token [B, C]. */
  readonly embedding: Tensor;
  /** Patch tokens after CLIP's last layer norm and projection [B, G², C]. */
  readonly patches: Tensor;
};

export type ClipPlusFeatures = PlainClipFeatures & {
  /** Patch tokens [B, G², D] after each quarter of the tower, raw. */
  readonly [stage: `stage${number}`]: Tensor;
};

/**
 * CLIP or CLIP-AC for one kind of object: nothing is trained. The texts are embedded here, once.
 *
 * @throws {IqeError} `config` if the object's name does not fit the text tower.
 */
export async function plainClip(
  { imageSize, object, prompts }: PlainClipConfig,
  frozen: FrozenClip,
  runtime: Runtime,
): Promise<Method<PlainClipFeatures, MethodOutputs>> {
  const { checkpoint, clip } = frozen;
  const { weights } = checkpoint.tensors;
  const start = await frozenImageStart(checkpoint, imageSize);
  const texts: [string[], string[]] =
    prompts === 'ensemble'
      ? ensemblePrompts(compositionalEnsemble, object)
      : [[`a photo of a normal ${object}.`], [`a photo of an anomalous ${object}.`]];
  const states = await ensembleEmbeddings(texts, frozen, runtime, true); // t_n, t_a [2, C]

  /** softmax(cos(x, t_n) / τ, cos(x, t_a) / τ)_a: [B, N, C] → [B, N]. */
  const abnormal = (x: Tensor) =>
    abnormalProbability(multiply(cosineMatrix(x, states), 1 / temperature));

  return {
    name: prompts === 'ensemble' ? 'clip-ac' : 'clip',
    imageSize,
    inputNormalization: 'clip',
    isProbability: true,
    featureSettings: { kind: 'clip', activation: clip.vision.activation },

    features(pixelValues) {
      const { hidden, embedding } = imageTower({ pixelValues, ...start }, weights, clip);
      const last = withoutClassToken(hidden.at(-1)!);
      return { embedding, patches: imageHead(last, weights, clip).embedding };
    },

    forward({ embedding, patches }) {
      const map = patchesToPixels(abnormal(patches), imageSize, false);
      return { map, score: take(abnormal(unsqueeze(embedding, 1)), 1, 0) };
    },
  };
}

/**
 * CLIP-AC with a memory of normal images. The map is that of APRIL-GAN: it gains, of each of the L stages,
 * the cosine distance d_l of each patch to the nearest one in memory. The score is that of WinCLIP+: half
 * CLIP's own, half the largest pixel of 1 / L Σ_l d_l / 2, both in 0…1 without a range to be measured.
 *
 * @throws {IqeError} `config` if the object's name does not fit the text tower.
 */
export async function clipPlus(
  config: Omit<PlainClipConfig, 'prompts'>,
  frozen: FrozenClip,
  runtime: Runtime,
): Promise<Method<ClipPlusFeatures, MethodOutputs>> {
  const { imageSize } = config;
  const { checkpoint, clip } = frozen;
  const { weights } = checkpoint.tensors;
  const plain = await plainClip({ ...config, prompts: 'ensemble' }, frozen, runtime);
  const start = await frozenImageStart(checkpoint, imageSize);
  const stages = quarters(clip.vision.layers);

  function forward(features: ClipPlusFeatures, own: Weights, memory: Tensors = {}): MethodOutputs {
    const text = plain.forward(features, own);
    const distances = stageTokens(features).map((x, stage) =>
      patchesToPixels(nearestDistance(x, memory[`stage${stage}`]!), imageSize),
    );
    const total = distances.reduce(add);
    const largest = multiply(largestPixel(total), 1 / (2 * stages.length));
    return { map: add(text.map, total), score: multiply(add(text.score, largest), 0.5) };
  }

  return {
    name: 'clip+',
    imageSize,
    inputNormalization: 'clip',
    isProbability: false,
    featureSettings: { kind: 'clip+', stages, activation: clip.vision.activation },

    features(pixelValues) {
      const { hidden, embedding } = imageTower({ pixelValues, ...start }, weights, clip);
      const tokens = stages.map((stage) => withoutClassToken(hidden[stage]!));
      const last = withoutClassToken(hidden.at(-1)!);
      return {
        embedding,
        patches: imageHead(last, weights, clip).embedding,
        ...Object.fromEntries(tokens.map((x, index) => [`stage${index}`, x])),
      };
    },

    forward,
    remember: ({ embedding: _, patches: __, ...tokens }) => tokens,
  };
}
