import { indicator, multiply, negate, sigmoid, subtract } from '../../graph/elementwise.js';
import { withGradient } from '../../graph/gradient.js';
import { reshape, take, unsqueeze } from '../../graph/layout.js';
import { max, mean } from '../../graph/reduce.js';
import { type Dimension, product } from '../../graph/shape.js';
import { createNode, integers, type Tensor } from '../../graph/tensor.js';
import { gaussianSmoothing, interpolate, upsample } from '../../nn/interpolation.js';

/** l_abnormal − l_normal: logits [..., 2] → [...]. */
export function contrast(logits: Tensor): Tensor {
  return subtract(take(logits, -1, 1), take(logits, -1, 0));
}

/** softmax(l)_abnormal = σ(l_abnormal − l_normal): logits [..., 2] → [...]. */
export function abnormalProbability(logits: Tensor): Tensor {
  return sigmoid(contrast(logits));
}

/** A value per patch, bilinear between patches: [B, G²] → [B, S, S]. */
export function patchesToPixels(x: Tensor, imageSize: number, alignCorners = true): Tensor {
  const [batch, patches] = x.shape as [Dimension, number];
  const grid = Math.sqrt(patches);
  return upsample(reshape(x, [batch, grid, grid]), imageSize, imageSize, alignCorners);
}

/** Gaussian smoothing of maps [B, S, S], σ in pixels. */
export function smooth(map: Tensor, sigma: number): Tensor {
  const along = gaussianSmoothing(map.shape[1] as number, sigma);
  return interpolate(map, along, along);
}

/** All pixels of each map in a row: [B, S, S] → [B, S²]. */
export function flatPixels(map: Tensor): Tensor {
  return reshape(map, [map.shape[0]!, product(map.shape.slice(1))]);
}

/** The largest pixel of each map: [B, S, S] → [B]. */
export function largestPixel(map: Tensor): Tensor {
  return max(flatPixels(map), 1);
}

/**
 * The mean of the `count` largest pixels of each map, of all where it has fewer: [B, ...] → [B]. Its
 * gradient is spread evenly over them.
 */
export function meanOfLargest(map: Tensor, count: number): Tensor {
  const pixels = flatPixels(map);
  const [batch, size] = pixels.shape as [Dimension, number];
  const shape: [Dimension, number] = [batch, Math.min(count, size)];
  // The second output, where the largest are, has another type than declared; nothing reads it.
  const [largest] = createNode({
    op: 'TopK',
    inputs: [pixels, integers([shape[1]])],
    attributes: { axis: 1, sorted: 0 },
    shape,
    moreOutputs: [shape],
  });
  const smallest = (): Tensor => negate(max(negate(largest), 1));
  const chosen = () => subtract(1, indicator('Less', pixels, unsqueeze(smallest(), 1)));
  return withGradient(
    mean(largest, [1]),
    [pixels],
    [(dy) => multiply(chosen(), unsqueeze(multiply(dy, 1 / shape[1]), 1))],
  );
}
