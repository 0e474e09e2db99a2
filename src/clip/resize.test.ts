import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RasterImage } from '../base/image.js';
import { type ResizeFilter, resize } from './resize.js';

const FILTERS: ResizeFilter[] = ['bicubic', 'bilinear', 'lanczos', 'nearest'];

function grey(width: number, ...values: number[]): RasterImage {
  return { width, height: values.length / width, channels: 1, data: Uint8Array.from(values) };
}

const size = fc.integer({ min: 1, max: 24 });

/** Any image of up to 24 × 24 pixels. */
const anyImage = fc
  .tuple(size, size, fc.constantFrom<1 | 3>(1, 3))
  .chain(([width, height, channels]) =>
    fc
      .uint8Array({ minLength: width * height * channels, maxLength: width * height * channels })
      .map((data): RasterImage => ({ width, height, channels, data })),
  );

describe('resize', () => {
  it('gives the values Pillow 11.3 gives for a row of four', () => {
    const row = grey(4, 0, 255, 10, 100);
    const at = (width: number, filter: ResizeFilter) => [...resize(row, width, 1, filter).data];
    expect(at(7, 'bicubic')).toEqual([0, 86, 251, 143, 7, 63, 107]);
    expect(at(3, 'bicubic')).toEqual([77, 138, 64]);
    expect(at(3, 'bilinear')).toEqual([76, 133, 73]);
    expect(at(3, 'lanczos')).toEqual([87, 143, 50]);
    expect(at(3, 'nearest')).toEqual([0, 10, 100]);
  });

  it('takes each channel as it takes a grey image', () => {
    fc.assert(
      fc.property(anyImage, size, size, fc.constantFrom(...FILTERS), (image, w, h, filter) => {
        const whole = resize(image, w, h, filter);
        for (let channel = 0; channel < image.channels; channel++) {
          const pick = (data: Uint8Array) =>
            data.filter((_, index) => index % image.channels === channel);
          const alone = resize({ ...image, channels: 1, data: pick(image.data) }, w, h, filter);
          expect(pick(whole.data)).toEqual(alone.data);
        }
      }),
    );
  });

  it('is within rounding of the formula in float64', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), size, (data, width) => {
        const actual = resize(grey(data.length, ...data), width, 1, 'bilinear').data;
        const scale = data.length / width;
        const stretch = Math.max(1, scale);
        for (let i = 0; i < width; i++) {
          let sum = 0;
          let total = 0;
          for (let j = 0; j < data.length; j++) {
            const weight = Math.max(0, 1 - Math.abs(j + 0.5 - (i + 0.5) * scale) / stretch);
            sum += weight * (data[j] as number);
            total += weight;
          }
          expect(Math.abs((actual[i] as number) - sum / total)).toBeLessThan(0.5001);
        }
      }),
    );
  });

  it('leaves an even image even, and its argument alone', () => {
    fc.assert(
      fc.property(fc.nat(255), size, size, fc.constantFrom(...FILTERS), (value, w, h, filter) => {
        const image: RasterImage = {
          width: 5,
          height: 6,
          channels: 3,
          data: new Uint8Array(90).fill(value),
        };
        const resized = resize(image, w, h, filter);
        expect(resized).toMatchObject({ width: w, height: h, channels: 3 });
        expect(resized.data).toEqual(new Uint8Array(w * h * 3).fill(value));
        expect(image.data).toEqual(new Uint8Array(90).fill(value));
      }),
    );
  });

  it('copies at the same size', () => {
    fc.assert(
      fc.property(anyImage, fc.constantFrom(...FILTERS), (image, filter) => {
        const copy = resize(image, image.width, image.height, filter);
        expect(copy.data).toEqual(image.data);
        expect(copy.data).not.toBe(image.data);
      }),
    );
  });

  it('mirrors what it is given mirrored', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), size, (data, width) => {
        const forward = resize(grey(data.length, ...data), width, 1, 'bicubic').data;
        const backward = resize(grey(data.length, ...data.toReversed()), width, 1, 'bicubic').data;
        for (let i = 0; i < width; i++) {
          const mirrored = backward[width - 1 - i] as number;
          expect(Math.abs((forward[i] as number) - mirrored)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it.each([
    [0, 4],
    [4, -1],
    [2.5, 4],
    [Number.NaN, 4],
  ])('refuses %d×%d', (width, height) => {
    expect(() => resize(grey(1, 7), width, height, 'bicubic')).toThrow(/whole numbers of pixels/);
  });
});
