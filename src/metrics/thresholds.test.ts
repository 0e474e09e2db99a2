import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { f1Max } from './f1Max.js';
import { sensitivityAtSpecificity, specificityAtSensitivity } from './operatingPoints.js';
import { countThresholds } from './thresholdCounts.js';
import { chooseThreshold, type ThresholdGoal } from './thresholds.js';

fc.configureGlobal({ seed: 1 });

const samples = fc.array(fc.tuple(fc.integer({ min: 0, max: 8 }), fc.boolean()), {
  minLength: 1,
  maxLength: 30,
});
const rate = fc.integer({ min: 0, max: 20 }).map((twentieths) => twentieths / 20);

describe('chooseThreshold', () => {
  it('reaches on the validation samples what was best or wanted', () => {
    fc.assert(
      fc.property(samples, rate, (rows, atLeast) => {
        const counts = countThresholds(
          rows.map(([score]) => score),
          rows.map(([, label]) => label),
        );
        const rates = (goal: ThresholdGoal) => chooseThreshold(counts, goal)?.rates;
        const forF1 = rates({ goal: 'f1Max' });
        const sensitive = rates({ goal: 'sensitivity', atLeast });
        const specific = rates({ goal: 'specificity', atLeast });
        expect(forF1?.f1).toBe(f1Max(counts)?.value);
        expect(sensitive === undefined).toBe(counts.positives === 0);
        expect(specific === undefined).toBe(counts.negatives === 0);
        if (sensitive) expect(sensitive.sensitivity).toBeGreaterThanOrEqual(atLeast);
        if (specific) expect(specific.specificity).toBeGreaterThanOrEqual(atLeast);
        if (sensitive && specific) {
          expect(sensitive.specificity).toBe(specificityAtSensitivity(counts, atLeast));
          expect(specific.sensitivity).toBe(sensitivityAtSpecificity(counts, atLeast));
        }
      }),
    );
  });

  it('lies half way between the classes where they are apart', () => {
    const counts = countThresholds([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1]);
    expect(chooseThreshold(counts, { goal: 'f1Max' })?.threshold).toBeCloseTo(0.5, 12);
    const sensitive = chooseThreshold(counts, { goal: 'sensitivity', atLeast: 0.5 });
    expect(sensitive?.threshold).toBeCloseTo(0.85, 12);
    expect(sensitive?.confusion.falseNegatives).toBe(1);
  });

  it('takes the lowest of several thresholds with the best F1', () => {
    // F1 2/3 at the top score and again with all samples.
    const counts = countThresholds([6, 5, 4, 3], [1, 0, 0, 1]);
    expect(chooseThreshold(counts, { goal: 'f1Max' })?.threshold).toBe(3);
  });

  it('goes just above the highest score where nothing else is specific enough', () => {
    for (const top of [0, 1, -1, 0.75, 1e-320, -3e38]) {
      const counts = countThresholds([top, top - 1], [0, 1]);
      const chosen = chooseThreshold(counts, { goal: 'specificity', atLeast: 1 });
      expect(chosen?.threshold).toBeGreaterThan(top);
      expect(chosen?.rates.specificity).toBe(1);
    }
  });

  it('never falls on the lower of two neighbouring floats', () => {
    const counts = countThresholds([1, 1 + Number.EPSILON], [0, 1]);
    expect(chooseThreshold(counts, { goal: 'f1Max' })?.rates.f1).toBe(1);
  });

  it('works on normal samples alone for a wanted specificity', () => {
    const counts = countThresholds([1, 2, 3, 4], [0, 0, 0, 0]);
    expect(chooseThreshold(counts, { goal: 'specificity', atLeast: 0.75 })?.threshold).toBe(3.5);
    expect(chooseThreshold(counts, { goal: 'f1Max' })).toBeNull();
    expect(() => chooseThreshold(counts, { goal: 'specificity', atLeast: 95 })).toThrow('95');
  });
});
