import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../base/random.js';
import { PixelHistogram } from './pixelHistogram.js';
import { type PixelTable, tableOf } from './pixelTable.js';

fc.configureGlobal({ seed: 1 });

/** Pixels at `negatives` and, weighing 1/10 each, at `positives`. */
const classes = (negatives: Float32Array, positives: Float32Array) => ({
  negatives,
  positives,
  weights: new Float64Array(positives.length).fill(0.1),
  regions: 1,
});

const floats = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { maxLength: 40 });

describe('PixelHistogram', () => {
  it('is the exact table while every score has a bin of its own', () => {
    fc.assert(
      fc.property(floats, floats, (outside, inside) => {
        const pixels = classes(Float32Array.from(outside), Float32Array.from(inside));
        const histogram = new PixelHistogram();
        histogram.add(pixels.negatives, pixels.positives, pixels.weights);
        const { table, merged } = histogram.toTable();
        expect(merged.every((flag) => flag === 0)).toBe(true);
        expectSameTable(table, tableOf([pixels]));
      }),
      { numRuns: 20 },
    );
  });

  it('counts right at every threshold it gives, however small its memory', () => {
    const random = new Random(2, 'histogram');
    const draw = (n: number, shift: number) =>
      Float32Array.from({ length: n }, () => random.normal() + shift);
    const negatives = draw(4000, 0);
    const positives = draw(400, 1);
    const weights = new Float64Array(400).fill(0.1);
    for (const maxCells of [2 ** 15, 2 ** 10]) {
      const histogram = new PixelHistogram(maxCells);
      for (let start = 0; start < 4; start++) {
        histogram.add(
          negatives.subarray(start * 1000, (start + 1) * 1000),
          positives.subarray(start * 100, (start + 1) * 100),
          weights.subarray(start * 100, (start + 1) * 100),
        );
      }
      const { table } = histogram.toTable();
      let outside = 0;
      let inside = 0;
      let weight = 0;
      for (const [i, threshold] of table.scores.entries()) {
        outside += table.negatives[i] as number;
        inside += table.positives[i] as number;
        weight += table.weights[i] as number;
        if (i % 16 !== 0 && i + 1 < table.scores.length) continue;
        expect(outside).toBe(negatives.filter((score) => score >= threshold).length);
        expect(inside).toBe(positives.filter((score) => score >= threshold).length);
        expect(weight).toBeCloseTo(inside / 10, 9);
      }
      expect([outside, inside]).toEqual([4000, 400]);
    }
  });

  it('keeps a score that many pixels share apart from the bins around it', () => {
    const random = new Random(3, 'spike');
    const wide = Float32Array.from({ length: 3000 }, () => Math.exp(8 * random.normal()));
    const spike = new Float32Array(5000).fill(1);
    const histogram = new PixelHistogram(2 ** 17);
    histogram.start(tableOf([classes(wide, new Float32Array(0)), classes(spike, spike)]));
    const { table, merged } = histogram.toTable();
    const at = table.scores.indexOf(1);
    expect(merged[at]).toBe(0);
    expect(table.negatives[at]).toBe(5000);
    expect(table.positives[at]).toBe(5000);
  });
});

function expectSameTable(actual: PixelTable, expected: PixelTable): void {
  expect([...actual.scores].map((score) => score + 0)).toEqual(
    [...expected.scores].map((score) => score + 0),
  );
  expect(actual.negatives).toEqual(expected.negatives);
  expect(actual.positives).toEqual(expected.positives);
  for (const [i, weight] of actual.weights.entries()) {
    expect(weight).toBeCloseTo(expected.weights[i] as number, 12);
  }
}
