import { add, atLeast, divide, multiply, sqrt, square, subtract } from './elementwise.js';
import { beforeReshape, reshape, transposeLast } from './layout.js';
import { matmul } from './matmul.js';
import { mean } from './reduce.js';
import { formatShape, resolveAxis, sameShape, shapeError } from './shape.js';
import { sum, sumTo } from './sum.js';
import { apply, createNode, type Tensor } from './tensor.js';

/** y_i = e^(x_i) / Σ_j e^(x_j) along `axis`; dx = y · (dy − Σ dy·y). */
export function softmax(x: Tensor, axis = -1): Tensor {
  const along = resolveAxis(x.shape, axis, 'softmax');
  const y: Tensor = apply({
    op: 'Softmax',
    inputs: [x],
    attributes: { axis: along },
    shape: x.shape,
    products: [(dy) => multiply(y, subtract(dy, sum(multiply(dy, y), [along], true)))],
  });
  return y;
}

/** y_i = x_i − ln Σ_j e^(x_j) along `axis`; dx = dy − softmax(x) · Σ dy. */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  const along = resolveAxis(x.shape, axis, 'logSoftmax');
  return apply({
    op: 'LogSoftmax',
    inputs: [x],
    attributes: { axis: along },
    shape: x.shape,
    products: [(dy) => subtract(dy, multiply(softmax(x, along), sum(dy, [along], true)))],
  });
}

/**
 * y = (x − E[x]) / √(Var[x] + ε) · γ + β over the last axis. One fused operator that also yields the
 * mean and the inverse deviation σ⁻¹, which its gradient uses:
 * dx = σ⁻¹ · (g − E[g] − x̂ · E[g·x̂]) with g = dy·γ.
 *
 * @param x [..., C]
 * @param gamma [C]
 * @param beta [C]
 */
export function layerNorm(x: Tensor, gamma: Tensor, beta: Tensor, epsilon: number): Tensor {
  const width = x.shape.slice(-1);
  if (!sameShape(gamma.shape, width) || !sameShape(beta.shape, width)) {
    throw shapeError(
      'layerNorm',
      `weights ${formatShape(gamma.shape)} and ${formatShape(beta.shape)} do not fit ${formatShape(x.shape)}`,
    );
  }
  const flat = beforeReshape(x);
  if (flat && sameShape(flat.shape.slice(-1), width)) {
    return reshape(layerNorm(flat, gamma, beta, epsilon), x.shape);
  }
  const statistics = [...x.shape.slice(0, -1), 1];
  const standardised = () => multiply(subtract(x, average!), inverseDeviation!);
  const [y, average, inverseDeviation] = createNode({
    op: 'LayerNormalization',
    inputs: [x, gamma, beta],
    attributes: { axis: -1, epsilon: { float: epsilon } },
    shape: x.shape,
    moreOutputs: [statistics, statistics],
    products: [
      (dy) => {
        const g = multiply(dy, gamma);
        const along = mean(multiply(g, standardised()), [-1], true);
        const centred = subtract(subtract(g, mean(g, [-1], true)), multiply(standardised(), along));
        return multiply(centred, inverseDeviation!);
      },
      (dy) => sumTo(multiply(dy, standardised()), gamma.shape),
      (dy) => sumTo(dy, beta.shape),
    ],
  });
  return y;
}

/**
 * y = x / max(‖x‖₂, ε) along the last axis; dx = (dy − y · Σ dy·y) / ‖x‖.
 */
export function l2Normalize(x: Tensor, epsilon = 1e-12): Tensor {
  const length = sqrt(atLeast(sum(square(x), [-1], true), epsilon * epsilon));
  const y: Tensor = apply({
    op: 'Div',
    inputs: [x, length],
    shape: x.shape,
    sources: [x],
    products: [(dy) => divide(subtract(dy, multiply(y, sum(multiply(dy, y), [-1], true))), length)],
  });
  return y;
}

/** cos(a, b) = a·b / (‖a‖ ‖b‖), every row of `a` with every row of `b`: [..., M, C], [..., N, C] → [..., M, N]. */
export function cosineMatrix(a: Tensor, b: Tensor): Tensor {
  return matmul(l2Normalize(a, 1e-8), transposeLast(l2Normalize(b, 1e-8)));
}

/** cos(a, b) of paired rows: [..., C], [..., C] → [...]. */
export function cosineSimilarity(a: Tensor, b: Tensor): Tensor {
  return sum(multiply(l2Normalize(a, 1e-8), l2Normalize(b, 1e-8)), [-1]);
}

/** x + y after checking that neither is silently broadcast: for residual connections. */
export function residual(x: Tensor, y: Tensor): Tensor {
  if (!sameShape(x.shape, y.shape)) {
    throw shapeError('residual', `cannot add ${formatShape(y.shape)} to ${formatShape(x.shape)}`);
  }
  return add(x, y);
}
