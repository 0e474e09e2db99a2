import { networkMaps } from '../../backbones/network.js';
import { IqeError } from '../../base/errors.js';
import { frozenImageStart } from '../../clip/frozenImageTower.js';
import { gridSize, imageTower } from '../../clip/imageTower.js';
import { clipDeviation, clipMean } from '../../clip/preprocess.js';
import { divide, subtract } from '../../graph/elementwise.js';
import { reshape, transpose } from '../../graph/layout.js';
import { averagePool } from '../../graph/pooling.js';
import { constant, type Tensor } from '../../graph/tensor.js';
import type { FrozenClip } from '../method.js';
import { checkStages, withoutClassToken } from './clipFeatures.js';

/** Which feature maps a method takes of whatever backbone it is given. */
export interface PyramidConfig {
  /** S */
  readonly imageSize: number;
  /** Maps of a convolutional network, counted from 0, the finest first. */
  readonly levels: readonly number[];
  /** Blocks of an image tower, counted from 1; as many as levels, spread over its depth, by default. */
  readonly stages?: readonly number[] | undefined;
  /**
   * How often the side of a map is halved, where each map must have half the side of the one before:
   * those of a tower are averaged down.
   */
  readonly halvings?: number;
  /** Whether a network is given pixels in 0…1 as they are; they are normalised by default. */
  readonly rawPixels?: boolean;
}

/** Feature maps of a frozen backbone: of a network, or the tokens of an image tower on their grid. */
export interface Pyramid {
  /**
   * @param pixels Red, green, blue in 0…1 [B, 3, S, S].
   * @returns [B, C, h, w] each, the finest first.
   */
  maps(pixels: Tensor): Tensor[];
  /** What the maps depend on besides backbone and image size, as JSON. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/**
 * @throws {IqeError} `config` if the tower has no such block, or its grid cannot be halved.
 */
export async function featurePyramid(
  { imageSize, levels, stages, halvings = 0, rawPixels = false }: PyramidConfig,
  { checkpoint, clip, network }: FrozenClip,
): Promise<Pyramid> {
  if (network) {
    const count = Math.max(...levels) + 1;
    return {
      maps(pixels) {
        const all = networkMaps(network, pixels, count, rawPixels);
        return levels.map((level) => all[level]!);
      },
      settings: { network: network.name, levels, rawPixels },
    };
  }
  const chosen = stages ?? spread(levels.length, clip.vision.layers);
  checkStages(chosen, clip);
  if (halvings > 0 && chosen.length !== levels.length) {
    throw new IqeError('config', `${levels.length} stages are needed, got ${chosen.length}.`);
  }
  const grid = gridSize(clip, imageSize);
  const multiple = 2 ** halvings;
  if (grid % multiple !== 0) {
    throw new IqeError(
      'config',
      `Images of ${imageSize} pixels are ${grid} × ${grid} patches, which cannot be halved ${halvings} times.`,
      { hint: `Choose an image size of a multiple of ${multiple * clip.vision.patchSize}.` },
    );
  }
  const start = await frozenImageStart(checkpoint, imageSize);
  return {
    maps(pixels) {
      const inputs = { pixelValues: clipNormalized(pixels), ...start };
      const { hidden } = imageTower(inputs, checkpoint.tensors.weights, clip);
      return chosen.map((stage, level) => {
        const tokens = withoutClassToken(hidden[stage]!); // [B, G², D]
        const shape = [tokens.shape[0]!, grid, grid, clip.vision.width];
        const map = transpose(reshape(tokens, shape), [0, 3, 1, 2]);
        return halvings > 0 && level > 0 ? averagePool(map, { kernel: 2 ** level }) : map;
      });
    },
    settings: { stages: chosen, halvings, activation: clip.vision.activation },
  };
}

/** Blocks at equal distances, the last one last: of 24 for three stages 8, 16, 24. */
function spread(count: number, layers: number): number[] {
  return Array.from({ length: count }, (_, i) =>
    Math.max(1, Math.round(((i + 1) * layers) / count)),
  );
}

/** (x − mean) / deviation of each channel as CLIP expects it. */
function clipNormalized(x: Tensor): Tensor {
  return divide(subtract(x, constant(clipMean, [3, 1, 1])), constant(clipDeviation, [3, 1, 1]));
}

/** Maps by name, so that they are cached: `level0`, `level1`, … */
export function namedLevels(maps: readonly Tensor[]): Record<string, Tensor> {
  return Object.fromEntries(maps.map((map, level) => [`level${level}`, map]));
}

/** The maps of {@link namedLevels} in their order. */
export function levelMaps(features: Readonly<Record<string, Tensor>>): Tensor[] {
  const maps: Tensor[] = [];
  for (let level = 0; features[`level${level}`]; level++) maps.push(features[`level${level}`]!);
  return maps;
}
