import { describe, expect, it } from 'vitest';
import { expectClose } from '../../../test/support/close.js';
import { Random } from '../../base/random.js';
import { sharpCubicInterpolation } from './positions.js';
import { clusterWeights, fusionWeights, largest } from './semanticFusion.js';

describe('fusionWeights', () => {
  it('are those of the mean of the means of clusters', () => {
    // Two clusters far apart among the ten most abnormal patches of twelve: seven and three.
    const abnormal = Float32Array.from({ length: 12 }, (_, i) => i);
    const tokens = Float32Array.from({ length: 12 }, (_, i) => (i < 9 ? 0 : 100) + 0.01 * i);
    const weights = fusionWeights(abnormal, [tokens, tokens], 2, new Random(1));
    const expected = Array.from({ length: 12 }, (_, i) => (i < 2 ? 0 : i < 9 ? 1 / 14 : 1 / 6));
    expectClose(weights, expected, 1e-6);
  });

  it('sum to 1 with fewer patches than clusters', () => {
    const weights = fusionWeights(
      Float32Array.from([0.2, 0.1, 0.3]),
      [Float32Array.from([1, 2, 3])],
      20,
      new Random(1),
    );
    expectClose(weights, [1 / 3, 1 / 3, 1 / 3], 1e-6);
  });
});

describe('clusterWeights', () => {
  it('count a patch by the size of its cluster', () => {
    expectClose(clusterWeights([4, 0, 2], [7, 1, 7], 5), [0.5, 0, 0.25, 0, 0.25], 1e-6);
  });
});

describe('largest', () => {
  it('gives the largest first, and the first of equal ones', () => {
    expect(largest(Float32Array.from([1, 5, 3, 5]), 3)).toEqual([1, 3, 2]);
  });
});

describe('sharpCubicInterpolation', () => {
  it('keeps constants, and everything where the size stays', () => {
    for (const [source, target] of [
      [24, 37],
      [6, 7],
      [5, 3],
    ] as const) {
      const { data } = sharpCubicInterpolation(source, target);
      for (let row = 0; row < target; row++) {
        const weights = data.subarray(row * source, (row + 1) * source);
        expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5);
      }
    }
    const same = sharpCubicInterpolation(3, 3).data;
    expectClose(same, [1, 0, 0, 0, 1, 0, 0, 0, 1], 1e-6);
  });

  it('weighs four neighbours by Keys’ kernel with a = −0.75', () => {
    // From 4 to 8 samples, output 3 lies at 1.25: a quarter of the way from sample 1 to sample 2.
    const weights = sharpCubicInterpolation(4, 8).data.subarray(3 * 4, 4 * 4);
    expectClose(weights, [-0.10546875, 0.87890625, 0.26171875, -0.03515625], 1e-6);
  });
});
