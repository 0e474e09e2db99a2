import { concat, pad, reshape, slice, transpose } from '../../graph/layout.js';
import { matmul } from '../../graph/matmul.js';
import { mean } from '../../graph/reduce.js';
import { type Dimension, staticDimension } from '../../graph/shape.js';
import { constant, type Tensor } from '../../graph/tensor.js';
import { interpolate, linearInterpolation } from '../../nn/interpolation.js';

/**
 * Locally aware patch features (PatchCore, section 3.1): of each layer the 3 × 3 neighbourhood of each
 * place, pooled to `width` values; coarser layers brought to the first one's grid; all of them pooled
 * to `width` values once more.
 *
 * @param maps Feature maps [B, H, W, C], the finest first.
 * @returns [B, H·W, width]
 */
export function patchEmbedding(maps: readonly Tensor[], width: number): Tensor {
  const [batch, height, columns] = maps[0]!.shape as [Dimension, number, number, number];
  const layers = maps.map((map) => {
    const pooled = adaptivePool(neighbourhoods(map), width); // [B, h, w, width]
    return reshape(resized(pooled, height, columns), [batch, height * columns, width]);
  });
  return adaptivePool(concat(layers, 2), width);
}

/** The 3 × 3 values around each place, zeros beyond the border, channel by channel: [B, H, W, 9·C]. */
function neighbourhoods(map: Tensor): Tensor {
  const [batch, height, columns, channels] = map.shape as [Dimension, number, number, number];
  const padded = pad(pad(map, 1, 1, 1), 2, 1, 1);
  const shifted = Array.from({ length: 9 }, (_, i) => {
    const [row, column] = [Math.floor(i / 3), i % 3];
    const part = slice(slice(padded, 1, row, row + height), 2, column, column + columns);
    return reshape(part, [batch, height, columns, channels, 1]);
  });
  return reshape(concat(shifted, 4), [batch, height, columns, 9 * channels]);
}

/** Bilinear with half-pixel centres: [B, h, w, C] → [B, H, W, C]. */
function resized(map: Tensor, height: number, columns: number): Tensor {
  const [, ownHeight, ownColumns] = map.shape as [Dimension, number, number, number];
  if (ownHeight === height && ownColumns === columns) return map;
  const planes = interpolate(
    transpose(map, [0, 3, 1, 2]),
    linearInterpolation(ownHeight, height, false),
    linearInterpolation(ownColumns, columns, false),
  );
  return transpose(planes, [0, 2, 3, 1]);
}

/**
 * Means of `bins` stretches of the last axis, stretch i from ⌊i·n/bins⌋ to ⌈(i + 1)·n/bins⌉, as
 * PyTorch's `adaptive_avg_pool1d`: [..., n] → [..., bins].
 */
export function adaptivePool(x: Tensor, bins: number): Tensor {
  const size = staticDimension(x.shape, -1, 'adaptivePool');
  if (size % bins === 0) {
    return mean(reshape(x, [...x.shape.slice(0, -1), bins, size / bins]), [-1]);
  }
  const weights = new Float32Array(size * bins);
  for (let bin = 0; bin < bins; bin++) {
    const from = Math.floor((bin * size) / bins);
    const to = Math.ceil(((bin + 1) * size) / bins);
    for (let i = from; i < to; i++) weights[i * bins + bin] = 1 / (to - from);
  }
  return matmul(x, constant(weights, [size, bins]));
}
