import { add, divide, multiply, sqrt, square, subtract } from './elementwise.js';
import { reshape } from './layout.js';
import { mean } from './reduce.js';
import { formatShape, sameShape, shapeError, staticDimension } from './shape.js';
import { sum } from './sum.js';
import { apply, type Tensor } from './tensor.js';

/** What batch norm standardises with: mean and variance of each channel [C]. */
export interface Moments {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/**
 * y = γ · (x − μ) / √(v + ε) + β for each channel with given μ and v: batch norm in evaluation mode,
 * one operator that ONNX Runtime folds into the convolution before it where all weights are frozen.
 *
 * @param x [B, C, ...]
 * @param gamma [C]
 * @param beta [C]
 */
export function batchNorm(
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  { mean, variance }: Moments,
  epsilon: number,
): Tensor {
  checkChannels(x, [gamma, beta, mean, variance]);
  const deviation = () => sqrt(add(variance, epsilon));
  const scale = () => divide(gamma, deviation());
  const others = otherAxes(x);
  /** Σ dy · (x − μ) / √(v + ε) over all but the channels. */
  const along = (dy: Tensor) =>
    divide(sum(multiply(dy, subtract(x, perChannel(mean, x.rank))), others), deviation());
  return apply({
    op: 'BatchNormalization',
    inputs: [x, gamma, beta, mean, variance],
    attributes: { epsilon: { float: epsilon } },
    shape: x.shape,
    products: [
      (dy) => multiply(dy, perChannel(scale(), x.rank)),
      along,
      (dy) => sum(dy, others),
      (dy) => multiply(sum(dy, others), multiply(scale(), -1)),
      (dy) => multiply(along(dy), divide(multiply(gamma, -0.5), add(variance, epsilon))),
    ],
  });
}

/**
 * Batch norm in training mode: with the mean and the variance (over n, not n − 1) of each channel of
 * this batch; dx = γ/σ · (dy − E[dy] − x̂ · E[dy · x̂]).
 *
 * @param x [B, C, ...]
 * @param gamma [C]
 * @param beta [C]
 */
export function batchNormOfBatch(
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  epsilon: number,
): { y: Tensor; moments: Moments } {
  checkChannels(x, [gamma, beta]);
  const others = otherAxes(x);
  const spread = (values: Tensor) => perChannel(values, x.rank);
  const average = mean(x, others);
  const centred = subtract(x, spread(average));
  const variance = mean(square(centred), others);
  const deviation = sqrt(add(variance, epsilon));
  const y = apply({
    op: 'BatchNormalization',
    inputs: [x, gamma, beta, average, variance],
    attributes: { epsilon: { float: epsilon } },
    shape: x.shape,
    sources: [x, gamma, beta],
    products: [
      (dy) => {
        const alongCentred = divide(mean(multiply(dy, centred), others), add(variance, epsilon));
        const flat = subtract(dy, spread(mean(dy, others)));
        const rest = subtract(flat, multiply(centred, spread(alongCentred)));
        return multiply(rest, spread(divide(gamma, deviation)));
      },
      (dy) => divide(sum(multiply(dy, centred), others), deviation),
      (dy) => sum(dy, others),
    ],
  });
  return { y, moments: { mean: average, variance } };
}

function otherAxes(x: Tensor): number[] {
  return [...x.shape.keys()].filter((axis) => axis !== 1);
}

/** [C] → [C, 1, ...], which broadcasts to [B, C, ...] of `rank` axes. */
function perChannel(values: Tensor, rank: number): Tensor {
  return reshape(values, [values.shape[0]!, ...new Array<number>(rank - 2).fill(1)]);
}

function checkChannels(x: Tensor, weights: readonly Tensor[]): void {
  if (x.rank < 2) throw shapeError('batchNorm', `needs [B, C, ...], got ${formatShape(x.shape)}`);
  const channels = staticDimension(x.shape, 1, 'batchNorm');
  for (const { shape } of weights) {
    if (sameShape(shape, [channels])) continue;
    throw shapeError(
      'batchNorm',
      `weights ${formatShape(shape)} do not fit ${formatShape(x.shape)}`,
    );
  }
}
