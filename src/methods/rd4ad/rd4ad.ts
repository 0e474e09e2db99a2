import { add } from '../../graph/elementwise.js';
import { mean } from '../../graph/reduce.js';
import type { Tensor } from '../../graph/tensor.js';
import type { BatchStatistics } from '../../nn/convolution.js';
import { upsample } from '../../nn/interpolation.js';
import type { Weights } from '../../nn/parameters.js';
import type { FrozenClip, Method, MethodOutputs, Tensors } from '../method.js';
import { mapDistance, placeDistance } from '../shared/distillation.js';
import { largestPixel, smooth } from '../shared/maps.js';
import { featurePyramid, levelMaps, namedLevels } from '../shared/pyramid.js';
import { bottleneck, type DecoderConfig, decoder } from './decoder.js';

/*
 * RD4AD, reverse distillation (Deng & Li 2022): a student that sees only a compressed embedding of the
 * teacher's maps learns to give them back, for normal images.
 */

export interface ReverseDistillationConfig extends DecoderConfig {
  /** S, 256 in the paper. */
  readonly imageSize: number;
  /** Blocks of the image tower, where the backbone is one. */
  readonly stages?: readonly number[] | undefined;
}

/** σ of the smoothing of maps, in pixels. */
const smoothing = 4;

export interface ReverseDistillationOutputs extends MethodOutputs {
  readonly teacher: Maps;
  readonly student: Maps;
}

/**
 * RD4AD on stages 1 to 3 of a network, or on three stages of an image tower averaged down to halves.
 *
 * @throws {IqeError} `config` if stages or image size do not fit the backbone.
 */
export async function rd4ad(
  config: ReverseDistillationConfig,
  frozen: FrozenClip,
): Promise<Method<Tensors, ReverseDistillationOutputs>> {
  const { imageSize, stages } = config;
  const pyramid = await featurePyramid(
    { imageSize, levels: [0, 1, 2], stages, halvings: 3 },
    frozen,
  );
  return {
    name: 'rd4ad',
    imageSize,
    inputNormalization: 'none',
    isProbability: false,
    featureSettings: { kind: 'pyramid', ...pyramid.settings },

    features: (pixels) => namedLevels(pyramid.maps(pixels)),

    forward(features, weights, _memory, _dropout, statistics) {
      const teacher = levelMaps(features) as unknown as Maps;
      const { student } = reverseDistillation(teacher, weights, config, statistics);
      const map = smooth(reverseMap(teacher, student, imageSize).unsmoothed, smoothing);
      return { teacher, student, map, score: largestPixel(map) };
    },

    loss: ({ teacher, student }) => reverseLoss(teacher, student),
  };
}

/** Three feature maps, the finest first. */
export type Maps = readonly [Tensor, Tensor, Tensor];

/** The student: what it makes of the teacher's maps, by way of one embedding. */
export function reverseDistillation(
  teacher: Maps,
  weights: Weights,
  config: DecoderConfig,
  statistics?: BatchStatistics,
): { embedding: Tensor; student: Maps } {
  const embedding = bottleneck(teacher, weights.at('bn'), config, statistics);
  const student = decoder(embedding, weights.at('decoder'), config, teacher, statistics);
  return { embedding, student };
}

/** Σ_l mean over images of 1 − cos(teacher, student), each map as one vector: a scalar. */
export function reverseLoss(teacher: Maps, student: Maps): Tensor {
  return teacher.map((map, l) => mean(mapDistance(map, student[l]!), [0])).reduce(add);
}

/** 1 − cos at each place of each level, at S × S, and their sum: [B, S, S]. */
export function reverseMap(
  teacher: Maps,
  student: Maps,
  imageSize: number,
): { levels: Tensor[]; unsmoothed: Tensor } {
  const levels = teacher.map((map, l) =>
    upsample(placeDistance(map, student[l]!), imageSize, imageSize),
  );
  return { levels, unsmoothed: levels.reduce(add) };
}
