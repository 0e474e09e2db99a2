import { residualBlock } from '../../backbones/resnet.js';
import { add, relu } from '../../graph/elementwise.js';
import { concat } from '../../graph/layout.js';
import { staticDimension } from '../../graph/shape.js';
import type { Tensor } from '../../graph/tensor.js';
import {
  type BatchStatistics,
  batchNormLayer,
  convolutionLayer,
  heFanOut,
  transposedConvolutionLayer,
} from '../../nn/convolution.js';
import type { Weights } from '../../nn/parameters.js';

/** Sizes of what RD4AD trains. */
export interface DecoderConfig {
  /** Blocks of the bottleneck, 3 in the paper. */
  readonly bottleneckBlocks: number;
  /** Blocks of the decoder's three stages, coarsest first: 3, 4, 6 for a mirrored ResNet-50. */
  readonly decoderBlocks: readonly [number, number, number];
  /** How much wider than ResNet-50's the inner convolutions are: 2 for a wide one. */
  readonly widening: number;
}

const channelsOf = (map: Tensor) => staticDimension(map.shape, 1, 'rd4ad');

/**
 * One-class bottleneck embedding: the teacher's maps brought to the size of the last one by strided
 * convolutions, joined, and compressed by a stage of bottlenecks.
 *
 * @param maps [B, C, h, w], [B, 2C, h/2, w/2], [B, 4C, h/4, w/4]
 * @returns [B, 8C, h/8, w/8]
 */
export function bottleneck(
  maps: readonly [Tensor, Tensor, Tensor],
  weights: Weights,
  { bottleneckBlocks, widening }: DecoderConfig,
  statistics?: BatchStatistics,
): Tensor {
  const halved = (x: Tensor, index: number, out: number) => {
    const start = heFanOut(out, 3);
    const options = { kernel: 3, stride: 2, padding: 1, start };
    const y = convolutionLayer(x, weights.at(`conv${index}`), out, options);
    return relu(batchNormLayer(y, weights.at(`bn${index}`), statistics));
  };
  const [fine, middle, coarse] = maps;
  const channels = channelsOf(coarse);
  let y = concat(
    [halved(halved(fine, 1, channelsOf(middle)), 2, channels), halved(middle, 3, channels), coarse],
    1,
  );
  const width = channels / 2; // a bottleneck gives four times as many channels
  for (let block = 0; block < bottleneckBlocks; block++) {
    const config = { kind: 'bottleneck', widening, width, stride: block === 0 ? 2 : 1 } as const;
    y = residualBlock(y, weights.at('bn_layer').at(block), config, statistics);
  }
  return y;
}

/**
 * The teacher mirrored: stages of bottlenecks whose first block doubles the size by transposed
 * convolutions.
 *
 * @param x [B, 8C, h/8, w/8]
 * @param maps The teacher's, for their channels.
 * @returns Maps of the teacher's shapes, the finest first.
 */
export function decoder(
  x: Tensor,
  weights: Weights,
  { decoderBlocks, widening }: DecoderConfig,
  maps: readonly [Tensor, Tensor, Tensor],
  statistics?: BatchStatistics,
): [Tensor, Tensor, Tensor] {
  const made: Tensor[] = [];
  let y = x;
  for (const [stage, blocks] of decoderBlocks.entries()) {
    const layer = weights.at(`layer${stage + 1}`);
    const out = channelsOf(maps[2 - stage]!);
    for (let block = 0; block < blocks; block++) {
      y = decoderBlock(y, layer.at(block), out, widening, block === 0, statistics);
    }
    made.unshift(y);
  }
  return made as [Tensor, Tensor, Tensor];
}

/** relu(f(x) + x) with 1 × 1, 3 × 3 (or, where the size doubles, transposed 2 × 2) and 1 × 1. */
function decoderBlock(
  x: Tensor,
  weights: Weights,
  out: number,
  widening: number,
  doubles: boolean,
  statistics?: BatchStatistics,
): Tensor {
  const norm = (y: Tensor, name: string) => batchNormLayer(y, weights.at(name), statistics);
  const doubled = (y: Tensor, own: Weights, channels: number) =>
    transposedConvolutionLayer(y, own, channels, { kernel: 2, stride: 2 });
  const inner = (out / 4) * widening;
  const start = { start: heFanOut(inner, 1) };
  let y = relu(norm(convolutionLayer(x, weights.at('conv1'), inner, start), 'bn1'));
  const second = weights.at('conv2');
  y = doubles
    ? doubled(y, second, inner)
    : convolutionLayer(y, second, inner, { kernel: 3, padding: 1, start: heFanOut(inner, 3) });
  y = relu(norm(y, 'bn2'));
  y = norm(convolutionLayer(y, weights.at('conv3'), out, { start: heFanOut(out, 1) }), 'bn3');
  if (!doubles) return relu(add(y, x));
  const beside = weights.at('upsample');
  const identity = batchNormLayer(doubled(x, beside.at(0), out), beside.at(1), statistics);
  return relu(add(y, identity));
}
