import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { descendingOrder, orderedKeys, valueOfKey } from './floatOrder.js';

fc.configureGlobal({ seed: 1 });

const floats = fc.float({ noNaN: true, noDefaultInfinity: true });

describe('orderedKeys', () => {
  it('keeps the order of any two values, −0 and 0 the same', () => {
    fc.assert(
      fc.property(floats, floats, (a, b) => {
        const [first, second] = orderedKeys(Float32Array.of(a, b)) as unknown as [number, number];
        expect(Math.sign(first - second)).toBe(a < b ? -1 : a > b ? 1 : 0);
      }),
    );
    const [negative, positive] = orderedKeys(Float32Array.of(-0, 0));
    expect(negative).toBe(positive);
  });

  it('can be turned back', () => {
    fc.assert(
      fc.property(floats, (value) => {
        const [key] = orderedKeys(Float32Array.of(value)) as unknown as [number];
        expect(valueOfKey(key)).toBe(value === 0 ? 0 : value);
      }),
    );
  });
});

describe('descendingOrder', () => {
  it('sorts as a stable comparison sort does', () => {
    const lists = fc.array(fc.oneof(floats, fc.constantFrom(-1, -0, 0, 1)), { maxLength: 60 });
    fc.assert(
      fc.property(lists, (list) => {
        const values = Float32Array.from(list);
        const expected = [...values.keys()].sort(
          (a, b) => (values[b] as number) - (values[a] as number),
        );
        expect([...descendingOrder(values)]).toEqual(expected);
      }),
    );
  });
});
