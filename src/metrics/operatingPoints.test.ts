import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { confusionAt, ratesOf } from './confusion.js';
import { fprAtTpr, sensitivityAtSpecificity, specificityAtSensitivity } from './operatingPoints.js';
import { countThresholds } from './thresholdCounts.js';

fc.configureGlobal({ seed: 1 });

const samples = fc.array(fc.tuple(fc.integer({ min: 0, max: 8 }), fc.boolean()), {
  minLength: 2,
  maxLength: 40,
});
const rate = fc.integer({ min: 0, max: 20 }).map((twentieths) => twentieths / 20);

describe('operating points', () => {
  it('are the best of all thresholds that keep the promise', () => {
    fc.assert(
      fc.property(samples, rate, (rows, wanted) => {
        const counts = countThresholds(
          rows.map(([score]) => score),
          rows.map(([, label]) => label),
        );
        const sensitivity = sensitivityAtSpecificity(counts, wanted);
        const specificity = specificityAtSensitivity(counts, wanted);
        if (counts.positives === 0 || counts.negatives === 0) {
          expect([sensitivity, specificity, fprAtTpr(counts, wanted)]).toEqual([null, null, null]);
          return;
        }
        const points = [...counts.thresholds, 9].map((threshold) => {
          const rates = ratesOf(confusionAt(counts, threshold));
          return { tpr: rates.sensitivity as number, tnr: rates.specificity as number };
        });
        const best = (values: number[]) => Math.max(...values);
        expect(sensitivity).toBe(
          best(points.filter(({ tnr }) => tnr >= wanted).map(({ tpr }) => tpr)),
        );
        const tnr = best(points.filter(({ tpr }) => tpr >= wanted).map((point) => point.tnr));
        expect(specificity).toBe(tnr);
        expect(fprAtTpr(counts, wanted)).toBeCloseTo(1 - tnr, 12);
      }),
    );
  });

  it('refuse a rate that is none', () => {
    const counts = countThresholds([1, 2], [0, 1]);
    expect(() => sensitivityAtSpecificity(counts, 95)).toThrow('specificity is 95');
    expect(() => specificityAtSensitivity(counts, -0.1)).toThrow('sensitivity is -0.1');
  });
});
