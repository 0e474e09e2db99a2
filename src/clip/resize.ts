import { IqeError } from '../base/errors.js';
import type { RasterImage } from '../base/image.js';

/** How {@link resize} weighs the samples of the input. */
export type ResizeFilter = 'bicubic' | 'bilinear' | 'lanczos' | 'nearest';

/** A kernel w(x) that vanishes for |x| ≥ `support`, x in pixels of the coarser grid. */
interface Kernel {
  readonly support: number;
  weight(x: number): number;
}

/**
 * Fixed-point weights of one axis: output sample i is
 * Σ_t weights[i · taps + t] · input[first[i] + t] / 2²² over the first count[i] taps.
 */
interface Coefficients {
  readonly taps: number;
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly weights: Int32Array;
}

/** Bits after the point: 32 less 8 of the result less 2 that negative lobes overflow into. */
const PRECISION_BITS = 22;
const ONE = 1 << PRECISION_BITS;
const HALF = 1 << (PRECISION_BITS - 1);

const KERNELS: Record<Exclude<ResizeFilter, 'nearest'>, Kernel> = {
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, weight: (x) => cubic(Math.abs(x)) },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/**
 * An 8-bit image at another size, bit for bit as Pillow up to version 12 computes it.
 *
 * out[i] = Σ_j w((j + ½ − c_i) / s) in[j] / Σ_j w(…), with c_i = (i + ½) · scale,
 * scale = inputSize / outputSize and s = max(1, scale), so that shrinking averages over all it
 * covers; along x first, then along y, each rounded to 8 bits and clipped. Weights are fixed-point
 * numbers with 22 bits after the point, the cubic has a = −½. `nearest` takes in[⌊c_i⌋]. An axis
 * that keeps its size is not filtered. The aspect is not kept.
 *
 * @throws {IqeError} `shape` where `width` or `height` is not a positive integer.
 * @see https://github.com/python-pillow/Pillow/blob/11.3.0/src/libImaging/Resample.c
 */
export function resize(
  image: RasterImage,
  width: number,
  height: number,
  filter: ResizeFilter,
): RasterImage {
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0)) {
    throw new IqeError(
      'shape',
      `An image can be resized to whole numbers of pixels above 0, not to ${width}×${height}.`,
    );
  }
  if (filter === 'nearest') return pickNearest(image, width, height);
  const kernel = KERNELS[filter];
  const wide =
    width === image.width
      ? image
      : filterRows(image, width, coefficients(kernel, image.width, width));
  if (height !== wide.height) {
    return filterColumns(wide, height, coefficients(kernel, wide.height, height));
  }
  return wide === image ? { ...image, data: image.data.slice() } : wide;
}

function coefficients(kernel: Kernel, inputSize: number, outputSize: number): Coefficients {
  const scale = inputSize / outputSize;
  const stretch = Math.max(1, scale);
  const support = kernel.support * stretch;
  const taps = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(outputSize);
  const count = new Int32Array(outputSize);
  const weights = new Int32Array(outputSize * taps);
  const exact = new Float64Array(taps);
  // Multiplying by the inverse rounds otherwise than dividing, and Pillow multiplies.
  const inverseStretch = 1 / stretch;
  for (let i = 0; i < outputSize; i++) {
    const center = (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const end = Math.min(inputSize, Math.trunc(center + support + 0.5));
    let sum = 0;
    for (let t = 0; t < end - start; t++) {
      const weight = kernel.weight((t + start - center + 0.5) * inverseStretch);
      exact[t] = weight;
      sum += weight;
    }
    first[i] = start;
    count[i] = end - start;
    for (let t = 0; t < end - start; t++) {
      const weight = sum === 0 ? (exact[t] as number) : (exact[t] as number) / sum;
      weights[i * taps + t] = Math.trunc(weight * ONE + (weight < 0 ? -0.5 : 0.5));
    }
  }
  return { taps, first, count, weights };
}

function filterRows(image: RasterImage, width: number, axis: Coefficients): RasterImage {
  const { height, channels, data: input } = image;
  const { taps, first, count, weights } = axis;
  const output = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    const row = y * image.width * channels;
    let to = y * width * channels;
    for (let x = 0; x < width; x++) {
      let from = row + (first[x] as number) * channels;
      let tap = x * taps;
      const lastTap = tap + (count[x] as number);
      if (channels === 1) {
        let grey = HALF;
        for (; tap < lastTap; tap++, from++) {
          grey += Math.imul(input[from] as number, weights[tap] as number);
        }
        output[to++] = clip8(grey);
      } else {
        let red = HALF;
        let green = HALF;
        let blue = HALF;
        for (; tap < lastTap; tap++, from += 3) {
          const weight = weights[tap] as number;
          red += Math.imul(input[from] as number, weight);
          green += Math.imul(input[from + 1] as number, weight);
          blue += Math.imul(input[from + 2] as number, weight);
        }
        output[to++] = clip8(red);
        output[to++] = clip8(green);
        output[to++] = clip8(blue);
      }
    }
  }
  return { width, height, channels, data: output };
}

function filterColumns(image: RasterImage, height: number, axis: Coefficients): RasterImage {
  const { width, channels, data: input } = image;
  const { taps, first, count, weights } = axis;
  const rowLength = width * channels;
  const output = new Uint8Array(rowLength * height);
  // One row of sums, so that the input is read along its rows and not down its columns.
  const sums = new Int32Array(rowLength);
  for (let y = 0; y < height; y++) {
    sums.fill(HALF);
    for (let t = 0; t < (count[y] as number); t++) {
      const weight = weights[y * taps + t] as number;
      const from = ((first[y] as number) + t) * rowLength;
      for (let i = 0; i < rowLength; i++) {
        sums[i] = (sums[i] as number) + Math.imul(input[from + i] as number, weight);
      }
    }
    const to = y * rowLength;
    for (let i = 0; i < rowLength; i++) output[to + i] = clip8(sums[i] as number);
  }
  return { width, height, channels, data: output };
}

function pickNearest(image: RasterImage, width: number, height: number): RasterImage {
  const { channels, data: input } = image;
  const columns = nearestPositions(image.width, width);
  const rows = nearestPositions(image.height, height);
  const output = new Uint8Array(width * height * channels);
  let to = 0;
  for (let y = 0; y < height; y++) {
    const row = (rows[y] as number) * image.width;
    for (let x = 0; x < width; x++) {
      const from = (row + (columns[x] as number)) * channels;
      for (let channel = 0; channel < channels; channel++) {
        output[to++] = input[from + channel] as number;
      }
    }
  }
  return { width, height, channels, data: output };
}

function nearestPositions(inputSize: number, outputSize: number): Int32Array {
  const scale = inputSize / outputSize;
  const positions = new Int32Array(outputSize);
  // Summed up as Pillow does: (i + ½) · scale would round to another pixel now and then.
  let position = scale * 0.5;
  for (let i = 0; i < outputSize; i++) {
    positions[i] = Math.min(inputSize - 1, Math.trunc(position));
    position += scale;
  }
  return positions;
}

function clip8(sum: number): number {
  const value = sum >> PRECISION_BITS;
  return Math.max(0, Math.min(255, value));
}

/** The cubic convolution kernel with a = −½, of x ≥ 0. */
function cubic(x: number): number {
  const a = -0.5;
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}
