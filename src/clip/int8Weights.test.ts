import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quantizeRows } from './int8Weights.js';

describe('quantizeRows', () => {
  it('is off by half a step at most, in each row by its own step', () => {
    const matrix = fc.integer({ min: 1, max: 6 }).chain((out) =>
      fc.record({
        out: fc.constant(out),
        weight: fc.integer({ min: 1, max: 5 }).chain((inner) =>
          fc.array(fc.float({ min: -1e3, max: 1e3, noNaN: true }), {
            minLength: out * inner,
            maxLength: out * inner,
          }),
        ),
        largest: fc.constantFrom(127 as const, 63 as const),
      }),
    );
    fc.assert(
      fc.property(matrix, ({ out, weight, largest }) => {
        const inner = weight.length / out;
        const { values, scales } = quantizeRows(Float32Array.from(weight), out, largest);
        for (let row = 0; row < out; row++) {
          const own = weight.slice(row * inner, (row + 1) * inner);
          const highest = Math.max(...own.map(Math.abs));
          // Numbers too small for a float32 step are outside of what weights are.
          fc.pre(highest === 0 || highest > 1e-30);
          for (const [i, entry] of own.entries()) {
            const value = values[i * out + row]!;
            expect(Math.abs(value)).toBeLessThanOrEqual(largest);
            const error = Math.abs(entry - scales[row]! * value);
            expect(error).toBeLessThanOrEqual(scales[row]! * 0.5001);
            if (Math.abs(entry) === highest && highest > 0) expect(Math.abs(value)).toBe(largest);
          }
        }
      }),
    );
  });

  it('keeps zeros', () => {
    const { values, scales } = quantizeRows(new Float32Array([0, 0, 0, -2]), 2, 127);
    expect([...values]).toEqual([0, 0, 0, -127]);
    expect([...scales]).toEqual([1, Math.fround(2 / 127)]);
  });
});
