import { describe, expect, it } from 'vitest';
import { gaussianBlur } from './blur.js';

/** The deviation along x and y of a blurred point, and what is left of its sum. */
function spread(sigmaX: number, sigmaY: number) {
  const [width, height] = [101, 81];
  const field = new Float32Array(width * height);
  field[40 * width + 50] = 1;
  const blurred = gaussianBlur(field, width, height, sigmaX, sigmaY);
  let sum = 0;
  let varianceX = 0;
  let varianceY = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = blurred[y * width + x] as number;
      sum += value;
      varianceX += value * (x - 50) ** 2;
      varianceY += value * (y - 40) ** 2;
    }
  }
  return { sum, x: Math.sqrt(varianceX / sum), y: Math.sqrt(varianceY / sum) };
}

describe('gaussianBlur', () => {
  it.each([
    [1, 1],
    [2.2, 0.8],
    [4, 2],
    [0.7, 6],
  ])('spreads a point by deviations %d and %d and keeps its sum', (sigmaX, sigmaY) => {
    const measured = spread(sigmaX, sigmaY);
    expect(measured.sum).toBeCloseTo(1, 4);
    expect(Math.abs(measured.x / sigmaX - 1)).toBeLessThan(0.08);
    expect(Math.abs(measured.y / sigmaY - 1)).toBeLessThan(0.08);
  });

  it('leaves a constant field and its argument alone', () => {
    const field = new Float32Array(30 * 20).fill(0.25);
    for (const value of gaussianBlur(field, 30, 20, 3)) expect(value).toBeCloseTo(0.25, 5);
    const point = Float32Array.of(0, 1, 0);
    gaussianBlur(point, 3, 1, 1);
    expect([...point]).toEqual([0, 1, 0]);
  });
});
