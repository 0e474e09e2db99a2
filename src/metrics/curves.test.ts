import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../base/random.js';
import { auroc } from './auroc.js';
import { precisionRecallCurve, rocCurve, thinned } from './curves.js';
import { countThresholds } from './thresholdCounts.js';

fc.configureGlobal({ seed: 1 });

function overlapping(n: number) {
  const random = new Random(5, 'curves');
  const labels = Array.from({ length: n }, () => random.integer(2));
  return countThresholds(
    labels.map((label) => random.normal() + label),
    labels,
  );
}

describe('rocCurve', () => {
  it('goes from (0, 0) to (1, 1) and encloses the AUROC', () => {
    const counts = overlapping(300);
    const points = rocCurve(counts, 1000);
    expect(points[0]).toEqual({ threshold: null, fpr: 0, tpr: 0 });
    expect(points.at(-1)).toMatchObject({ fpr: 1, tpr: 1 });
    expect(area(points)).toBeCloseTo(auroc(counts) as number, 12);
  });

  it('keeps its shape when thinned to a few points', () => {
    const counts = overlapping(20_000);
    const points = rocCurve(counts, 64);
    expect(points).toHaveLength(64);
    expect(Math.abs(area(points) - (auroc(counts) as number))).toBeLessThan(1e-3);
  });

  it('is empty where a class is missing', () => {
    expect(rocCurve(countThresholds([1, 2], [1, 1]))).toEqual([]);
    expect(precisionRecallCurve(countThresholds([1, 2], [0, 0]))).toEqual([]);
  });

  function area(points: readonly { fpr: number; tpr: number }[]): number {
    let sum = 0;
    for (const [i, { fpr, tpr }] of points.entries()) {
      const before = points[i - 1] ?? { fpr: 0, tpr: 0 };
      sum += ((fpr - before.fpr) * (tpr + before.tpr)) / 2;
    }
    return sum;
  }
});

describe('precisionRecallCurve', () => {
  it('has precision and recall of each distinct score', () => {
    expect(precisionRecallCurve(countThresholds([4, 3, 2, 1], [1, 0, 1, 0]))).toEqual([
      { threshold: 4, recall: 0.5, precision: 1 },
      { threshold: 3, recall: 0.5, precision: 0.5 },
      { threshold: 2, recall: 1, precision: 2 / 3 },
      { threshold: 1, recall: 1, precision: 0.5 },
    ]);
  });
});

describe('thinned', () => {
  it('keeps both ends and all corners, and drops what lies on a line', () => {
    const x = Float64Array.of(0, 0, 0, 1, 2, 3, 3, 3);
    const y = Float64Array.of(0, 1, 2, 2, 2, 2, 3, 4);
    expect(thinned(x, y, 100)).toEqual([0, 2, 5, 7]);
    expect(thinned(x.slice(0, 1), y.slice(0, 1), 100)).toEqual([0]);
  });

  it('never leaves more than it may, nor anything out that it need not', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { minLength: 3, maxLength: 30 }), (heights) => {
        const x = Float64Array.from(heights.keys());
        const y = Float64Array.from(heights);
        expect(thinned(x, y, 5).length).toBeLessThanOrEqual(5);
        const kept = thinned(x, y, 1000);
        for (const [i, height] of heights.entries()) {
          const right = kept.find((at) => at >= i) as number;
          const left = kept.findLast((at) => at <= i) as number;
          const share = right === left ? 0 : (i - left) / (right - left);
          const line = (y[left] as number) * (1 - share) + (y[right] as number) * share;
          expect(line).toBeCloseTo(height, 9);
        }
      }),
    );
  });
});
