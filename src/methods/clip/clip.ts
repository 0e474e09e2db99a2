import { frozenImageStart } from '../../clip/imageEncoder.js';
import { imageHead, imageTower } from '../../clip/imageTower.js';
import { multiply } from '../../graph/elementwise.js';
import { take, unsqueeze } from '../../graph/layout.js';
import { cosineMatrix } from '../../graph/normalization.js';
import type { Runtime } from '../../graph/session.js';
import type { Tensor } from '../../graph/tensor.js';
import type { FrozenClip, Method, MethodOutputs, Tensors } from '../method.js';
import { withoutClassToken } from '../shared/clipFeatures.js';
import { abnormalProbability, patchesToPixels } from '../shared/maps.js';
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
