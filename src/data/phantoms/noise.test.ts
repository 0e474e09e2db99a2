import { describe, expect, it } from 'vitest';
import { Random } from '../../base/random.js';
import { fractalField, noiseField, SmoothNoise, whiteNoise } from './noise.js';

function moments(values: ArrayLike<number>): { mean: number; deviation: number } {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    sum += values[i] as number;
    squares += (values[i] as number) ** 2;
  }
  const mean = sum / values.length;
  return { mean, deviation: Math.sqrt(squares / values.length - mean * mean) };
}

describe('noise', () => {
  it('whiteNoise has mean 0, deviation 1 and no correlation of neighbours', () => {
    const noise = whiteNoise(60_000, new Random(1));
    const { mean, deviation } = moments(noise);
    expect(Math.abs(mean)).toBeLessThan(0.02);
    expect(Math.abs(deviation - 1)).toBeLessThan(0.02);
    const products = noise.subarray(1).map((value, i) => value * (noise[i] as number));
    expect(Math.abs(moments(products).mean)).toBeLessThan(0.02);
  });

  it.each([
    ['noiseField', (random: Random) => noiseField(160, 40, 40, random)],
    ['fractalField', (random: Random) => fractalField(160, 20, 3, random)],
  ])('%s has mean 0 and deviation about 1', (_name, draw) => {
    const { mean, deviation } = moments(draw(new Random(2)));
    expect(Math.abs(mean)).toBeLessThan(0.12);
    expect(Math.abs(deviation - 1)).toBeLessThan(0.15);
  });

  it('noiseField is smooth on the scale of its cells', () => {
    const size = 200;
    const field = noiseField(size, 5, 5, new Random(3));
    let largest = 0;
    for (let i = 1; i < field.length; i++) {
      if (i % size === 0) continue;
      largest = Math.max(largest, Math.abs((field[i] as number) - (field[i - 1] as number)));
    }
    expect(largest).toBeLessThan(0.2);
  });

  it('SmoothNoise is zero on its lattice, continuous, and closes after its period', () => {
    const noise = new SmoothNoise(new Random(4), 8);
    for (let k = -5; k < 5; k++) expect(noise.at(k, 3)).toBeCloseTo(0, 12);
    for (const [x, y] of [
      [0.3, 0.7],
      [-2.4, 5.1],
    ] as const) {
      expect(noise.at(x + 8, y)).toBeCloseTo(noise.at(x, y), 9);
      expect(noise.at(x, y - 16)).toBeCloseTo(noise.at(x, y), 9);
      expect(Math.abs(noise.at(x + 1e-4, y) - noise.at(x, y))).toBeLessThan(1e-3);
    }
  });
});
