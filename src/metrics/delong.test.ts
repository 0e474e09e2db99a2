import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../base/random.js';
import { auroc } from './auroc.js';
import { compareAurocs, delong } from './delong.js';
import { countThresholds } from './thresholdCounts.js';

fc.configureGlobal({ seed: 1 });

const rows = fc.array(
  fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 }), fc.boolean()),
  { minLength: 1, maxLength: 20 },
);

describe('delong', () => {
  it('has the variance of the placements, pair by pair', () => {
    fc.assert(
      fc.property(rows, (samples) => {
        const scores = samples.map(([score]) => score);
        const labels = samples.map(([, , label]) => label);
        const abnormal = scores.filter((_, i) => labels[i]);
        const normal = scores.filter((_, i) => !labels[i]);
        const result = delong(scores, labels);
        if (abnormal.length < 2 || normal.length < 2) {
          expect(result).toBeNull();
          return;
        }
        const wins = (a: number, n: number) => (a > n ? 1 : a === n ? 0.5 : 0);
        const expected =
          variance(abnormal.map((a) => mean(normal.map((n) => wins(a, n))))) / abnormal.length +
          variance(normal.map((n) => mean(abnormal.map((a) => wins(a, n))))) / normal.length;
        expect(result?.variance).toBeCloseTo(expected, 12);
        expect(result?.auroc).toBeCloseTo(auroc(countThresholds(scores, labels)) as number, 12);
      }),
    );
  });
});

describe('compareAurocs', () => {
  it('finds no difference between scores that rank alike', () => {
    fc.assert(
      fc.property(rows, (samples) => {
        const scores = samples.map(([score]) => score);
        const labels = samples.map(([, , label]) => label);
        const result = compareAurocs(scores, scores.map(Math.exp), labels);
        if (result) expect(result).toEqual({ difference: 0, variance: 0, pValue: 1 });
      }),
    );
  });

  it('is the same both ways round but for the sign', () => {
    fc.assert(
      fc.property(rows, (samples) => {
        const first = samples.map(([score]) => score);
        const second = samples.map(([, score]) => score);
        const labels = samples.map(([, , label]) => label);
        const one = compareAurocs(first, second, labels);
        const other = compareAurocs(second, first, labels);
        expect(one === null).toBe(other === null);
        if (one === null || other === null) return;
        expect(one.difference).toBeCloseTo(-other.difference, 12);
        expect(one.pValue).toBeCloseTo(other.pValue, 9);
        expect(one.pValue).toBeGreaterThanOrEqual(0);
        expect(one.pValue).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('gives the normal p-value of its z', () => {
    // Two-sided tails of the normal distribution, from tables.
    const tails: [z: number, p: number][] = [
      [0.5, 0.6170750774519738],
      [1.959963984540054, 0.05],
      [2.5758293035489004, 0.01],
      [4, 6.334248366623996e-5],
    ];
    const random = new Random(1, 'delong');
    const labels = Array.from({ length: 200 }, (_, i) => i % 2);
    const first = labels.map((label) => random.normal() + label);
    let tried = 0;
    for (const shift of [0, 0.4, 0.8, 1.2, 2]) {
      const second = labels.map((label) => random.normal() + shift * label);
      const result = compareAurocs(first, second, labels);
      if (result === null) continue;
      const z = Math.abs(result.difference) / Math.sqrt(result.variance);
      const above = tails.findIndex(([tail]) => tail >= z);
      const [, least] = tails[above] ?? [Number.POSITIVE_INFINITY, 0];
      const [, most] = tails[above - 1] ?? [0, 1];
      if (above !== -1) expect(result.pValue).toBeGreaterThanOrEqual(least);
      expect(result.pValue).toBeLessThanOrEqual(most);
      expect(result.pValue).toBeCloseTo(tailByRiemann(z), 6);
      tried++;
    }
    expect(tried).toBe(5);
  });
});

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function variance(values: readonly number[]): number {
  return values.reduce((sum, v) => sum + (v - mean(values)) ** 2, 0) / (values.length - 1);
}

/** 2 ∫_z^∞ of the standard normal density. */
function tailByRiemann(z: number): number {
  const step = 1e-4;
  let sum = 0;
  for (let x = z + step / 2; x < z + 9; x += step) sum += Math.exp((-x * x) / 2);
  return (2 * sum * step) / Math.sqrt(2 * Math.PI);
}
