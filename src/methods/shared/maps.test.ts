import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectWithin } from '../../../test/support/close.js';
import { evaluate, host } from '../../../test/support/evaluate.js';
import { B } from '../../graph/shape.js';
import { constant, input } from '../../graph/tensor.js';
import {
  abnormalProbability,
  largestPixel,
  meanOfLargest,
  patchesToPixels,
  smooth,
} from './maps.js';
import { scaledToRange } from './range.js';

const values = fc.array(fc.float({ min: 0, max: 1, noNaN: true }), {
  minLength: 32,
  maxLength: 32,
});
const map = input('map', [B, 4, 4]);

describe('maps', () => {
  it('averages the largest pixels of each image', async () => {
    await fc.assert(
      fc.asyncProperty(values, fc.integer({ min: 1, max: 20 }), async (pixels, count) => {
        const outputs = { mean: meanOfLargest(map, count), largest: largestPixel(map) };
        const results = await evaluate(outputs, { map: host(pixels, [2, 4, 4]) });
        const sorted = [0, 1].map((b) => pixels.slice(16 * b, 16 * b + 16).sort((x, y) => y - x));
        const means = sorted.map((row) => {
          const chosen = row.slice(0, count);
          return chosen.reduce((a, b) => a + b, 0) / chosen.length;
        });
        expectWithin(results.mean!.data, means, 1e-6);
        expectWithin(
          results.largest!.data,
          sorted.map((row) => row[0]!),
          0,
        );
      }),
      { numRuns: 20 },
    );
  });

  it('is the softmax of two', async () => {
    const logits = constant([1, 3, 2, -1], [2, 2]);
    const { p } = await evaluate({ p: abnormalProbability(logits) });
    const softmax = (n: number, a: number) => Math.exp(a) / (Math.exp(n) + Math.exp(a));
    expectWithin(p!.data, [softmax(1, 3), softmax(2, -1)], 1e-6);
  });

  it.each([true, false])('keeps what is even, corners aligned: %s', async (aligned) => {
    const patches = input('patches', [B, 9]);
    const pixels = patchesToPixels(patches, 12, aligned);
    const feeds = { patches: host(new Float32Array(18).fill(0.3), [2, 9]) };
    const { even, smoothed } = await evaluate({ even: pixels, smoothed: smooth(pixels, 2) }, feeds);
    expect(even!.shape).toEqual([2, 12, 12]);
    expectWithin(even!.data, new Float32Array(288).fill(0.3), 1e-6);
    expectWithin(smoothed!.data, new Float32Array(288).fill(0.3), 1e-6);
  });

  it('scales by the range of other images, and survives one that is nothing', async () => {
    const x = constant([1, 2, 5], [3]);
    const { scaled, none } = await evaluate({
      scaled: scaledToRange(x, constant([1, 3], [2])),
      none: scaledToRange(x, constant([2, 2], [2])),
    });
    expectWithin(scaled!.data, [0, 0.5, 2], 1e-6);
    expect(none!.data.every(Number.isFinite)).toBe(true);
  });
});
