import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectWithin } from '../../test/support/close.js';
import { evaluate, host } from '../../test/support/evaluate.js';
import { Random } from '../base/random.js';
import { B } from '../graph/shape.js';
import { input } from '../graph/tensor.js';
import {
  cubicInterpolation,
  gaussianSmoothing,
  type InterpolationMatrix,
  interpolate,
  interpolateChannels,
  linearInterpolation,
  nearestInterpolation,
  upsample,
} from './interpolation.js';

const size = fc.integer({ min: 1, max: 24 });

const kinds: [string, (source: number, target: number) => InterpolationMatrix][] = [
  ['linear, corners aligned', (source, target) => linearInterpolation(source, target, true)],
  ['linear', (source, target) => linearInterpolation(source, target, false)],
  ['cubic', cubicInterpolation],
];

const rowOf = ({ data, source }: InterpolationMatrix, index: number) =>
  data.slice(index * source, (index + 1) * source);

const product = (matrix: InterpolationMatrix, values: ArrayLike<number>) =>
  Array.from({ length: matrix.target }, (_, index) =>
    rowOf(matrix, index).reduce((sum, weight, j) => sum + weight * values[j]!, 0),
  );

const numbers = (length: number, seed: number) => {
  const random = new Random(seed, 'interpolation');
  return Float32Array.from({ length }, () => random.normal());
};

describe.each(kinds)('%s interpolation', (_, interpolation) => {
  it('keeps constants: rows sum to 1', () => {
    fc.assert(
      fc.property(size, size, (source, target) => {
        const matrix = interpolation(source, target);
        expect(matrix).toMatchObject({ source, target, data: { length: source * target } });
        const ones = new Array(source).fill(1);
        expectWithin(product(matrix, ones), new Array(target).fill(1), 1e-6);
      }),
      { seed: 1 },
    );
  });

  it('copies at the same size', () => {
    for (let length = 1; length < 20; length++) {
      const values = numbers(length, length);
      expectWithin(product(interpolation(length, length), values), values, 1e-6);
    }
  });

  it('reverses with what it is given', () => {
    fc.assert(
      fc.property(size, size, (source, target) => {
        if (target === 1) return; // With corners aligned, that is the first sample.
        const values = numbers(source, 1);
        const matrix = interpolation(source, target);
        const reversed = product(matrix, values.toReversed()).reverse();
        expectWithin(reversed, product(matrix, values), 1e-5);
      }),
      { seed: 1 },
    );
  });
});

describe('linear interpolation', () => {
  it('keeps straight lines, and the ends where corners are aligned', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 24 }), fc.integer({ min: 2, max: 24 }), (n, m) => {
        const line = Float32Array.from({ length: n }, (_, index) => 3 * index - 1);
        const expected = Array.from(
          { length: m },
          (_, index) => (3 * (index * (n - 1))) / (m - 1) - 1,
        );
        expectWithin(product(linearInterpolation(n, m, true), line), expected, 1e-4);
      }),
      { seed: 1 },
    );
  });

  it('puts pixel centres at halves where corners are not aligned', () => {
    expect(product(linearInterpolation(2, 4, false), [0, 1])).toEqual([0, 0.25, 0.75, 1]);
    expect(product(linearInterpolation(4, 2, false), [0, 1, 2, 3])).toEqual([0.5, 2.5]);
  });
});

describe('nearest interpolation', () => {
  it('repeats and drops samples, the first one kept', () => {
    expect(product(nearestInterpolation(2, 5), [7, 9])).toEqual([7, 7, 7, 9, 9]);
    expect(product(nearestInterpolation(5, 2), [1, 2, 3, 4, 5])).toEqual([1, 3]);
  });
});

describe('cubic interpolation', () => {
  it('keeps straight lines inside, and the mean where it shrinks by whole numbers', () => {
    const line = Float32Array.from({ length: 12 }, (_, index) => index);
    const enlarged = product(cubicInterpolation(12, 24), line);
    const expected = Array.from({ length: 24 }, (_, index) => (index + 0.5) / 2 - 0.5);
    expectWithin(enlarged.slice(4, -4), expected.slice(4, -4), 1e-5);
    expectWithin(product(cubicInterpolation(12, 1), line), [5.5], 1e-5);
  });
});

describe('gaussianSmoothing', () => {
  const sigma = fc.double({ min: 0.2, max: 6, noNaN: true });

  it('keeps constants and sums, and looks the same from both sides', () => {
    fc.assert(
      fc.property(size, sigma, (length, deviation) => {
        const matrix = gaussianSmoothing(length, deviation);
        const ones = new Array(length).fill(1);
        expectWithin(product(matrix, ones), ones, 1e-6);
        const values = numbers(length, 2);
        const smooth = product(matrix, values);
        const sum = (terms: readonly number[]) => terms.reduce((a, b) => a + b, 0);
        expect(Math.abs(sum(smooth) - sum([...values]))).toBeLessThan(1e-4);
        for (let i = 0; i < length; i++) {
          const column = Array.from({ length }, (_, j) => matrix.data[j * length + i]!);
          expectWithin(rowOf(matrix, i), column, 1e-7);
        }
      }),
      { seed: 1 },
    );
  });

  it('is the weighted mean of neighbours, mirrored at the border, by brute force', () => {
    fc.assert(
      fc.property(size, sigma, (length, deviation) => {
        const values = numbers(length, 3);
        const mirrored = (index: number): number => {
          if (index < 0) return mirrored(-1 - index);
          return index >= length ? mirrored(2 * length - 1 - index) : values[index]!;
        };
        const radius = Math.floor(4 * deviation + 0.5);
        const expected = Array.from({ length }, (_, centre) => {
          let [sum, total] = [0, 0];
          for (let offset = -radius; offset <= radius; offset++) {
            const weight = Math.exp(-(offset ** 2) / (2 * deviation ** 2));
            sum += weight * mirrored(centre + offset);
            total += weight;
          }
          return sum / total;
        });
        expectWithin(product(gaussianSmoothing(length, deviation), values), expected, 1e-5);
      }),
      { seed: 1 },
    );
  });
});

describe('interpolate', () => {
  it('is the same in graphs and on plain channels', async () => {
    const rows = cubicInterpolation(5, 8);
    const columns = linearInterpolation(4, 7, false);
    const channels = 3;
    const values = numbers(5 * 4 * channels, 4);
    const plain = interpolateChannels(values, channels, rows, columns);
    const channelsFirst = (data: Float32Array, pixels: number) =>
      Float32Array.from(data, (_, i) => data[(i % pixels) * channels + Math.floor(i / pixels)]!);
    const x = input('x', [B, 5, 4]);
    const feeds = { x: host(channelsFirst(values, 20), [channels, 5, 4]) };
    const { y } = await evaluate({ y: interpolate(x, rows, columns) }, feeds);
    expect(y!.shape).toEqual([channels, 8, 7]);
    expectWithin(y!.data, channelsFirst(plain, 56), 1e-5);
  });

  it('upsample keeps the corners of a map unless told otherwise', async () => {
    const x = input('x', [2, 3]);
    const feeds = { x: host([0, 1, 2, 10, 11, 12], [2, 3]) };
    const outputs = { aligned: upsample(x, 5, 7), areas: upsample(x, 5, 7, false) };
    const { aligned, areas } = await evaluate(outputs, feeds);
    const corners = ({ data }: { data: Float32Array }) => [0, 6, 28, 34].map((i) => data[i]);
    expect(aligned!.shape).toEqual([5, 7]);
    expect(corners(aligned!)).toEqual([0, 2, 10, 12]);
    expect(aligned!.data[17]).toBeCloseTo(6, 5);
    expect(areas!.data[17]).toBeCloseTo(6, 5);
    expect(areas!.data[8]).not.toBeCloseTo(aligned!.data[8]!, 2);
  });
});
