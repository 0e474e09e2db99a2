import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnomalyDetector } from '../detector.js';
import { comparePrecisions, describePrecision, rankCorrelation } from './precision.js';

describe('rankCorrelation', () => {
  it('is 1 for the same order, −1 for the opposite one', () => {
    expect(rankCorrelation([1, 5, 2], [10, 30, 20])).toBeCloseTo(1, 12);
    expect(rankCorrelation([1, 5, 2], [3, 1, 2])).toBeCloseTo(-1, 12);
  });

  it('shares ranks among equal values', () => {
    // Ranks 1, 2.5, 2.5, 4 and 1, 2, 3, 4.
    expect(rankCorrelation([1, 2, 2, 9], [1, 2, 3, 4])).toBeCloseTo(4.5 / Math.sqrt(4.5 * 5), 12);
  });

  it('is not defined where there is no order', () => {
    expect(rankCorrelation([], [])).toBeNull();
    expect(rankCorrelation([1], [2])).toBeNull();
    expect(rankCorrelation([1, 1], [1, 2])).toBeNull();
  });

  it('does not change with any rising function', () => {
    const pairs = fc.array(
      fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -9, max: 9 })),
    );
    fc.assert(
      fc.property(pairs, (list) => {
        const [a, b] = [list.map(([x]) => x), list.map(([, y]) => y)];
        const plain = rankCorrelation(a, b);
        expect(
          rankCorrelation(
            a.map((x) => x ** 3 + 1),
            b,
          ),
        ).toEqual(plain);
        if (plain !== null) expect(Math.abs(plain)).toBeLessThanOrEqual(1 + 1e-12);
      }),
    );
  });
});

describe('comparePrecisions', () => {
  /** Scores and maps that are the image's own grey value, moved by `shift`. */
  const detector = (shift: number) =>
    ({
      predict: async ({ data }: { data: Uint8Array }) => ({
        rawScore: data[0]! / 255 + shift,
        modelMap: { width: 2, height: 1, data: new Float32Array([data[0]! / 255, shift]) },
      }),
    }) as unknown as AnomalyDetector;
  const images = [10, 200, 90].map((grey) => async () => ({
    width: 1,
    height: 1,
    channels: 1 as const,
    data: new Uint8Array([grey]),
  }));

  it('tells how far scores and maps are apart', async () => {
    const report = await comparePrecisions(detector(0), detector(0.125), images);
    expect(report.images).toBe(3);
    expect(report.rankCorrelation).toBeCloseTo(1, 12);
    expect(report.largestScoreDifference).toBeCloseTo(0.125, 12);
    expect(report.largestMapDifference).toBe(0.125);
    expect(report.meanMapDifference).toBe(0.0625);
    expect(describePrecision(report)).toContain('largest map difference      0.125');
  });

  it('stops', async () => {
    const signal = AbortSignal.abort();
    await expect(comparePrecisions(detector(0), detector(0), images, { signal })).rejects.toThrow(
      'Interrupted',
    );
  });
});
