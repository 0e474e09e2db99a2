import { add, relu } from '../graph/elementwise.js';
import { globalAveragePool, maxPool } from '../graph/pooling.js';
import type { Tensor } from '../graph/tensor.js';
import {
  type BatchStatistics,
  batchNormLayer,
  convolutionLayer,
  heFanOut,
} from '../nn/convolution.js';
import type { Weights } from '../nn/parameters.js';

/*
 * Residual networks (He et al. 2016; wide: Zagoruyko & Komodakis 2016) as torchvision names and computes
 * them: the stride of a bottleneck is in its 3 × 3 convolution.
 */

export interface ResNetConfig {
  /** Blocks of each of the four stages. */
  readonly blocks: readonly [number, number, number, number];
  /** Two 3 × 3 convolutions, or 1 × 1, 3 × 3, 1 × 1. */
  readonly kind: 'basic' | 'bottleneck';
  /** The 3 × 3 convolution of a bottleneck is so many times wider than ResNet-50's. */
  readonly widening?: number;
}

export const resnetConfigs = {
  resnet18: { blocks: [2, 2, 2, 2], kind: 'basic' },
  resnet50: { blocks: [3, 4, 6, 3], kind: 'bottleneck' },
  wide_resnet50_2: { blocks: [3, 4, 6, 3], kind: 'bottleneck', widening: 2 },
} as const satisfies Record<string, ResNetConfig>;

export interface ResNetMaps {
  /** After the max pool [B, 64, H/4, W/4]. */
  readonly stem: Tensor;
  /** After stage i [B, C_i, H/2^(i+1), W/2^(i+1)], i from 1 to 4. */
  readonly stages: readonly Tensor[];
}

/**
 * @param x Normalised pixels [B, 3, H, W].
 * @param statistics For training mode.
 * @param depth How many of the four stages are computed.
 */
export function resnet(
  x: Tensor,
  weights: Weights,
  config: ResNetConfig,
  statistics?: BatchStatistics,
  depth = 4,
): ResNetMaps {
  const start = heFanOut(64, 7);
  const first = convolutionLayer(x, weights.at('conv1'), 64, {
    kernel: 7,
    stride: 2,
    padding: 3,
    start,
  });
  const stem = maxPool(relu(batchNormLayer(first, weights.at('bn1'), statistics)), {
    kernel: 3,
    stride: 2,
    padding: 1,
  });
  const stages: Tensor[] = [];
  let y = stem;
  for (const [stage, blocks] of config.blocks.slice(0, depth).entries()) {
    const layer = weights.at(`layer${stage + 1}`);
    const width = 64 * 2 ** stage;
    for (let block = 0; block < blocks; block++) {
      const stride = stage > 0 && block === 0 ? 2 : 1;
      y = residualBlock(y, layer.at(block), { ...config, width, stride }, statistics);
    }
    stages.push(y);
  }
  return { stem, stages };
}

/** The mean of the last stage over all places [B, C]. */
export function resnetPooled({ stages }: ResNetMaps): Tensor {
  return globalAveragePool(stages.at(-1)!);
}

export interface BlockConfig {
  readonly kind: 'basic' | 'bottleneck';
  readonly widening?: number;
  /** Channels of the 3 × 3 convolution before widening. */
  readonly width: number;
  readonly stride: number;
}

/** One residual block: relu(f(x) + x), x through a 1 × 1 convolution where the shape changes. */
export function residualBlock(
  x: Tensor,
  weights: Weights,
  { kind, widening = 1, width, stride }: BlockConfig,
  statistics?: BatchStatistics,
): Tensor {
  const step = (
    y: Tensor,
    index: number,
    out: number,
    options: { kernel: number; stride?: number; padding?: number },
  ) => {
    const start = heFanOut(out, options.kernel);
    const z = convolutionLayer(y, weights.at(`conv${index}`), out, { ...options, start });
    return batchNormLayer(z, weights.at(`bn${index}`), statistics);
  };
  const out = kind === 'basic' ? width : 4 * width;
  const square = { kernel: 3, padding: 1 };
  const inner = width * widening;
  const y =
    kind === 'basic'
      ? step(relu(step(x, 1, width, { ...square, stride })), 2, width, square)
      : step(
          relu(step(relu(step(x, 1, inner, { kernel: 1 })), 2, inner, { ...square, stride })),
          3,
          out,
          { kernel: 1 },
        );
  return relu(add(y, shortcut(x, weights.at('downsample'), out, stride, statistics)));
}

function shortcut(
  x: Tensor,
  weights: Weights,
  out: number,
  stride: number,
  statistics?: BatchStatistics,
): Tensor {
  if (stride === 1 && x.shape[1] === out) return x;
  const start = heFanOut(out, 1);
  const y = convolutionLayer(x, weights.at(0), out, { stride, start });
  return batchNormLayer(y, weights.at(1), statistics);
}
