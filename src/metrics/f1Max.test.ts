import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { confusionAt, iouOfDice, ratesOf, sumOfConfusions } from './confusion.js';
import { f1Max } from './f1Max.js';
import { countThresholds } from './thresholdCounts.js';

fc.configureGlobal({ seed: 1 });

const samples = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.boolean()), { minLength: 1, maxLength: 24 })
  .map((rows) => ({
    scores: rows.map(([score]) => score),
    labels: rows.map(([, label]) => label),
  }));

describe('f1Max', () => {
  it('is the best F1 of any threshold, with the lowest and highest that reach it', () => {
    fc.assert(
      fc.property(samples, ({ scores, labels }) => {
        const counts = countThresholds(scores, labels);
        const best = f1Max(counts);
        if (counts.positives === 0 || counts.negatives === 0) {
          expect(best).toBeNull();
          return;
        }
        const f1 = (threshold: number) => ratesOf(confusionAt(counts, threshold)).f1 as number;
        const all = [...counts.thresholds];
        const highest = Math.max(...all.map(f1));
        expect(best?.value).toBe(highest);
        const reaching = all.filter((threshold) => f1(threshold) === highest);
        expect(best?.highestThreshold).toBe(Math.max(...reaching));
        expect(best?.lowestThreshold).toBe(Math.min(...reaching));
      }),
    );
  });
});

describe('confusionAt', () => {
  it('counts score ≥ threshold as positive, also between and beyond the scores', () => {
    fc.assert(
      fc.property(samples, fc.double({ min: -1, max: 8, noNaN: true }), (sample, threshold) => {
        const { scores, labels } = sample;
        const called = scores.map((score) => score >= threshold);
        const count = (predicted: boolean, actual: boolean) =>
          labels.filter((label, i) => label === actual && called[i] === predicted).length;
        expect(confusionAt(countThresholds(scores, labels), threshold)).toEqual({
          truePositives: count(true, true),
          falsePositives: count(true, false),
          falseNegatives: count(false, true),
          trueNegatives: count(false, false),
        });
      }),
    );
  });
});

describe('ratesOf', () => {
  it('gives the rates of a worked example, and null for nothing by nothing', () => {
    const confusion = { truePositives: 6, falsePositives: 2, falseNegatives: 3, trueNegatives: 9 };
    const rates = ratesOf(confusion);
    expect(rates.sensitivity).toBeCloseTo(6 / 9, 12);
    expect(rates.specificity).toBeCloseTo(9 / 11, 12);
    expect(rates.precision).toBeCloseTo(6 / 8, 12);
    expect(rates.f1).toBeCloseTo(12 / 17, 12);
    expect(rates.iou).toBeCloseTo(6 / 11, 12);
    expect(rates.accuracy).toBeCloseTo(15 / 20, 12);
    expect(iouOfDice(rates.f1 as number)).toBeCloseTo(rates.iou as number, 12);
    const doubled = sumOfConfusions([confusion, confusion], [0, 2]);
    expect(doubled.trueNegatives).toBe(18);
    expect(ratesOf(sumOfConfusions([confusion, confusion]))).toEqual(ratesOf(doubled));
    expect(Object.values(ratesOf(sumOfConfusions([])))).toEqual(new Array(6).fill(null));
  });
});
