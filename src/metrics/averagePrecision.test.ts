import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { averagePrecision } from './averagePrecision.js';
import { countThresholds } from './thresholdCounts.js';

fc.configureGlobal({ seed: 1 });

describe('averagePrecision', () => {
  it('is the sum of precision times the gain in recall over the distinct scores', () => {
    const rows = fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.boolean()), {
      minLength: 1,
      maxLength: 24,
    });
    fc.assert(
      fc.property(rows, (samples) => {
        const positives = samples.filter(([, label]) => label).length;
        let expected = 0;
        let previous = 0;
        for (let threshold = 6; threshold >= 0; threshold--) {
          const called = samples.filter(([score]) => score >= threshold);
          const found = called.filter(([, label]) => label).length;
          if (found > 0) expected += ((found - previous) / positives) * (found / called.length);
          previous = found;
        }
        const value = averagePrecision(
          countThresholds(
            samples.map(([score]) => score),
            samples.map(([, label]) => label),
          ),
        );
        if (positives === 0 || positives === samples.length) expect(value).toBeNull();
        else expect(value).toBeCloseTo(expected, 12);
      }),
    );
  });

  it('is near the mean over all orders within a bin, much nearer than the bin as a tie', () => {
    // One bin of 3 abnormal and 5 normal samples below 2 abnormal and 1 normal one.
    const counts = {
      thresholds: Float64Array.of(2, 1),
      truePositives: Float64Array.of(2, 5),
      falsePositives: Float64Array.of(1, 6),
      positives: 5,
      negatives: 6,
    };
    const tied = averagePrecision(counts) as number;
    const mixed = averagePrecision({ ...counts, merged: Uint8Array.of(0, 1) }) as number;
    let sum = 0;
    let orders = 0;
    for (let code = 0; code < 256; code++) {
      const order = Array.from({ length: 8 }, (_, i) => (code >> i) & 1);
      if (order.filter((label) => label === 1).length !== 3) continue;
      const scores = [2, 2, 2, ...order.map((_, i) => -i)];
      sum += averagePrecision(countThresholds(scores, [1, 1, 0, ...order])) as number;
      orders++;
    }
    expect(orders).toBe(56);
    const mean = sum / orders;
    expect(Math.abs(mixed - mean)).toBeLessThan(Math.abs(tied - mean) / 4);
  });
});
