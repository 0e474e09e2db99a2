import { runtimeShape } from './layout.js';
import { product } from './shape.js';
import { apply, createNode, type Tensor } from './tensor.js';

/**
 * The element at place ⌊index⌋ of all in ascending order, a scalar; without a gradient.
 *
 * @param x [R]
 * @param index A float32 scalar, 0 ≤ index < R.
 */
export function smallestAt(x: Tensor, index: Tensor): Tensor {
  const shape = [product(x.shape)];
  // The second output, where they lie, has another type than declared; nothing reads it.
  const [ascending] = createNode({
    op: 'TopK',
    inputs: [x, runtimeShape(shape, x)],
    attributes: { axis: 0, largest: 0, sorted: 1 },
    shape,
    moreOutputs: [shape],
  });
  const place = apply({
    op: 'Cast',
    inputs: [index],
    attributes: { to: 7 },
    shape: [],
    dataType: 'int64',
  });
  return apply({ op: 'Gather', inputs: [ascending, place], attributes: { axis: 0 }, shape: [] });
}
