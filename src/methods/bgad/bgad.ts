import { add, indicator, multiply, subtract } from '../../graph/elementwise.js';
import { reshape } from '../../graph/layout.js';
import { product, staticDimension } from '../../graph/shape.js';
import type { Tensor } from '../../graph/tensor.js';
import { interpolate, nearestInterpolation } from '../../nn/interpolation.js';
import type { Weights } from '../../nn/parameters.js';
import {
  type FlowConfig,
  logProbabilities,
  namedProbabilities,
  unlikelihood,
} from '../cflow/likelihood.js';
import {
  currentEpoch,
  type FrozenClip,
  type Method,
  type MethodOutputs,
  type Tensors,
} from '../method.js';
import { largestPixel } from '../shared/maps.js';
import { neededMasks } from '../shared/pixelLoss.js';
import { featurePyramid, levelMaps, namedLevels } from '../shared/pyramid.js';
import { boundaries, boundaryLosses, placeWeights } from './boundary.js';

/*
 * BGAD (Yao et al. 2023): CFLOW-AD's flows, and a boundary in the likelihoods of normal places; normal
 * places below it are pulled up, abnormal ones above another, a little lower, are pushed down.
 */

export interface BgadConfig extends FlowConfig {
  /** S, 256 in the paper. */
  readonly imageSize: number;
  /** Blocks of the image tower, where the backbone is one. */
  readonly stages?: readonly number[] | undefined;
  /** β: share of the normal places that lies below the boundary. */
  readonly beta: number;
}

export interface BgadOutputs extends MethodOutputs {
  /** log p of each place for each channel [B, h_l, w_l]. */
  readonly logProbabilities: readonly Tensor[];
}

/**
 * BGAD on maps 2 to 4 of a network (strides 8, 16 and 32 of an EfficientNet), or on three stages of an image tower.
 *
 * @throws {IqeError} `config` if the stages do not fit the backbone.
 */
export async function bgad(
  config: BgadConfig,
  frozen: FrozenClip,
): Promise<Method<Tensors, BgadOutputs>> {
  const { imageSize, stages, beta } = config;
  const levels = frozen.network?.name === 'tf_efficientnet_b6' ? [2, 3, 4] : [1, 2, 3];
  const pyramid = await featurePyramid({ imageSize, levels, stages }, frozen);
  const likelihoods = (features: Tensors, weights: Weights) =>
    logProbabilities(levelMaps(features), weights, config);
  return {
    name: 'bgad',
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

    /** Σ_l of the likelihood of normal places alone in the first epoch, then of all three weighted terms. */
    loss({ logProbabilities }, _labels, masks) {
      const known = neededMasks(masks, 'bgad');
      return logProbabilities.map((x) => levelLoss(x, known, beta)).reduce(add);
    },

    ranged: (features, weights) => namedProbabilities(likelihoods(features, weights)),
  };
}

function levelLoss(logP: Tensor, masks: Tensor, beta: number): Tensor {
  const places = [product(logP.shape)];
  const flat = reshape(logP, places);
  const mask = reshape(maskAt(masks, logP), places);
  const edges = boundaries(flat, mask, beta);
  const { likelihood, normal, abnormal } = boundaryLosses(
    flat,
    mask,
    edges,
    placeWeights(flat, mask),
  );
  const plain = boundaryLosses(flat, mask, edges).likelihood;
  const later = indicator('Greater', currentEpoch(), 0.5);
  const guided = [likelihood, normal, abnormal].reduce(add);
  return add(multiply(later, guided), multiply(subtract(1, later), plain));
}

/** Masks [B, S, S] at the places of a level [B, h, w], the nearest pixel of each. */
function maskAt(masks: Tensor, level: Tensor): Tensor {
  const along = (axis: number) =>
    nearestInterpolation(
      staticDimension(masks.shape, axis, 'bgad'),
      staticDimension(level.shape, axis, 'bgad'),
    );
  return interpolate(masks, along(1), along(2));
}
