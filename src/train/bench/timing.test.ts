import { describe, expect, it } from 'vitest';
import { median, medianSeconds } from './timing.js';

describe('median', () => {
  it('is the middle value, or the mean of the two middle ones', () => {
    expect(median([3])).toBe(3);
    expect(median([10, 1, 2])).toBe(2);
    expect(median([4, 100, 1, 2])).toBe(3);
    expect(() => median([])).toThrow(RangeError);
  });
});

describe('medianSeconds', () => {
  it('counts all runs but the first', async () => {
    let calls = 0;
    const seconds = await medianSeconds(async () => {
      calls++;
    }, 5);
    expect(calls).toBe(6);
    expect(seconds).toBeGreaterThanOrEqual(0);
  });
});
