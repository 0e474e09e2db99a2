import { silu } from '../graph/activation.js';
import { add, multiply, sigmoid } from '../graph/elementwise.js';
import { mean } from '../graph/reduce.js';
import { staticDimension } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { batchNormLayer, convolutionLayer, samePadding } from '../nn/convolution.js';
import type { Weights } from '../nn/parameters.js';

/*
 * EfficientNet (Tan & Le 2019) as timm names and computes it with TensorFlow's weights (`tf_`): `SAME`
 * padding, batch norm with ε = 1e-3.
 */

/** Multipliers of B0's channels and of its blocks in each stage. */
export interface EfficientNetConfig {
  readonly width: number;
  readonly depth: number;
}

export const efficientNetConfigs = {
  tf_efficientnet_b6: { width: 1.8, depth: 2.6 },
} as const satisfies Record<string, EfficientNetConfig>;

interface Stage {
  readonly blocks: number;
  readonly kernel: number;
  readonly stride: number;
  readonly expansion: number;
  readonly channels: number;
}

/** The seven stages of B0. */
const baseStages: readonly Stage[] = [
  { blocks: 1, kernel: 3, stride: 1, expansion: 1, channels: 16 },
  { blocks: 2, kernel: 3, stride: 2, expansion: 6, channels: 24 },
  { blocks: 2, kernel: 5, stride: 2, expansion: 6, channels: 40 },
  { blocks: 3, kernel: 3, stride: 2, expansion: 6, channels: 80 },
  { blocks: 3, kernel: 5, stride: 1, expansion: 6, channels: 112 },
  { blocks: 4, kernel: 5, stride: 2, expansion: 6, channels: 192 },
  { blocks: 1, kernel: 3, stride: 1, expansion: 6, channels: 320 },
];
const stemChannels = 32;
const epsilon = 1e-3;

/**
 * @param x Normalised pixels [B, 3, H, W].
 * @param levels How many of the five maps are computed.
 * @returns The last map of each size: [B, C, ⌈H/2⌉, ⌈W/2⌉], then a half, a quarter … of it.
 */
export function efficientNet(
  x: Tensor,
  weights: Weights,
  { width, depth }: EfficientNetConfig,
  levels = 5,
): Tensor[] {
  const stem = roundChannels(stemChannels * width);
  let y = silu(normalised(convolved(x, weights.at('conv_stem'), stem, 3, 2), weights.at('bn1')));
  const maps: Tensor[] = [];
  for (const [index, stage] of baseStages.entries()) {
    if (stage.stride === 2) maps.push(y);
    if (maps.length === levels) return maps;
    const blocks = Math.ceil(stage.blocks * depth);
    const channels = roundChannels(stage.channels * width);
    for (let block = 0; block < blocks; block++) {
      const stride = block === 0 ? stage.stride : 1;
      const own = weights.at('blocks').at(index).at(block);
      y = invertedResidual(y, own, { ...stage, channels, stride });
    }
  }
  return [...maps, y];
}

/** [1 × 1 to more channels], depthwise, squeeze and excitation, 1 × 1 to fewer; plus x where it fits. */
function invertedResidual(x: Tensor, weights: Weights, stage: Stage): Tensor {
  const { kernel, stride, expansion, channels } = stage;
  const inner = staticDimension(x.shape, 1, 'efficientNet');
  const norm = (y: Tensor, index: number) => normalised(y, weights.at(`bn${index}`));
  let y = x;
  let index = 1;
  if (expansion > 1) {
    y = convolved(y, weights.at('conv_pw'), inner * expansion, 1, 1);
    y = silu(norm(y, index++));
  }
  const depthwise = weights.at('conv_dw');
  y = silu(norm(convolved(y, depthwise, inner * expansion, kernel, stride, true), index++));
  y = excited(y, weights.at('se'), Math.round(inner / 4));
  const last = weights.at(expansion > 1 ? 'conv_pwl' : 'conv_pw');
  y = norm(convolved(y, last, channels, 1, 1), index);
  return stride === 1 && inner === channels ? add(y, x) : y;
}

/** x · σ(W₂ · silu(W₁ · mean over places)) for each channel. */
function excited(x: Tensor, weights: Weights, reduced: number): Tensor {
  const channels = staticDimension(x.shape, 1, 'efficientNet');
  const squeezed = mean(x, [2, 3], true);
  const hidden = convolutionLayer(squeezed, weights.at('conv_reduce'), reduced, { bias: true });
  const gate = convolutionLayer(silu(hidden), weights.at('conv_expand'), channels, { bias: true });
  return multiply(x, sigmoid(gate));
}

function convolved(
  x: Tensor,
  weights: Weights,
  out: number,
  kernel: number,
  stride: number,
  depthwise = false,
): Tensor {
  const [, channels, height, width] = x.shape as readonly number[];
  const padding = samePadding(height!, width!, kernel, stride);
  const groups = depthwise ? channels! : 1;
  return convolutionLayer(x, weights, out, { kernel, stride, padding, groups });
}

function normalised(x: Tensor, weights: Weights): Tensor {
  return batchNormLayer(x, weights, undefined, epsilon);
}

/** The multiple of 8 that is nearest, but never more than a tenth below. */
function roundChannels(channels: number): number {
  const nearest = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return nearest < 0.9 * channels ? nearest + 8 : nearest;
}
