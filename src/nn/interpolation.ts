import { transposeLast } from '../graph/layout.js';
import { matmul } from '../graph/matmul.js';
import { staticDimension } from '../graph/shape.js';
import { constant, type Tensor } from '../graph/tensor.js';

/**
 * Interpolation along one axis as a matrix [target, source]: y = A · x. As a matrix product it has an
 * exact gradient (Aᵀ) and runs wherever products run.
 */
export interface InterpolationMatrix {
  readonly target: number;
  readonly source: number;
  /** Rows of `source` weights. */
  readonly data: Float32Array;
}

function matrix(
  target: number,
  source: number,
  row: (index: number, weights: Float64Array) => void,
): InterpolationMatrix {
  const data = new Float32Array(target * source);
  for (let index = 0; index < target; index++) {
    const weights = new Float64Array(source);
    row(index, weights);
    data.set(weights, index * source);
  }
  return { target, source, data };
}

/**
 * Linear interpolation as in PyTorch's `interpolate(mode='bilinear')` along one axis.
 *
 * @param alignCorners Whether the first and last samples stay at the ends, or pixels are areas whose
 *   centres lie at halves.
 */
export function linearInterpolation(
  source: number,
  target: number,
  alignCorners: boolean,
): InterpolationMatrix {
  return matrix(target, source, (index, weights) => {
    const position = alignCorners
      ? target === 1
        ? 0
        : (index * (source - 1)) / (target - 1)
      : Math.max(0, ((index + 0.5) * source) / target - 0.5);
    const left = Math.min(Math.floor(position), source - 1);
    const right = Math.min(left + 1, source - 1);
    weights[left]! += 1 - (position - left);
    weights[right]! += position - left;
  });
}

/** The nearest sample, ⌊i · source/target⌋, as in PyTorch's `interpolate(mode='nearest')` along one axis. */
export function nearestInterpolation(source: number, target: number): InterpolationMatrix {
  return matrix(target, source, (index, weights) => {
    weights[Math.min(Math.floor((index * source) / target), source - 1)] = 1;
  });
}

/**
 * Cubic interpolation (a = −0.5) with antialiasing, half-pixel centres and weights renormalised at the
 * border, as in PyTorch's `interpolate(mode='bicubic', antialias=True)` along one axis.
 */
export function cubicInterpolation(source: number, target: number): InterpolationMatrix {
  const scale = source / target;
  const stretch = Math.max(scale, 1);
  return matrix(target, source, (index, weights) => {
    const centre = (index + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - 2 * stretch + 0.5));
    const end = Math.min(source, Math.trunc(centre + 2 * stretch + 0.5));
    let total = 0;
    for (let j = first; j < end; j++) {
      weights[j] = cubicKernel((j - centre + 0.5) / stretch);
      total += weights[j]!;
    }
    for (let j = first; j < end; j++) weights[j]! /= total;
  });
}

/** Keys' cubic convolution kernel with a = −0.5. */
function cubicKernel(x: number): number {
  const t = Math.abs(x);
  if (t < 1) return (1.5 * t - 2.5) * t * t + 1;
  return t < 2 ? ((-0.5 * t + 2.5) * t - 4) * t + 2 : 0;
}

/**
 * Gaussian smoothing along one axis with mirrored borders (… b a | a b c …), as SciPy's
 * `gaussian_filter(mode='reflect', truncate=4)`.
 */
export function gaussianSmoothing(size: number, sigma: number): InterpolationMatrix {
  const radius = Math.trunc(4 * sigma + 0.5);
  const kernel = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * sigma * sigma)),
  );
  const total = kernel.reduce((a, b) => a + b, 0);
  return matrix(size, size, (index, weights) => {
    for (let offset = -radius; offset <= radius; offset++) {
      weights[mirrored(index + offset, size)]! += kernel[offset + radius]! / total;
    }
  });
}

function mirrored(position: number, size: number): number {
  const period = 2 * size;
  const inPeriod = ((position % period) + period) % period;
  return inPeriod < size ? inPeriod : period - 1 - inPeriod;
}

/** Interpolates the last two axes: [..., h, w] → [..., H, W]. */
export function interpolate(
  x: Tensor,
  rows: InterpolationMatrix,
  columns: InterpolationMatrix,
): Tensor {
  const down = matmul(asConstant(rows), x); // [..., H, w]
  return matmul(down, transposeLast(asConstant(columns))); // [..., H, W]
}

/** Linear interpolation with aligned corners of the last two axes to H × W (φ in Eq. 10 and 11). */
export function upsample(x: Tensor, height: number, width: number, alignCorners = true): Tensor {
  const rows = linearInterpolation(staticDimension(x.shape, -2, 'upsample'), height, alignCorners);
  const columns = linearInterpolation(
    staticDimension(x.shape, -1, 'upsample'),
    width,
    alignCorners,
  );
  return interpolate(x, rows, columns);
}

function asConstant({ data, target, source }: InterpolationMatrix): Tensor {
  return constant(data, [target, source]);
}

/** The product of {@link interpolate} on plain numbers in float64: channels-last [h, w, C] → [H, W, C]. */
export function interpolateChannels(
  x: Float32Array,
  channels: number,
  rows: InterpolationMatrix,
  columns: InterpolationMatrix,
): Float32Array {
  const result = new Float32Array(rows.target * columns.target * channels);
  const sums = new Float64Array(channels);
  for (let r = 0; r < rows.target; r++) {
    for (let c = 0; c < columns.target; c++) {
      sums.fill(0);
      for (let i = 0; i < rows.source; i++) {
        const rowWeight = rows.data[r * rows.source + i]!;
        if (rowWeight === 0) continue;
        for (let j = 0; j < columns.source; j++) {
          const weight = rowWeight * columns.data[c * columns.source + j]!;
          if (weight === 0) continue;
          const start = (i * columns.source + j) * channels;
          for (let k = 0; k < channels; k++) sums[k]! += weight * x[start + k]!;
        }
      }
      result.set(sums, (r * columns.target + c) * channels);
    }
  }
  return result;
}
