import { expect } from 'vitest';

/** Fails unless |actual − expected| ≤ tolerance · max(1, largest |expected|) in every entry. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  label = '',
): void {
  expectWithin(actual, expected, tolerance * Math.max(1, largest(expected)), label);
}

/** Fails unless |actual − expected| ≤ tolerance · largest |expected| in every entry. */
export function expectRelative(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  label = '',
): void {
  expectWithin(actual, expected, tolerance * largest(expected), label);
}

/** Fails unless |actual − expected| ≤ `bound` in every entry. */
export function expectWithin(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  bound: number,
  label = '',
): void {
  expect(actual.length, `${label}: length`).toBe(expected.length);
  let worst = 0;
  let at = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((actual[i] as number) - (expected[i] as number));
    if (!(difference <= worst)) {
      worst = difference;
      at = i;
    }
  }
  expect(
    worst <= bound,
    `${label}: largest difference ${worst} at ${at} (${actual[at]} for ${expected[at]}), allowed ${bound}`,
  ).toBe(true);
}

function largest(values: ArrayLike<number>): number {
  let value = 0;
  for (let i = 0; i < values.length; i++) value = Math.max(value, Math.abs(values[i] as number));
  return value;
}
