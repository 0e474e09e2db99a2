import { IqeError } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import { atLeast, multiply, subtract } from '../../graph/elementwise.js';
import { transpose, transposeLast } from '../../graph/layout.js';
import { matmul } from '../../graph/matmul.js';
import { max, mean } from '../../graph/reduce.js';
import type { HostTensors } from '../../graph/session.js';
import { sum } from '../../graph/sum.js';
import type { Tensor } from '../../graph/tensor.js';
import type { FrozenClip, Method, MethodOutputs, Tensors } from '../method.js';
import { patchesToPixels, smooth } from '../shared/maps.js';
import { featurePyramid } from '../shared/pyramid.js';
import { greedyCoreset, meanDistances, randomProjection } from './coreset.js';
import { patchEmbedding } from './embedding.js';

/*
 * PatchCore (Roth et al. 2022) on stages of a network or of the image tower. B images, G² patches, E values for each,
 * R patches in memory.
 */

export interface PatchCoreConfig {
  /** S */
  readonly imageSize: number;
  /** Two blocks of an image tower whose tokens are compared, counted from 1. */
  readonly stages: readonly number[];
  /** Share of the reference patches that is kept, above 0 and at most 1; 0.1 in the authors' scripts. */
  readonly coresetFraction: number;
}

/** E: 1024; on a tower, as many values as it is wide, so that each channel's neighbourhood becomes its mean. */
export type PatchCoreFeatures = Tensors & {
  /** [B, G², E] */
  readonly patches: Tensor;
};

export interface PatchCoreOutputs extends MethodOutputs {
  /** Squared distance of each patch to the nearest one in memory [B, G²]. */
  readonly distances: Tensor;
  /** The map before smoothing [B, S, S]. */
  readonly unsmoothed: Tensor;
}

/** Stages 2 and 3 of a network, and the values that a patch then has. */
const networkLevels = [1, 2];
const embeddingWidth = 1024;

/** Dimensions in which the coreset is chosen, and points that its first distances are taken to. */
const projectedWidth = 128;
const startPoints = 10;

/** σ of the smoothing of maps, in pixels. */
const smoothing = 4;

/**
 * PatchCore: nothing is trained, normal images are remembered.
 *
 * @throws {IqeError} `config` if the tower has no such stage.
 */
export async function patchCore(
  { imageSize, stages, coresetFraction }: PatchCoreConfig,
  frozen: FrozenClip,
): Promise<Method<PatchCoreFeatures, PatchCoreOutputs>> {
  const { network, clip } = frozen;
  const pyramid = await featurePyramid({ imageSize, levels: networkLevels, stages }, frozen);
  const width = network ? embeddingWidth : clip.vision.width;
  return {
    name: 'patchcore',
    imageSize,
    inputNormalization: 'none',
    isProbability: false,
    featureSettings: { kind: 'patchcore', ...pyramid.settings },

    features(pixels) {
      const maps = pyramid.maps(pixels).map((map) => transpose(map, [0, 2, 3, 1]));
      return { patches: patchEmbedding(maps, width) };
    },

    remember: ({ patches }) => ({ patches }),

    select: (rows, random, signal) => ({
      patches: coreset(rows.patches!, coresetFraction, random, signal),
    }),

    forward({ patches }, _weights, memory) {
      if (memory?.patches) return score(patches, memory.patches, imageSize);
      throw new IqeError('data', 'PatchCore compares with normal images, and none were given.', {
        hint: 'Give a few normal images as references, or choose a method that needs none.',
      });
    },
  };
}

/** The rows of a coreset of `fraction` of all rows [N, E], chosen among their random projections. */
export function coreset(
  rows: HostTensors[string],
  fraction: number,
  random: Random,
  signal?: AbortSignal,
): HostTensors[string] {
  const [count, width] = rows.shape as [number, number];
  const data = rows.data as Float32Array;
  const points = randomProjection({ count, width, data }, projectedWidth, random);
  const all = Array.from({ length: count }, (_, point) => point);
  const start = meanDistances(points, random.shuffle(all).slice(0, startPoints));
  const size = Math.max(1, Math.floor(fraction * count));
  const chosen = greedyCoreset(points, size, start, signal);
  const kept = new Float32Array(chosen.length * width);
  chosen.forEach((row, i) => {
    kept.set(data.subarray(row * width, (row + 1) * width), i * width);
  });
  return { data: kept, shape: [chosen.length, width] };
}

/**
 * s(x) = min_m ‖x − m‖², the image score the largest of them, the map smoothed.
 *
 * @param patches [B, G², E]
 * @param memory [R, E]
 */
export function score(patches: Tensor, memory: Tensor, imageSize: number): PatchCoreOutputs {
  const distances = squaredDistance(patches, memory);
  const unsmoothed = patchesToPixels(distances, imageSize, false);
  return { distances, unsmoothed, map: smooth(unsmoothed, smoothing), score: max(distances, 1) };
}

/**
 * min_m ‖x − m‖² = ‖x‖² − max_m (2 x·m − ‖m‖²). Distances stay as they are when everything is moved,
 * and near the origin float32 keeps more of them: the memory's mean is taken off first.
 */
function squaredDistance(patches: Tensor, memory: Tensor): Tensor {
  const centre = mean(memory, [0], true);
  const x = subtract(patches, centre);
  const m = subtract(memory, centre);
  const lengths = (y: Tensor) => sum(multiply(y, y), [-1]);
  const nearness = subtract(multiply(matmul(x, transposeLast(m)), 2), lengths(m));
  return atLeast(subtract(lengths(x), max(nearness, -1)), 0);
}
