import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { floatToHalf, halfToFloat, widenBfloat16 } from './halfPrecision.js';

/** Every half-precision number from 0 to the largest, with 65536 in place of infinity, ascending. */
const magnitudes = Float64Array.from({ length: 0x7c01 }, (_, bits) => {
  const [exponent, fraction] = [bits >> 10, bits & 1023];
  return exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
});

/** The nearest of {@link magnitudes}, ties to the even one, found by bisection in float64. */
function nearestHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (magnitude >= 65536) return sign | 0x7c00;
  let low = 0;
  let high = magnitudes.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (magnitudes[middle]! <= magnitude) low = middle;
    else high = middle;
  }
  const [below, above] = [magnitude - magnitudes[low]!, magnitudes[high]! - magnitude];
  const isHigh = above < below || (above === below && high % 2 === 0);
  return sign | (isHigh ? high : low);
}

const float32OfBits = (bits: number) => {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits);
  return view.getFloat32(0);
};

/** The 16-bit patterns below `count` for which a claim does not hold. */
function exceptions(count: number, holds: (bits: number) => boolean): number[] {
  return Array.from({ length: count }, (_, bits) => bits).filter((bits) => !holds(bits));
}

const infinity = 0x7c00;

describe('halfToFloat', () => {
  it('gives the value of all 65536 patterns', () => {
    const isRight = (bits: number) =>
      Object.is(halfToFloat(bits), magnitudes[bits]) &&
      Object.is(halfToFloat(bits | 0x8000), -magnitudes[bits]!);
    expect(exceptions(infinity, isRight)).toEqual([]);
    expect(halfToFloat(infinity)).toBe(Number.POSITIVE_INFINITY);
    expect(halfToFloat(0x8000 | infinity)).toBe(Number.NEGATIVE_INFINITY);
    const isNumber = (bits: number) => !Number.isNaN(halfToFloat(bits));
    expect(exceptions(0x10000, isNumber).every((bits) => (bits & 0x7fff) > infinity)).toBe(true);
    expect(exceptions(0x10000, isNumber)).toHaveLength(2 * 1023);
  });
});

describe('floatToHalf', () => {
  it('gives every half-precision number back', () => {
    const isKept = (bits: number) =>
      floatToHalf(halfToFloat(bits)) === ((bits & 0x7fff) > infinity ? 0x7e00 : bits);
    expect(exceptions(0x10000, isKept)).toEqual([]);
  });

  it('rounds midpoints to even and their neighbours to the nearer, up to infinity', () => {
    const isRight = (bits: number) => {
      const middle = (magnitudes[bits]! + magnitudes[bits + 1]!) / 2;
      const step = middle * 2 ** -23;
      return (
        floatToHalf(middle) === (bits % 2 === 0 ? bits : bits + 1) &&
        floatToHalf(middle - step) === bits &&
        floatToHalf(middle + step) === bits + 1 &&
        floatToHalf(-middle - step) === ((bits + 1) | 0x8000)
      );
    };
    expect(exceptions(infinity, isRight)).toEqual([]);
  });

  it('finds the nearest of all, whatever the 32 bits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (bits) => {
        const value = float32OfBits(bits);
        if (Number.isNaN(value)) expect(floatToHalf(value) & 0x7fff).toBe(0x7e00);
        else expect(floatToHalf(value)).toBe(nearestHalf(value));
      }),
      { numRuns: 20_000, seed: 1 },
    );
    // Most 32-bit patterns are out of range; these are not.
    fc.assert(
      fc.property(fc.float({ min: -70_000, max: 70_000, noNaN: true }), (value) => {
        expect(floatToHalf(value)).toBe(nearestHalf(value));
      }),
      { numRuns: 20_000, seed: 2 },
    );
  });
});

describe('widenBfloat16', () => {
  it('gives the float32 of which the bits are the upper half', () => {
    const values = widenBfloat16(Uint16Array.from({ length: 0x10000 }, (_, bits) => bits));
    const isRight = (bits: number) => Object.is(values[bits], float32OfBits(bits * 0x10000));
    expect(exceptions(0x10000, isRight)).toEqual([]);
  });
});
