import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { colourAt, colourScale } from './colourMap.js';

describe('colourAt', () => {
  it('is near the published Inferno map at its ends and in its middle', () => {
    const published = [
      [0, [0, 0, 4]],
      [0.25, [87, 16, 110]],
      [0.5, [188, 55, 84]],
      [0.75, [249, 142, 9]],
      [1, [252, 255, 164]],
    ] as const;
    for (const [position, colour] of published) {
      for (const [channel, value] of colourAt(position).entries()) {
        expect(Math.abs(value - (colour[channel] as number))).toBeLessThanOrEqual(8);
      }
    }
  });

  it('grows in luminance all the way', () => {
    const luminance = (position: number) => {
      const [red, green, blue] = colourAt(position);
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    for (let step = 1; step <= 32; step++) {
      expect(luminance(step / 32)).toBeGreaterThan(luminance((step - 1) / 32));
    }
  });

  it('clamps what lies outside', () => {
    expect(colourAt(-3)).toEqual(colourAt(0));
    expect(colourAt(7)).toEqual(colourAt(1));
    expect(colourAt(Number.NaN)).toEqual(colourAt(0));
  });
});

describe('colourScale', () => {
  it('is linear without a threshold and for a threshold in the middle third', () => {
    for (const threshold of [null, 0.4, 0.5, 0.6, 0, 1]) {
      const { position } = colourScale(threshold);
      for (const value of [0, 0.1, 0.35, 0.5, 0.8, 1])
        expect(position(value)).toBeCloseTo(value, 12);
    }
  });

  it('grows from 0 to 1 and keeps every threshold away from the ends', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (threshold, one, other) => {
          const { position } = colourScale(threshold);
          expect(position(0)).toBe(0);
          expect(position(1)).toBeCloseTo(1, 12);
          expect(position(threshold)).toBeGreaterThan(0.33);
          expect(position(threshold)).toBeLessThan(0.67);
          if (one < other) expect(position(one)).toBeLessThanOrEqual(position(other));
        },
      ),
      { seed: 1 },
    );
  });
});
