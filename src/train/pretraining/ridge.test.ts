import { describe, expect, it } from 'vitest';
import { Random } from '../../base/random.js';
import { fitRidge, predictRidge } from './ridge.js';

function data(n: number, d: number, seed: number) {
  const random = new Random(seed);
  const x = Float32Array.from(
    { length: n * d },
    (_, i) => (i % d) + random.normal() * (1 + (i % d)),
  );
  const weights = Array.from({ length: n }, () => random.uniform());
  return { x, weights, random };
}

describe('fitRidge', () => {
  it('finds a linear rule again', () => {
    const { x, weights } = data(60, 3, 1);
    const rule = (row: number) => 2 * x[3 * row]! - x[3 * row + 1]! + 0.5 * x[3 * row + 2]! + 7;
    const y = Array.from({ length: 60 }, (_, row) => rule(row));
    const model = fitRidge(x, y, weights, 1e-9);
    for (const [row, value] of predictRidge(x, model).entries()) {
      expect(value).toBeCloseTo(y[row]!, 4);
    }
  });

  it('ignores rows of weight 0, and shrinks towards the mean', () => {
    const { x, weights, random } = data(40, 2, 2);
    const y = Array.from({ length: 40 }, () => random.normal());
    const half = weights.map((weight, row) => (row < 20 ? weight : 0));
    const some = fitRidge(x.subarray(0, 40), y.slice(0, 20), half.slice(0, 20), 0.1);
    const all = fitRidge(x, y, half, 0.1);
    for (const [index, weight] of all.weights.entries()) {
      expect(weight).toBeCloseTo(some.weights[index]!, 9);
    }
    const length = (penalty: number) => Math.hypot(...fitRidge(x, y, weights, penalty).weights);
    expect(length(10)).toBeLessThan(0.2 * length(1e-6));
  });
});
