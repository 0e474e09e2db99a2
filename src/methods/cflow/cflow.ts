import { add } from '../../graph/elementwise.js';
import { meanAll } from '../../graph/reduce.js';
import type { Tensor } from '../../graph/tensor.js';
import type { Weights } from '../../nn/parameters.js';
import type { FrozenClip, Method, MethodOutputs, Tensors } from '../method.js';
import { negativeLogSigmoid } from '../shared/likelihood.js';
import { largestPixel } from '../shared/maps.js';
import { featurePyramid, levelMaps, namedLevels } from '../shared/pyramid.js';
import {
  type FlowConfig,
  logProbabilities,
  namedProbabilities,
  unlikelihood,
} from './likelihood.js';

/*
 * CFLOW-AD (Gudovskiy et al. 2022): a normalising flow for each level of a frozen network, conditioned on
 * the place, learns how likely the features of normal images are.
 */

export interface CflowConfig extends FlowConfig {
  /** S, 256 in the paper. */
  readonly imageSize: number;
  /** Blocks of the image tower, where the backbone is one. */
  readonly stages?: readonly number[] | undefined;
}

export interface CflowOutputs extends MethodOutputs {
  /** log p of each place for each channel [B, h_l, w_l]. */
  readonly logProbabilities: readonly Tensor[];
}

/**
 * CFLOW-AD on stages 2 to 4 of a network, or on three stages of an image tower.
 *
 * @throws {IqeError} `config` if the stages do not fit the backbone.
 */
export async function cflow(
  config: CflowConfig,
  frozen: FrozenClip,
): Promise<Method<Tensors, CflowOutputs>> {
  const { imageSize, stages } = config;
  const pyramid = await featurePyramid({ imageSize, levels: [1, 2, 3], stages }, frozen);
  const likelihoods = (features: Tensors, weights: Weights) =>
    logProbabilities(levelMaps(features), weights, config);
  return {
    name: 'cflow',
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

    /** Σ_l mean over places of −ln σ(log p). */
    loss: ({ logProbabilities }) =>
      logProbabilities.map((x) => meanAll(negativeLogSigmoid(x))).reduce(add),

    ranged: (features, weights) => namedProbabilities(likelihoods(features, weights)),
  };
}
