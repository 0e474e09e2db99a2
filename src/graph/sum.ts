import { reshape, runtimeShape } from './layout.js';
import {
  broadcastShapes,
  formatShape,
  resolveAxis,
  type Shape,
  sameDimension,
  sameShape,
  shapeError,
} from './shape.js';
import { apply, integers, type Tensor } from './tensor.js';

/** Σ over `axes`, which stay with size 1 if `keepAxes`. */
export function sum(x: Tensor, axes: readonly number[], keepAxes = false): Tensor {
  const over = axes.map((axis) => resolveAxis(x.shape, axis, 'sum'));
  if (over.length === 0) return x;
  const kept = x.shape.map((size, axis) => (over.includes(axis) ? 1 : size));
  const shape = keepAxes ? kept : x.shape.filter((_, axis) => !over.includes(axis));
  return apply({
    op: 'ReduceSum',
    inputs: [x, integers(over)],
    attributes: { keepdims: keepAxes ? 1 : 0 },
    shape,
    products: [(dy) => expand(reshape(dy, kept), x.shape, x)],
  });
}

/** Σ over all elements, a scalar. */
export function sumAll(x: Tensor): Tensor {
  return sum(x, [...x.shape.keys()]);
}

/**
 * `x` repeated to `shape` by NumPy's broadcasting rules.
 *
 * @param batchOf A tensor that has the batch axis, where `shape` has one that `x` has not.
 */
export function expand(x: Tensor, shape: Shape, batchOf: Tensor = x): Tensor {
  if (sameShape(x.shape, shape)) return x;
  if (!sameShape(broadcastShapes(x.shape, shape, 'expand'), shape)) {
    throw shapeError('expand', `cannot repeat ${formatShape(x.shape)} to ${formatShape(shape)}`);
  }
  return apply({
    op: 'Expand',
    inputs: [x, runtimeShape(shape, batchOf)],
    shape,
    dataType: x.dataType,
    products: [(dy) => sumTo(dy, x.shape)],
  });
}

/** The reverse of broadcasting: Σ over every axis along which `shape` was repeated to `x.shape`. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  const added = x.rank - shape.length;
  const axes = [...x.shape.keys()].filter(
    (axis) => axis < added || !sameDimension(x.shape[axis]!, shape[axis - added]!),
  );
  return axes.length === 0 ? x : reshape(sum(x, axes), shape);
}
