import { describe, expect, it } from 'vitest';
import { joinBytes } from './bytes.js';

describe('joinBytes', () => {
  it('puts parts one after the other, views and empty ones too', () => {
    const whole = Uint8Array.of(1, 2, 3, 4);
    const parts = [whole.subarray(2), new Uint8Array(0), whole.subarray(0, 1)];
    expect(joinBytes(parts)).toEqual(Uint8Array.of(3, 4, 1));
    expect(joinBytes([])).toEqual(new Uint8Array(0));
  });

  it('copies', () => {
    const part = Uint8Array.of(1);
    const joined = joinBytes([part]);
    part[0] = 2;
    expect([...joined]).toEqual([1]);
  });
});
