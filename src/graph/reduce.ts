import { cast, divide, indicator, multiply } from './elementwise.js';
import { reshape } from './layout.js';
import {
  type BatchDimension,
  product,
  resolveAxis,
  type Shape,
  shapeError,
  staticDimension,
} from './shape.js';
import { expand, sum } from './sum.js';
import { apply, constant, integers, scalar, type Tensor } from './tensor.js';

/** Mean over `axes`, the batch axis among them if wanted. */
export function mean(x: Tensor, axes: readonly number[], keepAxes = false): Tensor {
  const over = axes.map((axis) => resolveAxis(x.shape, axis, 'mean'));
  const total = sum(x, over, keepAxes);
  const count = countAlong(x, over);
  return typeof count === 'number' ? multiply(total, 1 / count) : divide(total, count);
}

/** How many elements lie along `axes`: a number, or a scalar where the batch axis is among them. */
export function countAlong(x: Tensor, axes: readonly number[]): Tensor | number {
  const size = product(axes.map((axis) => x.shape[axis]!));
  return typeof size === 'number' ? size : multiply(batchSize(x), size.coefficient);
}

/** Mean over all elements, a scalar. */
export function meanAll(x: Tensor): Tensor {
  return mean(x, [...x.shape.keys()]);
}

/** B as a float32 scalar, read from the batch axis of `x`; without a gradient. */
export function batchSize(x: Tensor): Tensor {
  const axis = x.shape.findIndex((size) => typeof size !== 'number');
  if (axis < 0) throw shapeError('batchSize', 'needs a tensor with a batch axis');
  const { coefficient } = x.shape[axis] as BatchDimension;
  const sizes = apply({ op: 'Shape', inputs: [x], shape: [x.rank], dataType: 'int64' });
  const size = apply({
    op: 'Gather',
    inputs: [sizes, integers([axis], [])],
    attributes: { axis: 0 },
    shape: [],
    dataType: 'int64',
  });
  return multiply(cast(size, 'float32'), 1 / coefficient);
}

/**
 * max over one static axis, which goes.
 *
 * @param ties Who gets the gradient where several elements are largest: all in equal shares
 *   (`torch.amax`), or the first alone (`torch.max`).
 */
export function max(x: Tensor, axis: number, ties: 'shared' | 'first' = 'shared'): Tensor {
  const along = resolveAxis(x.shape, axis, 'max');
  const size = staticDimension(x.shape, along, 'max');
  const kept: Shape = x.shape.map((dimension, a) => (a === along ? 1 : dimension));
  const largest: Tensor = apply({
    op: 'ReduceMax',
    inputs: [x, integers([along])],
    attributes: { keepdims: 1 },
    shape: kept,
    products: [
      (dy) =>
        multiply(ties === 'first' ? firstLargest(x, along, size) : shares(x, largest, along), dy),
    ],
  });
  return reshape(
    largest,
    x.shape.filter((_, a) => a !== along),
  );
}

function shares(x: Tensor, largest: Tensor, axis: number): Tensor {
  const isLargest = indicator('Equal', x, largest);
  return divide(isLargest, sum(isLargest, [axis], true));
}

function firstLargest(x: Tensor, axis: number, size: number): Tensor {
  const index = apply({
    op: 'ArgMax',
    inputs: [x],
    attributes: { axis, keepdims: 1, select_last_index: 0 },
    shape: x.shape.map((dimension, a) => (a === axis ? 1 : dimension)),
    dataType: 'int64',
  });
  const places = constant(
    Float32Array.from({ length: size }, (_, place) => place),
    x.shape.map((_, a) => (a === axis ? size : 1)),
  );
  return indicator('Equal', places, cast(index, 'float32'));
}

/** Zeros (or another value) of the shape of `x`. */
export function filledLike(x: Tensor, value: number): Tensor {
  return expand(
    reshape(
      scalar(value),
      x.shape.map(() => 1),
    ),
    x.shape,
    x,
  );
}
