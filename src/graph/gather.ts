import { flattenRows, reshape, unsqueeze } from './layout.js';
import { formatShape, product, shapeError } from './shape.js';
import { apply, constant, type Tensor } from './tensor.js';

/**
 * Rows of a table: y[..., :] = table[ids[...], :].
 *
 * @param table [V, C]
 * @param ids int64 [...], from 0 to V − 1
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

/** Zeros of the table's shape to which row i of `rows` is added at `ids[i]`: what {@link gatherRows} reverses. */
function scatterAddRows(table: Tensor, ids: Tensor, rows: Tensor): Tensor {
  const [count, width] = table.shape as [number, number];
  const flatIds = unsqueeze(reshape(ids, [product(ids.shape)]), 1); // [N, 1]
  return apply({
    op: 'ScatterND',
    inputs: [constant(new Float32Array(count * width), [count, width]), flatIds, flattenRows(rows)],
    attributes: { reduction: 'add' },
    shape: table.shape,
  });
}
