import { add } from './elementwise.js';
import { concat, pad, reshape, slice, transpose, transposeLast, unsqueeze } from './layout.js';
import { matmul } from './matmul.js';
import { type Dimension, formatShape, shapeError, staticDimension, times } from './shape.js';
import { sum } from './sum.js';
import { apply, type Tensor } from './tensor.js';

/** Zeros around an image: as many on each side, or top, left, bottom, right. */
export type Padding = number | readonly [number, number, number, number];

export interface ConvolutionOptions {
  /** Steps between the places of the kernel; 1 by default. */
  readonly stride?: number;
  /** 0 by default. */
  readonly padding?: Padding;
  /** Channels are cut into so many groups that do not see each other; 1 by default. */
  readonly groups?: number;
}

interface Geometry {
  readonly stride: number;
  /** Top, left, bottom, right. */
  readonly pads: readonly [number, number, number, number];
  readonly groups: number;
}

/**
 * Cross-correlation of images, PyTorch's `Conv2d`:
 * y[b, o, i, j] = bias[o] + Σ_c Σ_uv w[o, c, u, v] · x[b, c, s·i + u − p, s·j + v − p].
 * Its gradients: dx is the transposed convolution of dy, dw a product of dy with the unfolded x.
 *
 * @param x [B, C, H, W]
 * @param weight [O, C/groups, h, w]
 * @param bias [O]
 * @returns [B, O, ⌊(H + 2p − h)/s⌋ + 1, ⌊(W + 2p − w)/s⌋ + 1]
 */
export function convolve(
  x: Tensor,
  weight: Tensor,
  bias?: Tensor,
  options: ConvolutionOptions = {},
): Tensor {
  const geometry = geometryOf(options);
  const { stride, pads, groups } = geometry;
  const [out, inner, height, width] = sizes(weight, 'convolve');
  const [, channels, rows, columns] = sizes(x, 'convolve');
  checkBias(bias, out, 'convolve');
  if (channels !== inner * groups || out % groups !== 0)
    throw misfit('convolve', x, weight, groups);
  const place = (size: number, kernel: number, before: number, after: number) => {
    const places = Math.floor((size + before + after - kernel) / stride) + 1;
    if (places > 0) return places;
    throw shapeError('convolve', `${formatShape(x.shape)} is smaller than the kernel`);
  };
  const shape = [
    x.shape[0]!,
    out,
    place(rows, height, pads[0], pads[2]),
    place(columns, width, pads[1], pads[3]),
  ];
  return apply({
    op: 'Conv',
    inputs: bias ? [x, weight, bias] : [x, weight],
    attributes: {
      kernel_shape: [height, width],
      strides: [stride, stride],
      pads,
      group: groups,
    },
    shape,
    products: [
      (dy) => transposed(dy, weight, undefined, geometry, [rows, columns]),
      (dy) => weightGradient(x, dy, weight, geometry),
      (dy) => sum(dy, [0, 2, 3]),
    ],
  });
}

/**
 * The reverse of a convolution, PyTorch's `ConvTranspose2d`:
 * y[b, o, s·i + u − p, s·j + v − p] += w[c, o, u, v] · x[b, c, i, j], and bias[o] everywhere.
 * Its gradients: dx is the convolution of dy, dw a product of x with the unfolded dy.
 *
 * @param x [B, C, H, W]
 * @param weight [C, O/groups, h, w]
 * @param bias [O]
 * @param outputPadding Rows and columns that are added at the bottom and at the right, fewer than s.
 * @returns [B, O, s·(H − 1) + h − 2p + outputPadding, s·(W − 1) + w − 2p + outputPadding]
 */
export function convolveTransposed(
  x: Tensor,
  weight: Tensor,
  bias?: Tensor,
  options: ConvolutionOptions & { readonly outputPadding?: number } = {},
): Tensor {
  const geometry = geometryOf(options);
  const { stride, pads } = geometry;
  const [, , height, width] = sizes(weight, 'convolveTransposed');
  const [, , rows, columns] = sizes(x, 'convolveTransposed');
  const { outputPadding = 0 } = options;
  return transposed(x, weight, bias, geometry, [
    stride * (rows - 1) + height - pads[0] - pads[2] + outputPadding,
    stride * (columns - 1) + width - pads[1] - pads[3] + outputPadding,
  ]);
}

function transposed(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | undefined,
  geometry: Geometry,
  [rows, columns]: readonly [number, number],
): Tensor {
  const { stride, pads, groups } = geometry;
  const [inner, outInGroup, height, width] = sizes(weight, 'convolveTransposed');
  const [, channels, ownRows, ownColumns] = sizes(x, 'convolveTransposed');
  const out = outInGroup * groups;
  checkBias(bias, out, 'convolveTransposed');
  const outputPadding = [
    rows - (stride * (ownRows - 1) + height - pads[0] - pads[2]),
    columns - (stride * (ownColumns - 1) + width - pads[1] - pads[3]),
  ];
  const fits = outputPadding.every((amount) => amount >= 0 && amount < Math.max(stride, 1));
  if (channels !== inner || inner % groups !== 0 || !fits || rows < 1 || columns < 1) {
    throw misfit('convolveTransposed', x, weight, groups);
  }
  const back = { stride, padding: pads, groups };
  return apply({
    op: 'ConvTranspose',
    inputs: bias ? [x, weight, bias] : [x, weight],
    attributes: {
      kernel_shape: [height, width],
      strides: [stride, stride],
      pads,
      output_padding: outputPadding,
      group: groups,
    },
    shape: [x.shape[0]!, out, rows, columns],
    products: [
      (dy) => convolve(dy, weight, undefined, back),
      (dy) => weightGradient(dy, x, weight, geometry),
      (dy) => sum(dy, [0, 2, 3]),
    ],
  });
}

/**
 * dw[o, c, u, v] = Σ_b Σ_ij dy[b, o, i, j] · x[b, c, s·i + u − p, s·j + v − p], as one product of
 * matrices for each group: shifted pieces of x beside one another, in the order u, v, c, over all places.
 *
 * @param x [B, C, H, W]
 * @param dy [B, O, h', w']
 * @param weight [O, C/groups, h, w], for its shape
 */
function weightGradient(x: Tensor, dy: Tensor, weight: Tensor, geometry: Geometry): Tensor {
  const { stride, pads, groups } = geometry;
  const [out, inner, height, width] = sizes(weight, 'convolve');
  const [, , rows, columns] = sizes(dy, 'convolve');
  const batch: Dimension = x.shape[0]!;
  const places = times(batch, rows * columns);
  const channelsFirst = transpose(x, [1, 0, 2, 3]); // [C, B, H, W]
  const padded = padImage(channelsFirst, pads);
  const pieces: Tensor[] = [];
  for (let u = 0; u < height; u++) {
    for (let v = 0; v < width; v++) {
      const down = strided(padded, 2, u, rows, stride);
      pieces.push(reshape(strided(down, 3, v, columns, stride), [groups, inner, places]));
    }
  }
  const unfolded = concat(pieces, 1); // [groups, h·w·C/groups, B·h'·w']
  const upstream = reshape(transpose(dy, [1, 0, 2, 3]), [groups, out / groups, places]);
  const product = matmul(upstream, transposeLast(unfolded)); // [groups, O/groups, h·w·C/groups]
  const ordered = reshape(product, [out, height, width, inner]);
  return transpose(ordered, [0, 3, 1, 2]);
}

function padImage(x: Tensor, [top, left, bottom, right]: Geometry['pads']): Tensor {
  return pad(pad(x, 2, top, bottom), 3, left, right);
}

/** `count` positions of an axis from `start`, every `step`-th. */
function strided(x: Tensor, axis: number, start: number, count: number, step: number): Tensor {
  const end = start + (count - 1) * step + 1;
  return slice(x, axis, start, end, step);
}

function geometryOf({ stride = 1, padding = 0, groups = 1 }: ConvolutionOptions): Geometry {
  const pads =
    typeof padding === 'number' ? ([padding, padding, padding, padding] as const) : padding;
  return { stride, pads, groups };
}

function sizes(x: Tensor, op: string): [number, number, number, number] {
  if (x.rank !== 4) throw shapeError(op, `needs four axes, got ${formatShape(x.shape)}`);
  const [first] = x.shape as [Dimension];
  return [
    typeof first === 'number' ? first : 0,
    staticDimension(x.shape, 1, op),
    staticDimension(x.shape, 2, op),
    staticDimension(x.shape, 3, op),
  ];
}

function checkBias(bias: Tensor | undefined, out: number, op: string): void {
  if (!bias || (bias.rank === 1 && bias.shape[0] === out)) return;
  throw shapeError(op, `bias ${formatShape(bias.shape)} does not fit ${out} channels`);
}

function misfit(op: string, x: Tensor, weight: Tensor, groups: number) {
  return shapeError(
    op,
    `input ${formatShape(x.shape)} does not fit weight ${formatShape(weight.shape)} in ${groups} groups`,
  );
}

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
