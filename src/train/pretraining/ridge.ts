/**
 * Weighted ridge regression: w minimises Σᵢ cᵢ (xᵢ·w + b − yᵢ)² + λ·Σc·‖w‖², by the normal
 * equations in float64, on columns that are standardised first.
 */
export interface RidgeModel {
  readonly weights: Float64Array;
  readonly bias: number;
}

/**
 * @param x [n, d], row after row
 * @param y [n]
 * @param sampleWeights c [n], not negative
 * @param penalty λ > 0
 */
export function fitRidge(
  x: Float32Array,
  y: ArrayLike<number>,
  sampleWeights: ArrayLike<number>,
  penalty: number,
): RidgeModel {
  const n = y.length;
  const d = x.length / n;
  const { mean, deviation } = columnStatistics(x, sampleWeights, n, d);
  let total = 0;
  let meanY = 0;
  for (let i = 0; i < n; i++) {
    total += sampleWeights[i]!;
    meanY += sampleWeights[i]! * y[i]!;
  }
  meanY /= total;
  const products = new Float64Array(d * d);
  const right = new Float64Array(d);
  const row = new Float64Array(d);
  for (let i = 0; i < n; i++) {
    const c = sampleWeights[i]! / total;
    if (c === 0) continue;
    for (let j = 0; j < d; j++) row[j] = (x[i * d + j]! - mean[j]!) / deviation[j]!;
    for (let j = 0; j < d; j++) {
      const scaled = c * row[j]!;
      right[j]! += scaled * (y[i]! - meanY);
      for (let k = 0; k <= j; k++) products[j * d + k]! += scaled * row[k]!;
    }
  }
  for (let j = 0; j < d; j++) products[j * d + j]! += penalty;
  const weights = solveSymmetric(products, right);
  let bias = meanY;
  for (let j = 0; j < d; j++) {
    weights[j]! /= deviation[j]!;
    bias -= weights[j]! * mean[j]!;
  }
  return { weights, bias };
}

/** x·w + b of each row. */
export function predictRidge(x: Float32Array, { weights, bias }: RidgeModel): Float64Array {
  const d = weights.length;
  return Float64Array.from({ length: x.length / d }, (_, i) => {
    let sum = bias;
    for (let j = 0; j < d; j++) sum += x[i * d + j]! * weights[j]!;
    return sum;
  });
}

function columnStatistics(
  x: Float32Array,
  sampleWeights: ArrayLike<number>,
  n: number,
  d: number,
): { readonly mean: Float64Array; readonly deviation: Float64Array } {
  const mean = new Float64Array(d);
  const deviation = new Float64Array(d);
  let total = 0;
  for (let i = 0; i < n; i++) {
    total += sampleWeights[i]!;
    for (let j = 0; j < d; j++) mean[j]! += sampleWeights[i]! * x[i * d + j]!;
  }
  for (let j = 0; j < d; j++) mean[j]! /= total;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) {
      deviation[j]! += (sampleWeights[i]! / total) * (x[i * d + j]! - mean[j]!) ** 2;
    }
  }
  for (let j = 0; j < d; j++) deviation[j] = Math.sqrt(deviation[j]!) || 1;
  return { mean, deviation };
}

/** Solves A·w = r for a positive definite A given by its lower triangle (Cholesky, in place). */
function solveSymmetric(a: Float64Array, right: Float64Array): Float64Array {
  const d = right.length;
  for (let j = 0; j < d; j++) {
    for (let k = 0; k <= j; k++) {
      let sum = a[j * d + k]!;
      for (let m = 0; m < k; m++) sum -= a[j * d + m]! * a[k * d + m]!;
      a[j * d + k] = j === k ? Math.sqrt(sum) : sum / a[k * d + k]!;
    }
  }
  const w = right.slice();
  for (let j = 0; j < d; j++) {
    for (let m = 0; m < j; m++) w[j]! -= a[j * d + m]! * w[m]!;
    w[j]! /= a[j * d + j]!;
  }
  for (let j = d - 1; j >= 0; j--) {
    for (let m = j + 1; m < d; m++) w[j]! -= a[m * d + j]! * w[m]!;
    w[j]! /= a[j * d + j]!;
  }
  return w;
}
