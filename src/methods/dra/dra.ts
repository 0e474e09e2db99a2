import { imagenetNormalized } from '../../backbones/normalization.js';
import { type ResNetConfig, resnet, resnetConfigs } from '../../backbones/resnet.js';
import { IqeError } from '../../base/errors.js';
import { add, atLeast, divide, indicator, multiply } from '../../graph/elementwise.js';
import { reshape, transpose } from '../../graph/layout.js';
import { mean } from '../../graph/reduce.js';
import type { HostTensor, HostTensors } from '../../graph/session.js';
import { type Dimension, product } from '../../graph/shape.js';
import { sum, sumAll } from '../../graph/sum.js';
import { input, type Tensor } from '../../graph/tensor.js';
import type { BatchStatistics } from '../../nn/convolution.js';
import { interpolate, nearestInterpolation } from '../../nn/interpolation.js';
import { Parameters, type Weights } from '../../nn/parameters.js';
import type { FrozenClip, ImageOutputs, Method, Tensors } from '../method.js';
import { featurePyramid } from '../shared/pyramid.js';
import {
  deviationLoss,
  type HeadScores,
  headScores,
  heads,
  imageScore,
  meanScores,
  targets,
} from './heads.js';
import { pseudoAnomaly } from './pseudoAnomaly.js';

/*
 * DRA (Ding et al. 2022): four heads on one feature map learn what seen anomalies, pseudo anomalies and
 * residuals to normal images look like. It scores images and gives no map.
 */

export interface DraConfig {
  /** S, 448 in the paper. */
  readonly imageSize: number;
  /** The block of the image tower, where the backbone is one; the last one by default. */
  readonly stages?: readonly number[] | undefined;
}

export interface DraOutputs extends ImageOutputs {
  /** The feature map of the image and of the image at half its size [B, C, h, w]. */
  readonly maps: readonly Tensor[];
  /** Scores by the heads, given the mean map of normal images at each scale [1, C, h, w]. */
  readonly scores: (references: readonly Tensor[]) => HeadScores;
}

/** Images are looked at in full and at half their size. */
const scales = [1, 2];

/**
 * DRA on the last stage of a ResNet, which is trained with it, or on a frozen image tower.
 *
 * @throws {IqeError} `config` if the backbone is another network.
 */
export async function dra(
  { imageSize, stages }: DraConfig,
  frozen: FrozenClip,
): Promise<Method<Tensors, DraOutputs>> {
  const extractor = await (frozen.network
    ? trainedExtractor(frozen.network, imageSize)
    : frozenExtractor(imageSize, stages ?? [frozen.clip.vision.layers], frozen));

  function forward(
    features: Tensors,
    weights: Weights,
    memory: Tensors | undefined,
    statistics: BatchStatistics | undefined,
  ): DraOutputs {
    const maps = extractor.maps(features, weights, statistics);
    const scores = (references: readonly Tensor[]) =>
      meanScores(maps.map((map, i) => headScores(map, references[i]!, weights, statistics)));
    if (statistics) {
      // In training the references are normal images of the batch: only the loss knows which.
      return { maps, scores, score: mean(maps[0]!, [1, 2, 3]) };
    }
    const remembered = maps.map((_, i) => memory?.[`scale${i}`]);
    if (!remembered.every((rows) => rows !== undefined)) {
      throw new IqeError('data', 'DRA compares with normal images, and none were given.', {
        hint: 'Give a few normal images.',
      });
    }
    const references = maps.map((map, i) => meanMap(remembered[i]!, map));
    return { maps, scores, score: imageScore(scores(references)) };
  }

  return {
    name: 'dra',
    imageSize,
    inputNormalization: 'none',
    isProbability: false,
    featureSettings: extractor.settings,
    ...(extractor.startValues && { startValues: extractor.startValues }),

    features: extractor.features,

    forward: (features, weights, memory, _dropout, statistics) =>
      forward(features, weights, memory, statistics),

    /** Σ of the deviation losses of the heads. */
    loss({ maps, scores }, labels) {
      const isNormal = indicator('Equal', labels, 0);
      const own = scores(maps.map((map) => meanOf(map, isNormal)));
      const wanted = targets(labels);
      const each = heads.map((head) => {
        const { target, counts } = wanted[head];
        return deviationLoss(own[head], target, counts, { mean: 0, deviation: 1 });
      });
      return each.reduce(add);
    },

    synthesise: pseudoAnomaly,
    synthesisedLabel: 2,

    remember(features, weights) {
      const maps = extractor.maps(features, weights, undefined);
      return Object.fromEntries(maps.map((map, i) => [`scale${i}`, placesOf(map)]));
    },
  };
}

interface Extractor {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly startValues?: HostTensors;
  features(pixels: Tensor): Tensors;
  maps(features: Tensors, weights: Weights, statistics: BatchStatistics | undefined): Tensor[];
}

async function frozenExtractor(
  imageSize: number,
  stages: readonly number[],
  frozen: FrozenClip,
): Promise<Extractor> {
  const pyramids = await Promise.all(
    scales.map((scale) =>
      featurePyramid({ imageSize: Math.floor(imageSize / scale), levels: [0], stages }, frozen),
    ),
  );
  return {
    settings: { kind: 'two scales', ...pyramids[0]!.settings },
    features(pixels) {
      const maps = pyramids.map(({ maps }, i) => maps(smaller(pixels, imageSize, scales[i]!))[0]!);
      return Object.fromEntries(maps.map((map, i) => [`scale${i}`, map]));
    },
    maps: (features) => scales.map((_, i) => features[`scale${i}`]!),
  };
}

async function trainedExtractor(
  { name, tensors }: NonNullable<FrozenClip['network']>,
  imageSize: number,
): Promise<Extractor> {
  const config = (resnetConfigs as Record<string, ResNetConfig>)[name];
  if (!config) {
    throw new IqeError('config', `DRA trains a ResNet; ${name} is none.`, {
      hint: `Give one of ${Object.keys(resnetConfigs).join(', ')}, or an image tower, which stays as it is.`,
    });
  }
  const prefix = 'feature_extractor';
  const asked = new Parameters();
  resnet(input('pixels', [1, 3, 64, 64]), asked.weights, config);
  const startValues: Record<string, HostTensor> = {};
  for (const { name: tensor, shape } of asked.list) {
    startValues[`${prefix}.${tensor}`] = { data: await tensors.read(tensor, shape), shape };
  }
  return {
    settings: { kind: 'pixels' },
    startValues,
    features: (pixels) => ({ pixels }),
    maps: ({ pixels }, weights, statistics) =>
      scales.map((scale) => {
        const x = imagenetNormalized(smaller(pixels!, imageSize, scale));
        return resnet(x, weights.at(prefix), config, statistics).stages.at(-1)!;
      }),
  };
}

/** Every `scale`-th pixel. */
function smaller(pixels: Tensor, size: number, scale: number): Tensor {
  if (scale === 1) return pixels;
  const along = nearestInterpolation(size, Math.floor(size / scale));
  return interpolate(pixels, along, along);
}

/** The mean map of the images that count: [B, C, h, w], [B] → [1, C, h, w]. */
function meanOf(map: Tensor, counts: Tensor): Tensor {
  const weights = reshape(counts, [counts.shape[0]!, 1, 1, 1]);
  return divide(sum(multiply(map, weights), [0], true), atLeast(sumAll(counts), 1));
}

/** Rows of all places of an image: [B, C, h, w] → [B, h·w, C]. */
function placesOf(map: Tensor): Tensor {
  const [batch, channels, height, width] = map.shape as [Dimension, number, number, number];
  return transpose(reshape(map, [batch, channels, height * width]), [0, 2, 1]);
}

/** The mean map of remembered images: their places [N·h·w, C] → [1, C, h, w] of the shape of `map`. */
function meanMap(rows: Tensor, map: Tensor): Tensor {
  const [, channels, height, width] = map.shape as [Dimension, number, number, number];
  const places = height * width;
  const images = (product(rows.shape) as number) / (places * channels);
  const average = mean(reshape(rows, [images, places, channels]), [0]); // [h·w, C]
  return reshape(transpose(average, [1, 0]), [1, channels, height, width]);
}
