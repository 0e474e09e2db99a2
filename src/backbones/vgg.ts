import { relu } from '../graph/elementwise.js';
import { maxPool } from '../graph/pooling.js';
import type { Tensor } from '../graph/tensor.js';
import { type BatchStatistics, batchNormLayer, convolutionLayer } from '../nn/convolution.js';
import type { Weights } from '../nn/parameters.js';

/** Channels of the 3 × 3 convolutions in their order, and where the maximum of 2 × 2 is taken. */
export type VggLayers = readonly (number | 'M')[];

/** VGG-16 (Simonyan & Zisserman 2015). */
export const vgg16Layers: VggLayers = [
  ...[64, 64, 'M', 128, 128, 'M', 256, 256, 256, 'M'],
  ...[512, 512, 512, 'M', 512, 512, 512, 'M'],
] as VggLayers;

export interface VggOptions {
  /** Whether convolutions have a bias. */
  readonly bias: boolean;
  /** Batch norm after convolutions that no pool follows; none without. */
  readonly batchNorm?: boolean;
  readonly statistics?: BatchStatistics | undefined;
}

/**
 * A plain stack of convolutions, ReLUs and max pools, as torchvision numbers its modules
 * (`features.0.weight`).
 *
 * @param x [B, 3, H, W]
 * @returns What each max pool gives.
 */
export function vgg(
  x: Tensor,
  weights: Weights,
  layers: VggLayers,
  { bias, batchNorm = false, statistics }: VggOptions,
): Tensor[] {
  const features = weights.at('features');
  const pooled: Tensor[] = [];
  let y = x;
  let module = 0;
  for (const [index, layer] of layers.entries()) {
    if (layer === 'M') {
      y = maxPool(y, { kernel: 2 });
      pooled.push(y);
      module++;
      continue;
    }
    y = convolutionLayer(y, features.at(module++), layer, { kernel: 3, padding: 1, bias });
    if (batchNorm && layers[index + 1] !== 'M') {
      y = batchNormLayer(y, features.at(module++), statistics);
    }
    y = relu(y);
    module++;
  }
  return pooled;
}
