import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RasterImage } from '../base/image.js';
import { emptyMask, maskFromImage, sameAspect } from './mask.js';

const NAMES = { mask: 'masks/a.png', image: 'images/a.png' };

function grey(width: number, ...values: number[]): RasterImage {
  return { width, height: values.length / width, channels: 1, data: Uint8Array.from(values) };
}

describe('maskFromImage', () => {
  it('is 1 above half of full scale', () => {
    const { data } = maskFromImage(grey(4, 0, 127, 128, 255), { width: 4, height: 1 }, NAMES);
    expect([...data]).toEqual([0, 0, 1, 1]);
  });

  it('weighs colours as Pillow does', () => {
    const data = Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 127, 128, 127, 127, 129, 127);
    const mask: RasterImage = { width: 5, height: 1, channels: 3, data };
    // Luma 76, 150, 29, 128 and 128 (127.59 and 128.17 rounded).
    expect([...maskFromImage(mask, mask, NAMES).data]).toEqual([0, 1, 0, 1, 1]);
  });

  it('is resized to its image by nearest samples', () => {
    const mask = grey(2, 0, 255, 255, 0);
    expect([...maskFromImage(mask, { width: 4, height: 4 }, NAMES).data]).toEqual([
      0, 0, 1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 1, 1, 0, 0,
    ]);
    expect([...maskFromImage(mask, { width: 1, height: 1 }, NAMES).data]).toEqual([0]);
  });

  it('names both files and sizes where the aspects differ', () => {
    const read = () => maskFromImage(grey(2, 0, 255), { width: 4, height: 3 }, NAMES);
    expect(read).toThrow(/masks\/a\.png has 2×1 pixels, images\/a\.png has 4×3/);
  });
});

describe('sameAspect', () => {
  it.each([
    [240, 200, 240, 200, true],
    [512, 496, 256, 248, true],
    [481, 400, 240, 200, true],
    [241, 200, 240, 200, false],
    [200, 240, 240, 200, false],
    [1024, 1024, 1, 1, true],
  ])('%d×%d and %d×%d: %s', (width, height, otherWidth, otherHeight, expected) => {
    const [a, b] = [
      { width, height },
      { width: otherWidth, height: otherHeight },
    ];
    expect(sameAspect(a, b)).toBe(expected);
    expect(sameAspect(b, a)).toBe(expected);
  });

  it('holds for whatever was scaled down evenly', () => {
    const side = fc.integer({ min: 1, max: 3000 });
    fc.assert(
      fc.property(side, side, fc.double({ min: 0.01, max: 1, noNaN: true }), (w, h, scale) => {
        const width = Math.max(1, Math.round(w * scale));
        const height = Math.round((h * width) / w);
        fc.pre(height > 0);
        expect(sameAspect({ width: w, height: h }, { width, height })).toBe(true);
      }),
    );
  });
});

describe('emptyMask', () => {
  it('is 0 everywhere', () => {
    expect(emptyMask({ width: 3, height: 2 })).toEqual({
      width: 3,
      height: 2,
      data: new Float32Array(6),
    });
  });
});
