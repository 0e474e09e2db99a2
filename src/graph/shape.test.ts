import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IqeError } from '../base/errors.js';
import {
  B,
  BatchDimension,
  broadcastShapes,
  checked,
  type Dimension,
  formatShape,
  product,
  resolveAxis,
  type Shape,
  sameShape,
  staticDimension,
  staticSize,
  times,
} from './shape.js';

const dimension: fc.Arbitrary<Dimension> = fc.oneof(
  fc.constantFrom<Dimension>(1, B, times(B, 2)),
  fc.integer({ min: 0, max: 4 }),
);
const shape: fc.Arbitrary<Shape> = fc.array(dimension, { maxLength: 4 });

/** Sizes at B = 7, which no other size or product of the tests is. */
const sizes = (of: Shape) =>
  of.map((size) => (typeof size === 'number' ? size : 7 * size.coefficient));
const symbolicAxes = (of: Shape) => of.filter((size) => typeof size !== 'number').length;

/** NumPy's rule for sizes that are all known. */
function broadcastSizes(a: readonly number[], b: readonly number[]): number[] | undefined {
  const result: number[] = [];
  for (let fromEnd = 1; fromEnd <= Math.max(a.length, b.length); fromEnd++) {
    const [left, right] = [a.at(-fromEnd) ?? 1, b.at(-fromEnd) ?? 1];
    if (left !== right && left !== 1 && right !== 1) return undefined;
    result.unshift(left === 1 ? right : left);
  }
  return result;
}

function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    expect(error).toBeInstanceOf(IqeError);
    expect(error).toMatchObject({ code: 'shape', message: expect.stringMatching(/^op: /) });
    return undefined;
  }
}

describe('broadcastShapes', () => {
  it("is NumPy's rule, with at most one batch axis in the result", () => {
    fc.assert(
      fc.property(shape, shape, (a, b) => {
        const result = attempt(() => broadcastShapes(a, b, 'op'));
        const expected = broadcastSizes(sizes(a), sizes(b));
        if (result) {
          expect(sizes(result)).toEqual(expected);
          expect(symbolicAxes(result)).toBeLessThanOrEqual(1);
          expect(broadcastShapes(b, a, 'op')).toEqual(result);
        } else if (expected) {
          expect(expected.filter((size) => size >= 7).length).toBeGreaterThan(1);
        }
      }),
      { numRuns: 2000, seed: 1 },
    );
  });

  it('names both shapes where they do not fit', () => {
    expect(() => broadcastShapes([B, 3], [2, 3], 'op')).toThrow(
      'op: cannot combine the shapes [B, 3] and [2, 3].',
    );
  });
});

describe('products', () => {
  it('multiply sizes and keep the batch', () => {
    fc.assert(
      fc.property(shape, fc.integer({ min: 1, max: 5 }), (of, factor) => {
        fc.pre(symbolicAxes(of) <= 1);
        const expected = sizes(of).reduce((a, b) => a * b, 1);
        const whole = product(of);
        expect(sizes([whole])).toEqual([expected]);
        expect(typeof whole === 'number').toBe(symbolicAxes(of) === 0);
        expect(sizes([times(whole, factor)])).toEqual([expected * factor]);
        expect(attempt(() => staticSize(of, 'op'))).toBe(
          symbolicAxes(of) === 0 ? expected : undefined,
        );
      }),
      { seed: 2 },
    );
  });
});

describe('axes', () => {
  it('are counted from either end', () => {
    const of: Shape = [B, 3, 4];
    expect([0, 1, 2, -1, -2, -3].map((axis) => resolveAxis(of, axis, 'op'))).toEqual([
      0, 1, 2, 2, 1, 0,
    ]);
    for (const axis of [3, -4, 0.5, Number.NaN]) {
      expect(attempt(() => resolveAxis(of, axis, 'op'))).toBeUndefined();
    }
    expect(staticDimension(of, -1, 'op')).toBe(4);
    expect(() => staticDimension(of, 0, 'op')).toThrow('axis 0 of [B, 3, 4]');
  });
});

describe('shapes', () => {
  it('are the same by size, whichever object the batch is', () => {
    fc.assert(
      fc.property(shape, shape, (a, b) => {
        const copy = a.map((size) =>
          typeof size === 'number' ? size : new BatchDimension(size.coefficient),
        );
        expect(sameShape(a, copy)).toBe(true);
        expect(sameShape(a, b)).toBe(formatShape(a) === formatShape(b));
      }),
      { seed: 3 },
    );
    expect(sameShape([B], [1])).toBe(false);
    expect(sameShape([], [])).toBe(true);
  });

  it('are written like lists', () => {
    expect(formatShape([])).toBe('[]');
    expect(formatShape([B, 17, times(B, 2)])).toBe('[B, 17, 2B]');
  });

  it('have one batch axis at most and whole sizes', () => {
    for (const good of [[], [0, 3], [2, B], [times(B, 4)]]) expect(checked(good, 'op')).toBe(good);
    for (const bad of [[B, B], [B, times(B, 2)], [-1], [1.5], [Number.NaN]]) {
      expect(attempt(() => checked(bad, 'op'))).toBeUndefined();
    }
  });
});
