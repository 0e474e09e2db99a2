import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectWithin } from '../../test/support/close.js';
import { AUGMENTATIONS, augment, type Planes, sampleAffine } from './augment.js';

const side = fc.integer({ min: 1, max: 9 });

const anyPlanes = fc
  .tuple(fc.integer({ min: 1, max: 3 }), side, side)
  .chain(([channels, height, width]) =>
    fc
      .array(fc.float({ min: 0, max: 1, noNaN: true }), {
        minLength: channels * height * width,
        maxLength: channels * height * width,
      })
      .map((data): Planes => ({ channels, height, width, data: Float32Array.from(data) })),
  );

function row(...data: number[]): Planes {
  return { channels: 1, height: 1, width: data.length, data: Float32Array.from(data) };
}

describe('augment', () => {
  it('has eleven versions, the image itself first', () => {
    expect(AUGMENTATIONS).toHaveLength(11);
    expect(AUGMENTATIONS[0]).toBe('identity');
    fc.assert(
      fc.property(anyPlanes, (planes) => {
        const same = augment(planes, 'identity');
        expect(same).toEqual(planes);
        expect(same.data).not.toBe(planes.data);
      }),
    );
  });

  it('mirrors exactly', () => {
    fc.assert(
      fc.property(anyPlanes, (planes) => {
        const { channels, height, width, data } = planes;
        const mirrored = (leftRight: boolean) =>
          data.map((_, index) => {
            const x = index % width;
            const y = Math.floor(index / width) % height;
            const plane = Math.floor(index / (width * height));
            const [fromX, fromY] = leftRight ? [width - 1 - x, y] : [x, height - 1 - y];
            return data[(plane * height + fromY) * width + fromX] ?? Number.NaN;
          });
        expect(augment(planes, 'flip-left-right').data).toEqual(mirrored(true));
        expect(augment(planes, 'flip-up-down').data).toEqual(mirrored(false));
        expect(channels * height * width).toBe(data.length);
      }),
    );
  });

  it('keeps values within those that were there, and even planes even', () => {
    fc.assert(
      fc.property(anyPlanes, fc.constantFrom(...AUGMENTATIONS), (planes, augmentation) => {
        const { data } = augment(planes, augmentation);
        const [low, high] = [Math.min(...planes.data), Math.max(...planes.data)];
        for (const value of data) {
          expect(value).toBeGreaterThanOrEqual(low - 1e-6);
          expect(value).toBeLessThanOrEqual(high + 1e-6);
        }
      }),
    );
  });

  it('turns there and back again inside, where nothing is bent', () => {
    const size = 64;
    const data = Float32Array.from({ length: size * size }, (_, index) => {
      const [x, y] = [(index % size) - 31.5, Math.floor(index / size) - 31.5];
      return Math.exp(-((x - 5) ** 2 + (y + 3) ** 2) / 72);
    });
    const planes: Planes = { channels: 1, height: size, width: size, data };
    const back = augment(augment(planes, 'rotate+22.5'), 'rotate-22.5');
    expectWithin(back.data, data, 0.02);
  });
});

describe('sampleAffine', () => {
  it('reads half a pixel further by the mean of two, and reflects at the edge', () => {
    // Half of one pixel of four is 0.25 in coordinates from −1 to 1.
    const { data } = sampleAffine(row(1, 2, 4, 8), [1, 0, 0.25, 0, 1, 0]);
    expect([...data]).toEqual([1.5, 3, 6, 8]);
    const far = sampleAffine(row(1, 2, 4, 8), [1, 0, 2, 0, 1, 0]);
    expect([...far.data]).toEqual([8, 4, 2, 1]);
    const twice = sampleAffine(row(1, 2, 4, 8), [1, 0, -4, 0, 1, 0]);
    expect([...twice.data]).toEqual([1, 2, 4, 8]);
  });

  it('refuses data of another size', () => {
    const planes = { ...row(1, 2), width: 3 };
    expect(() => sampleAffine(planes, [1, 0, 0, 0, 1, 0])).toThrow(/2 values are no planes/);
  });
});
