import { flattenRows, reshape, transposeLast } from './layout.js';
import { quantizedParts, quantizedProduct } from './quantized.js';
import {
  broadcastShapes,
  type Dimension,
  formatShape,
  type Shape,
  sameDimension,
  shapeError,
} from './shape.js';
import { sum, sumTo } from './sum.js';
import { apply, type Tensor } from './tensor.js';

/** C = A · B over the last two axes, [..., M, K] · [..., K, N] → [..., M, N], leading axes broadcast. */
export function matmul(a: Tensor, b: Tensor): Tensor {
  if (a.rank < 2 || b.rank < 2 || !sameDimension(a.shape.at(-1)!, b.shape.at(-2)!)) {
    throw shapeError(
      'matmul',
      `cannot multiply ${formatShape(a.shape)} by ${formatShape(b.shape)}`,
    );
  }
  const leading = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2), 'matmul');
  return apply({
    op: 'MatMul',
    inputs: [a, b],
    shape: [...leading, a.shape.at(-2)!, b.shape.at(-1)!],
    products: [
      (dy) => sumTo(matmul(dy, transposeLast(b)), a.shape), // dA = dC · Bᵀ
      (dy) => sumTo(matmul(transposeLast(a), dy), b.shape), // dB = Aᵀ · dC
    ],
  });
}

/**
 * y = x · Wᵀ + b, PyTorch's `Linear`.
 *
 * @param x [..., in]
 * @param weight [out, in]; a `quantizedWeight` is multiplied in int8.
 * @param bias [out]
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const [out, inner] = weight.shape;
  if (weight.rank !== 2 || x.rank < 1 || !sameDimension(x.shape.at(-1)!, inner!)) {
    throw shapeError(
      'linear',
      `input ${formatShape(x.shape)} does not fit weight ${formatShape(weight.shape)}`,
    );
  }
  if (bias && !(bias.rank === 1 && sameDimension(bias.shape[0]!, out!))) {
    throw shapeError(
      'linear',
      `bias ${formatShape(bias.shape)} does not fit weight ${formatShape(weight.shape)}`,
    );
  }
  const rows = x.rank === 1 ? reshape(x, [1, inner!]) : flattenRows(x);
  const quantized = quantizedParts(weight);
  const y = quantized
    ? quantizedProduct(rows, quantized, bias, (dy) => gemm(dy, weight, {}))
    : gemm(rows, weight, { transposeB: true }, bias);
  return reshape(y, [...x.shape.slice(0, -1), out!]);
}

interface Transposed {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/** op(A) · op(B) + bias of plain matrices, as one `Gemm`: its gradients are `Gemm`s again. */
function gemm(a: Tensor, b: Tensor, transposed: Transposed, bias?: Tensor): Tensor {
  const { transposeA = false, transposeB = false } = transposed;
  const [rows, inner] = flipped(a.shape, transposeA);
  const [alsoInner, columns] = flipped(b.shape, transposeB);
  if (!sameDimension(inner, alsoInner)) {
    throw shapeError('gemm', `cannot multiply ${formatShape(a.shape)} by ${formatShape(b.shape)}`);
  }
  const byA = (dy: Tensor) =>
    transposeA
      ? gemm(b, dy, { transposeA: transposeB, transposeB: true })
      : gemm(dy, b, { transposeB: !transposeB });
  const byB = (dy: Tensor) =>
    transposeB
      ? gemm(dy, a, { transposeA: true, transposeB: transposeA })
      : gemm(a, dy, { transposeA: !transposeA });
  return apply({
    op: 'Gemm',
    inputs: bias ? [a, b, bias] : [a, b],
    attributes: { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 },
    shape: [rows, columns],
    products: [byA, byB, (dy) => sum(dy, [0])],
  });
}

function flipped(shape: Shape, flip: boolean): readonly [Dimension, Dimension] {
  const [rows, columns] = shape as readonly [Dimension, Dimension];
  return flip ? [columns, rows] : [rows, columns];
}
