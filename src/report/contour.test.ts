import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contourSegments } from './contour.js';

const map = (width: number, height: number, values: readonly number[]) => ({
  width,
  height,
  data: Float32Array.from(values),
});

/** Twice the enclosed area by the sum of cross products, whatever the order of the segments. */
function enclosedArea(segments: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < segments.length; i += 4) {
    const [x0, y0, x1, y1] = segments.slice(i, i + 4) as [number, number, number, number];
    sum += x0 * y1 - x1 * y0;
  }
  return Math.abs(sum / 2);
}

describe('contourSegments', () => {
  it('draws nothing where all is below', () => {
    expect(contourSegments(map(3, 3, new Array(9).fill(0.2)), 0.5)).toEqual([]);
  });

  it('frames an image that is all above', () => {
    const segments = contourSegments(map(4, 3, new Array(12).fill(0.9)), 0.5);
    const xs = segments.filter((_, index) => index % 2 === 0);
    const ys = segments.filter((_, index) => index % 2 === 1);
    expect([Math.min(...xs), Math.max(...xs)]).toEqual([0, 4]);
    expect([Math.min(...ys), Math.max(...ys)]).toEqual([0, 3]);
  });

  it('crosses between two pixels where the threshold lies', () => {
    const segments = contourSegments(map(2, 1, [1, 0]), 0.75);
    const xs = segments.filter((_, index) => index % 2 === 0);
    expect(Math.max(...xs)).toBeCloseTo(0.5 + 0.25, 7);
  });

  it('encloses the area of a disc', () => {
    const size = 64;
    const radius = 20;
    const disc = map(
      size,
      size,
      Array.from({ length: size * size }, (_, index) => {
        const x = (index % size) + 0.5 - size / 2;
        const y = Math.floor(index / size) + 0.5 - size / 2;
        return radius - Math.hypot(x, y);
      }),
    );
    const area = enclosedArea(contourSegments(disc, 0));
    expect(Math.abs(area / (Math.PI * radius ** 2) - 1)).toBeLessThan(0.005);
  });

  it('only makes closed lines: every point ends an even number of segments', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 36, maxLength: 36 }),
        (width, height, values) => {
          const ends = new Map<string, number>();
          const segments = contourSegments(
            map(width, height, values.slice(0, width * height)),
            0.5,
          );
          for (let i = 0; i < segments.length; i += 2) {
            const key = `${segments[i]?.toFixed(9)} ${segments[i + 1]?.toFixed(9)}`;
            ends.set(key, (ends.get(key) ?? 0) + 1);
          }
          expect([...ends.values()].every((count) => count % 2 === 0)).toBe(true);
        },
      ),
      { seed: 1 },
    );
  });
});
