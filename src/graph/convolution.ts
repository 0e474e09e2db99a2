import { add } from './elementwise.js';
import { concat, pad, reshape, slice, transpose, unsqueeze } from './layout.js';
import { matmul } from './matmul.js';
import { type Dimension, formatShape, shapeError, staticDimension } from './shape.js';
import type { Tensor } from './tensor.js';

/**
 * Cross-correlation along the last axis with zero padding that keeps its length, PyTorch's
 * `Conv1d(1, out, kernel, padding='same')` for an odd kernel:
 * yₒ[t] = bₒ + Σₖ wₒ[k] · x[t + k − (kernel − 1)/2].
 *
 * @param x [B, L], its one channel left out
 * @param weight [out, 1, kernel]
 * @param bias [out]
 * @returns [B, out, L]
 */
export function convolveSame(x: Tensor, weight: Tensor, bias: Tensor): Tensor {
  const [out, channels, kernel] = weight.shape;
  if (weight.rank !== 3 || channels !== 1 || typeof kernel !== 'number' || kernel % 2 === 0) {
    throw shapeError(
      'convolveSame',
      `needs a weight [out, 1, odd], got ${formatShape(weight.shape)}`,
    );
  }
  const length = staticDimension(x.shape, -1, 'convolveSame');
  const reach = (kernel - 1) / 2;
  const padded = unsqueeze(pad(x, -1, reach, reach), 1); // [B, 1, L + 2·reach]
  const shifted = Array.from({ length: kernel }, (_, shift) =>
    slice(padded, -1, shift, shift + length),
  );
  const windows = concat(shifted, 1); // [B, kernel, L]
  return add(matmul(reshape(weight, [out!, kernel]), windows), reshape(bias, [out!, 1]));
}

/**
 * Cuts an image into the squares that a convolution with stride = kernel sees, so that patch
 * embedding is one matrix product. Rows and columns that do not fill a patch are dropped.
 *
 * @param image [B, C, H, W]
 * @returns [B, ⌊H/patch⌋·⌊W/patch⌋, C·patch·patch], elements in the order of a weight
 *   [out, C, patch, patch]
 */
export function patches(image: Tensor, patch: number): Tensor {
  if (image.rank !== 4) {
    throw shapeError('patches', `needs [B, C, H, W], got ${formatShape(image.shape)}`);
  }
  const [batch, channels] = image.shape as [Dimension, number, number, number];
  const rows = Math.floor(staticDimension(image.shape, 2, 'patches') / patch);
  const columns = Math.floor(staticDimension(image.shape, 3, 'patches') / patch);
  if (rows === 0 || columns === 0) {
    throw shapeError(
      'patches',
      `${formatShape(image.shape)} is smaller than a patch of ${patch} pixels`,
    );
  }
  const whole = slice(slice(image, 2, 0, rows * patch), 3, 0, columns * patch);
  const split = reshape(whole, [batch, channels, rows, patch, columns, patch]);
  const ordered = transpose(split, [0, 2, 4, 1, 3, 5]); // [B, rows, columns, C, patch, patch]
  return reshape(ordered, [batch, rows * columns, channels * patch * patch]);
}
