import { type VggLayers, vgg } from '../../backbones/vgg.js';
import { gridSize } from '../../clip/imageTower.js';
import { grad } from '../../graph/gradient.js';
import { staticDimension } from '../../graph/shape.js';
import { sumAll } from '../../graph/sum.js';
import type { Tensor } from '../../graph/tensor.js';
import type { BatchStatistics } from '../../nn/convolution.js';
import { upsample } from '../../nn/interpolation.js';
import type { Weights } from '../../nn/parameters.js';
import type { FrozenClip, Method, MethodOutputs, Tensors } from '../method.js';
import { smooth } from '../shared/maps.js';
import { featurePyramid, levelMaps, namedLevels } from '../shared/pyramid.js';
import { distillationLoss, distillationScore } from './distillation.js';
import { sensitivity } from './localisation.js';

export interface MkdConfig {
  /** S, 128 in the paper. */
  readonly imageSize: number;
  /** Blocks of the image tower, where the backbone is one. */
  readonly stages?: readonly number[] | undefined;
  /** λ: weight of values beside directions; 0.01 in the paper, 0.5 for MVTec. */
  readonly lambda: number;
}

/** σ of the smoothing of maps, in pixels. */
const smoothing = 4;

export type MkdFeatures = Tensors & {
  /** The image that the student sees [B, 3, S, S]. */
  readonly pixels: Tensor;
};

export interface MkdOutputs extends MethodOutputs {
  readonly teacher: readonly Tensor[];
  readonly student: readonly Tensor[];
}

/**
 * MKD: a VGG-16 that is given pixels in 0…1 as they are, or four stages of an image tower averaged down to halves, teach a small network. The map
 * is the gradient of the score by the pixels, through both.
 *
 * @throws {IqeError} `config` if stages or image size do not fit the backbone.
 */
export async function mkd(
  { imageSize, stages, lambda }: MkdConfig,
  frozen: FrozenClip,
): Promise<Method<MkdFeatures, MkdOutputs>> {
  const { network, clip } = frozen;
  const levels = [0, 1, 2, 3];
  const pyramid = await featurePyramid(
    { imageSize, levels, stages, halvings: 3, rawPixels: true },
    frozen,
  );
  // The student's second pool must give a map of the size of the teacher's first one.
  const studentSize = network ? imageSize : 4 * gridSize(clip, imageSize);

  function student(
    { pixels }: MkdFeatures,
    teacher: readonly Tensor[],
    weights: Weights,
    statistics?: BatchStatistics,
  ): Tensor[] {
    const image =
      studentSize === imageSize ? pixels : upsample(pixels, studentSize, studentSize, false);
    const layers = studentLayers(teacher.map((map) => staticDimension(map.shape, 1, 'mkd')));
    return vgg(image, weights, layers, { bias: false, batchNorm: true, statistics }).slice(1);
  }

  return {
    name: 'mkd',
    imageSize,
    inputNormalization: 'none',
    isProbability: true,
    featureSettings: { kind: 'pyramid and pixels', ...pyramid.settings },

    features: (pixels) => ({ ...namedLevels(pyramid.maps(pixels)), pixels }),

    forward(features, weights, _memory, _dropout, statistics) {
      const teacher = levelMaps(features);
      const own = student(features, teacher, weights, statistics);
      const score = distillationScore(teacher, own, lambda);
      const [gradient] = grad(sumAll(score), [features.pixels]);
      return { teacher, student: own, map: smooth(sensitivity(gradient!), smoothing), score };
    },

    loss: ({ teacher, student }) => distillationLoss(teacher, student, lambda),
  };
}

/** The paper's student for critical layers of these widths. */
export function studentLayers(widths: readonly number[]): VggLayers {
  const [first, ...later] = widths as [number, ...number[]];
  return [16, 16, 'M', 16, first, 'M', ...later.flatMap((width) => [16, 16, width, 'M'] as const)];
}
