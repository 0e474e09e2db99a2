import { describe, expect, it } from 'vitest';
import { Random } from './random.js';

describe('Random', () => {
  it('repeats itself for the same seed and labels, and for no others', () => {
    const draw = (random: Random) => Array.from({ length: 8 }, () => random.bits());
    expect(draw(new Random(3, 'a', 1))).toEqual(draw(new Random(3, 'a', 1)));
    expect(draw(new Random(3, 'a', 1))).not.toEqual(draw(new Random(4, 'a', 1)));
    expect(draw(new Random(3, 'a', 1))).not.toEqual(draw(new Random(3, 'a', 2)));
  });

  it('draws normals of mean 0 and deviation 1, uniforms of mean 1/2', () => {
    const random = new Random(0);
    const n = 40_000;
    let sum = 0;
    let squares = 0;
    let uniforms = 0;
    for (let i = 0; i < n; i++) {
      const value = random.normal();
      sum += value;
      squares += value * value;
      uniforms += random.uniform();
    }
    expect(Math.abs(sum / n)).toBeLessThan(0.02);
    expect(Math.abs(squares / n - 1)).toBeLessThan(0.03);
    expect(Math.abs(uniforms / n - 0.5)).toBeLessThan(0.01);
  });

  it('shuffles into a permutation and leaves its argument alone', () => {
    const items = Array.from({ length: 20 }, (_, index) => index);
    const shuffled = new Random(1).shuffle(items);
    expect(shuffled).not.toEqual(items);
    expect([...shuffled].sort((a, b) => a - b)).toEqual(items);
    expect(items[0]).toBe(0);
  });
});
