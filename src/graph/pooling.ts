import { add, indicator, multiply, subtract } from './elementwise.js';
import { concat, pad, reshape, slice, unsqueeze } from './layout.js';
import { mean } from './reduce.js';
import { type Dimension, formatShape, shapeError, staticDimension } from './shape.js';
import { apply, type Tensor } from './tensor.js';

export interface PoolingOptions {
  /** Side of the square that is pooled. */
  readonly kernel: number;
  /** Steps between squares; the kernel by default. */
  readonly stride?: number;
  /** Places added on each side, fewer than the kernel: −∞ for a maximum, counted zeros for a mean. */
  readonly padding?: number;
}

interface Windows {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  /** Windows along the rows and along the columns. */
  readonly rows: number;
  readonly columns: number;
}

/**
 * The largest value of each window, PyTorch's `MaxPool2d`; the first one of equals gets the gradient.
 *
 * @param x [B, C, H, W]
 * @returns [B, C, ⌊(H + 2p − k)/s⌋ + 1, ⌊(W + 2p − k)/s⌋ + 1]
 */
export function maxPool(x: Tensor, options: PoolingOptions): Tensor {
  const windows = windowsOf(x, options, 'maxPool');
  const y: Tensor = apply({
    op: 'MaxPool',
    inputs: [x],
    attributes: attributesOf(windows),
    shape: [...x.shape.slice(0, 2), windows.rows, windows.columns],
    products: [
      (dy) => {
        const lowest = -3.4e38;
        const contributions: Tensor[] = [];
        let left: Tensor | undefined; // what no earlier place of its window has taken
        for (const piece of pieces(x, windows, lowest)) {
          const largest = indicator('Equal', piece, y);
          const share = left ? multiply(largest, left) : largest;
          left = left ? subtract(left, share) : subtract(1, share);
          contributions.push(multiply(share, dy));
        }
        return joined(contributions, windows, x);
      },
    ],
  });
  return y;
}

/** The mean of each window, padding included, PyTorch's `AvgPool2d`. */
export function averagePool(x: Tensor, options: PoolingOptions): Tensor {
  const windows = windowsOf(x, options, 'averagePool');
  const { kernel } = windows;
  return apply({
    op: 'AveragePool',
    inputs: [x],
    attributes: { ...attributesOf(windows), count_include_pad: 1 },
    shape: [...x.shape.slice(0, 2), windows.rows, windows.columns],
    products: [
      (dy) => {
        const share = multiply(dy, 1 / kernel ** 2);
        return joined(new Array<Tensor>(kernel ** 2).fill(share), windows, x);
      },
    ],
  });
}

/** The mean over all places: [B, C, H, W] → [B, C]. */
export function globalAveragePool(x: Tensor): Tensor {
  return mean(x, [2, 3]);
}

/** x at each place of the kernel, row by row, for all windows: k² tensors [B, C, rows, columns]. */
function pieces(x: Tensor, windows: Windows, padding: number): Tensor[] {
  const { kernel, stride, rows, columns } = windows;
  const around = (axis: number) => (y: Tensor) =>
    pad(y, axis, windows.padding, windows.padding, padding);
  const padded = around(3)(around(2)(x));
  const places = [...new Array(kernel).keys()];
  return places.flatMap((u) => {
    const down = slice(padded, 2, u, u + (rows - 1) * stride + 1, stride);
    return places.map((v) => slice(down, 3, v, v + (columns - 1) * stride + 1, stride));
  });
}

/**
 * The reverse of {@link pieces}: each value added where it came from. Places at the same distance from
 * the grid of strides are added on that grid first, then the s² grids are woven into one.
 */
function joined(contributions: readonly Tensor[], windows: Windows, x: Tensor): Tensor {
  const { kernel, stride } = windows;
  const rows = contributions.length / kernel;
  const byRow = Array.from({ length: rows }, (_, u) =>
    woven(contributions.slice(u * kernel, (u + 1) * kernel), 3, stride),
  );
  const whole = woven(byRow, 2, stride);
  const fitted = (y: Tensor, axis: number) => {
    const size = staticDimension(x.shape, axis, 'pooling');
    const has = staticDimension(y.shape, axis, 'pooling');
    const end = windows.padding + size;
    const long = end > has ? pad(y, axis, 0, end - has) : y;
    return slice(long, axis, windows.padding, end);
  };
  return fitted(fitted(whole, 2), 3);
}

/** Σ_u of `parts[u]` placed at s·i + u along `axis`. */
function woven(parts: readonly Tensor[], axis: number, stride: number): Tensor {
  const reach = Math.ceil(parts.length / stride); // how many parts share a grid
  const grids = Array.from({ length: stride }, (_, phase) => {
    const own = parts.filter((_, u) => u % stride === phase);
    const shifted = own.map((part, shift) => pad(part, axis, shift, reach - 1 - shift));
    return shifted.length > 0
      ? shifted.reduce(add)
      : multiply(pad(parts[0]!, axis, 0, reach - 1), 0);
  });
  if (stride === 1) return grids[0]!;
  const size = staticDimension(grids[0]!.shape, axis, 'pooling');
  const side = concat(
    grids.map((grid) => unsqueeze(grid, axis + 1)),
    axis + 1,
  );
  const shape = grids[0]!.shape.map(
    (dimension, a): Dimension => (a === axis ? size * stride : dimension),
  );
  return reshape(side, shape);
}

function windowsOf(x: Tensor, options: PoolingOptions, op: string): Windows {
  const { kernel, stride = kernel, padding = 0 } = options;
  const count = (axis: number) => {
    const places = staticDimension(x.shape, axis, op) + 2 * padding - kernel;
    if (x.rank === 4 && places >= 0 && padding < kernel) return Math.floor(places / stride) + 1;
    throw shapeError(op, `${formatShape(x.shape)} does not fit windows of ${kernel} × ${kernel}`);
  };
  return { kernel, stride, padding, rows: count(2), columns: count(3) };
}

function attributesOf({ kernel, stride, padding }: Windows) {
  return {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: [padding, padding, padding, padding],
  };
}
