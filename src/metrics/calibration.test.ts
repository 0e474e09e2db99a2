import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../base/random.js';
import { type Calibration, calibrated, fitCalibration } from './calibration.js';

fc.configureGlobal({ seed: 1 });

const samples = fc.array(fc.tuple(fc.double({ min: -5, max: 5, noNaN: true }), fc.boolean()), {
  maxLength: 20,
});

const fitted = (rows: readonly (readonly [number, boolean])[]) =>
  fitCalibration(
    rows.map(([score]) => score),
    rows.map(([, label]) => label),
  );

describe('fitCalibration', () => {
  it('keeps the order of scores, stays in 0…1 and survives JSON, whatever the samples', () => {
    fc.assert(
      fc.property(samples, fc.double({ min: -6, max: 6, noNaN: true }), (rows, score) => {
        const calibration = JSON.parse(JSON.stringify(fitted(rows))) as Calibration;
        const value = calibrated(calibration, score);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(1);
        expect(calibrated(calibration, score + 0.5)).toBeGreaterThanOrEqual(value);
        if (calibration.kind === 'logistic') expect(calibration.slope).toBeGreaterThan(0);
      }),
    );
  });

  it('gives the same of scores on another scale', () => {
    fc.assert(
      fc.property(samples, (rows) => {
        const calibration = fitted(rows);
        if (calibration.kind === 'identity') return;
        const spread = new Set(rows.map(([score]) => Math.round(score * 1e6))).size;
        fc.pre(spread > 1);
        const scaled = fitted(rows.map(([score, label]) => [score * 1000 - 7, label] as const));
        for (const [score] of rows) {
          const other = calibrated(scaled, score * 1000 - 7);
          expect(other).toBeCloseTo(calibrated(calibration, score), 5);
        }
      }),
    );
  });

  it('finds the line that a logistic model drew the labels from', () => {
    const random = new Random(3, 'calibration');
    const scores = Array.from({ length: 20_000 }, () => random.normal());
    const labels = scores.map((score) => random.uniform() < 1 / (1 + Math.exp(-2 * score)));
    const calibration = fitCalibration(scores, labels);
    if (calibration.kind !== 'logistic') throw new Error('not fitted');
    expect(Math.abs(calibration.slope - 2)).toBeLessThan(0.1);
    expect(Math.abs(calibration.intercept)).toBeLessThan(0.1);
  });

  it('has 0.5 at the same score for any mixture of the classes', () => {
    const random = new Random(4, 'calibration');
    const draw = (n: number, mean: number) =>
      Array.from({ length: n }, () => [random.normal() + mean, mean > 0] as const);
    const calibration = fitted([...draw(4000, 0), ...draw(400, 2)]);
    expect(Math.abs(calibrated(calibration, 1) - 0.5)).toBeLessThan(0.05);
  });

  it('is modest about few samples: 2/3 and 1/3 after one of each', () => {
    const calibration = fitted([
      [0.2, false],
      [0.7, true],
    ]);
    expect(calibrated(calibration, 0.7)).toBeCloseTo(2 / 3, 6);
    expect(calibrated(calibration, 0.2)).toBeCloseTo(1 / 3, 6);
  });

  it('keeps the order, near 0.5, where the validation samples say the opposite', () => {
    const calibration = fitted([
      [3, false],
      [2, false],
      [1, true],
      [0, true],
    ]);
    expect(calibrated(calibration, 3)).toBeGreaterThan(calibrated(calibration, 0));
    expect(calibrated(calibration, 3)).toBeLessThan(0.6);
    expect(calibrated(calibration, 0)).toBeGreaterThan(0.4);
  });

  it('puts normal samples alone well below 0.5', () => {
    const scores = [1, 2, 3, 4, 5];
    const calibration = fitCalibration(scores, [0, 0, 0, 0, 0]);
    expect(calibrated(calibration, 3)).toBeCloseTo(0.05, 12);
    expect(calibrated(calibration, 3 + 3 * Math.sqrt(2.5))).toBeCloseTo(0.5, 12);
  });

  it('leaves the score as it is where nothing can be learned', () => {
    for (const rows of [
      [],
      [[0.4, false]],
      [
        [0.4, true],
        [0.6, true],
      ],
      [
        [1, false],
        [1, false],
      ],
    ]) {
      const calibration = fitted(rows as [number, boolean][]);
      expect(calibration).toEqual({ kind: 'identity' });
    }
    expect(calibrated({ kind: 'identity' }, 0.3)).toBe(0.3);
    expect(calibrated({ kind: 'identity' }, 1.3)).toBe(1);
    expect(calibrated({ kind: 'identity' }, -0.3)).toBe(0);
  });

  it('finds 0.5 for a score that all samples share', () => {
    const calibration = fitted([
      [2, false],
      [2, true],
    ]);
    expect(calibrated(calibration, 2)).toBeCloseTo(0.5, 6);
  });
});
