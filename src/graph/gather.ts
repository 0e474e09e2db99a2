import { cast, indicator } from './elementwise.js';
import { flattenRows, reshape, transposeLast } from './layout.js';
import { matmul } from './matmul.js';
import { formatShape, product, shapeError, staticDimension } from './shape.js';
import { apply, constant, integers, type Tensor } from './tensor.js';

/**
 * Rows of a table: y[..., :] = table[ids[...], :].
 *
 * @param table [V, C]
 * @param ids int64 [...], from 0 to V − 1, V ≤ 2²⁴
 * @returns [..., C]
 */
export function gatherRows(table: Tensor, ids: Tensor): Tensor {
  if (table.rank !== 2 || ids.dataType !== 'int64') {
    throw shapeError(
      'gatherRows',
      `needs a table [V, C] and int64 ids, got ${formatShape(table.shape)} and ${ids.dataType} ${formatShape(ids.shape)}`,
    );
  }
  return apply({
    op: 'Gather',
    inputs: [table, ids],
    attributes: { axis: 0 },
    shape: [...ids.shape, table.shape[1]!],
    products: [(dy) => scatterAddRows(table, ids, dy)],
  });
}

/**
 * The positions of the last axis in another order: y[..., i] = x[..., order[i]].
 *
 * @param order A permutation of 0 … C − 1.
 */
export function permuteLast(x: Tensor, order: readonly number[]): Tensor {
  const width = staticDimension(x.shape, -1, 'permuteLast');
  const back = new Array<number>(width);
  for (const [to, from] of order.entries()) back[from] = to;
  if (order.length !== width || Object.keys(back).length !== width) {
    throw shapeError(
      'permuteLast',
      `${order.length} positions do not permute ${formatShape(x.shape)}`,
    );
  }
  return apply({
    op: 'Gather',
    inputs: [x, integers(order)],
    attributes: { axis: x.rank - 1 },
    shape: x.shape,
    products: [(dy) => permuteLast(dy, back)],
  });
}

/**
 * Zeros of the table's shape to which row i of `rows` is added at `ids[i]`: what {@link gatherRows}
 * reverses. As a product with the ids' one-hot code: ONNX Runtime's `ScatterND` adds without locks,
 * and loses rows of repeated ids when it runs on several threads.
 */
function scatterAddRows(table: Tensor, ids: Tensor, rows: Tensor): Tensor {
  const count = staticDimension(table.shape, 0, 'gatherRows');
  const flatIds = cast(reshape(ids, [product(ids.shape), 1]), 'float32'); // [N, 1]
  const places = constant(
    Float32Array.from({ length: count }, (_, place) => place),
    [1, count],
  );
  const oneHot = indicator('Equal', flatIds, places); // [N, V]
  return matmul(transposeLast(oneHot), flattenRows(rows));
}
