import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectClose } from '../../test/support/close.js';
import { measureMap, resizeMap } from './resizeMap.js';

const map = (width: number, height: number, values: readonly number[]) => ({
  width,
  height,
  data: Float32Array.from(values),
});

describe('resizeMap', () => {
  it('interpolates between half-pixel centres and clamps at the border', () => {
    expectClose(resizeMap(map(2, 1, [0, 1]), 4, 1).data, [0, 0.25, 0.75, 1], 1e-7);
    expectClose(resizeMap(map(1, 2, [0, 1]), 1, 4).data, [0, 0.25, 0.75, 1], 1e-7);
    expectClose(resizeMap(map(1, 1, [0.7]), 3, 2).data, new Array(6).fill(0.7), 1e-7);
    expectClose(resizeMap(map(4, 4, new Array(16).fill(0.5)), 1, 1).data, [0.5], 1e-7);
  });

  it('returns the map itself at its own size', () => {
    const same = map(2, 2, [1, 2, 3, 4]);
    expect(resizeMap(same, 2, 2)).toBe(same);
  });

  it('keeps a plane a plane between the outermost centres', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 9 }),
        fc.integer({ min: 2, max: 9 }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 30 }),
        (width, height, toWidth, toHeight) => {
          const plane = map(
            width,
            height,
            Array.from(
              { length: width * height },
              (_, i) => (i % width) + 10 * Math.floor(i / width),
            ),
          );
          const resized = resizeMap(plane, toWidth, toHeight);
          const expected = Array.from({ length: toWidth * toHeight }, (_, index) => {
            const x = (((index % toWidth) + 0.5) * width) / toWidth - 0.5;
            const y = ((Math.floor(index / toWidth) + 0.5) * height) / toHeight - 0.5;
            const clamp = (value: number, most: number) => Math.min(most, Math.max(0, value));
            return clamp(x, width - 1) + 10 * clamp(y, height - 1);
          });
          expectClose(resized.data, expected, 1e-6);
        },
      ),
      { seed: 1 },
    );
  });

  it('refuses an empty map', () => {
    expect(() => resizeMap(map(0, 0, []), 4, 4)).toThrow(/at least 1/);
  });
});

describe('measureMap', () => {
  it('finds the first peak and counts the mask, the threshold itself included', () => {
    const measured = measureMap(map(3, 2, [0, 0.5, 0.2, 0.9, 0.1, 0.9]), 0.5);
    expect(measured).toEqual({ peak: { x: 0, y: 1 }, areaPixels: 3 });
  });

  it('knows no area without a threshold', () => {
    expect(measureMap(map(1, 1, [0.3]), null)).toEqual({ peak: { x: 0, y: 0 }, areaPixels: null });
  });
});
