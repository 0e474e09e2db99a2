import type { Tensor } from '../../graph/tensor.js';
import type { Weights } from '../../nn/parameters.js';
import type { FrozenClip, Method, MethodOutputs, Tensors } from '../method.js';
import {
  type FlowConfig,
  logProbabilities,
  namedProbabilities,
  unlikelihood,
} from './flowLikelihood.js';
import { largestPixel } from './maps.js';
import { featurePyramid, levelMaps, namedLevels } from './pyramid.js';

export interface FlowMethodConfig extends FlowConfig {
  /** S, 256 in the papers. */
  readonly imageSize: number;
  /** Blocks of the image tower, where the backbone is one. */
  readonly stages?: readonly number[] | undefined;
}

export interface FlowOutputs extends MethodOutputs {
  /** log p of each place for each channel [B, h_l, w_l]. */
  readonly logProbabilities: readonly Tensor[];
}

export type FlowMethod = Method<Tensors, FlowOutputs>;

/**
 * What CFLOW-AD and BGAD have in common: a normalising flow for each of three levels of a frozen backbone,
 * and a map of how unlikely each place is. They differ in what the flows learn from.
 *
 * @param levels Maps of a network; of an image tower, three stages are taken.
 * @throws {IqeError} `config` if the stages do not fit the backbone.
 */
export async function flowMethod(
  name: string,
  config: FlowMethodConfig,
  levels: readonly number[],
  frozen: FrozenClip,
  loss: NonNullable<FlowMethod['loss']>,
): Promise<FlowMethod> {
  const { imageSize, stages } = config;
  const pyramid = await featurePyramid({ imageSize, levels, stages }, frozen);
  const likelihoods = (features: Tensors, weights: Weights) =>
    logProbabilities(levelMaps(features), weights, config);
  return {
    name,
    imageSize,
    inputNormalization: 'none',
    isProbability: false,
    featureSettings: { kind: 'pyramid', ...pyramid.settings },

    features: (pixels) => namedLevels(pyramid.maps(pixels)),

    forward(features, weights, memory) {
      const logP = likelihoods(features, weights);
      const map = unlikelihood(logP, imageSize, memory);
      return { logProbabilities: logP, map, score: largestPixel(map) };
    },

    loss,
    ranged: (features, weights) => namedProbabilities(likelihoods(features, weights)),
  };
}
