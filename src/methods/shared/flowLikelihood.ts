import { Random } from '../../base/random.js';
import { add, exp, subtract } from '../../graph/elementwise.js';
import { permuteLast } from '../../graph/gather.js';
import { reshape, slice } from '../../graph/layout.js';
import { type Dimension, product } from '../../graph/shape.js';
import { expand } from '../../graph/sum.js';
import type { Tensor } from '../../graph/tensor.js';
import { upsample } from '../../nn/interpolation.js';
import type { Weights } from '../../nn/parameters.js';
import type { Tensors } from '../method.js';
import { placeRows } from './distillation.js';
import { flow, logProbability, type Mixing, positionRows } from './flow.js';

/** Sizes of the flows, one for each level. */
export interface FlowConfig {
  /** Coupling blocks of each flow, 8 in the paper. */
  readonly couplingBlocks: number;
  /** Values that encode a place, divisible by 4; 128 in the paper. */
  readonly positionWidth: number;
}

/** log p of each place of each level, for each channel: [B, h_l, w_l]. */
export function logProbabilities(
  maps: readonly Tensor[],
  weights: Weights,
  { couplingBlocks, positionWidth }: FlowConfig,
): Tensor[] {
  return maps.map((map, level) => {
    const [batch, channels, height, width] = map.shape as [Dimension, number, number, number];
    const places = height * width;
    const positions = positionRows(positionWidth, height, width);
    const everywhere = expand(positions, [batch, places, positionWidth], map);
    const condition = reshape(everywhere, [product([batch, places]), positionWidth]);
    const mixing = permutations(channels, level);
    const flowed = flow(placeRows(map), condition, weights.at(level), couplingBlocks, mixing);
    return reshape(logProbability(flowed), [batch, height, width]);
  });
}

/** A fixed permutation of the channels for each block, the same in every run. */
function permutations(channels: number, level: number): Mixing {
  const order = [...new Array(channels).keys()];
  return (x, block) => permuteLast(x, new Random(0, 'permutation', level, block).shuffle(order));
}

/** Names of the largest log p of each level, whose range over the support images joins the memory. */
export function namedProbabilities(logP: readonly Tensor[]): Tensors {
  return Object.fromEntries(logP.map((x, level) => [`logProbability${level}`, x]));
}

/**
 * Σ_l 1 − e^(log p_l − max_l), bilinear with aligned corners: [B, S, S]. Larger where less likely.
 *
 * @param memory Has the range of each level's log p over normal images; max_l is 0 without.
 */
export function unlikelihood(
  logP: readonly Tensor[],
  imageSize: number,
  memory: Tensors | undefined,
): Tensor {
  const levels = logP.map((x, level) => {
    const range = memory?.[`logProbability${level}.range`];
    const shifted = range ? subtract(x, slice(range, 0, 1, 2)) : x;
    return upsample(subtract(1, exp(shifted)), imageSize, imageSize);
  });
  return levels.reduce(add);
}
