import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chosenWindow,
  parseWindow,
  type WindowFunction,
  windowed,
  windowPresets,
} from './window.js';

describe('windowed', () => {
  it('follows PS3.3 C.11.2.1.2 and C.11.2.1.3', () => {
    const window = { center: 2048, width: 4096 };
    expect(windowed(0, window)).toBe(0);
    expect(windowed(2048, window)).toBeCloseTo((0.5 / 4095 + 0.5) * 255, 12);
    expect(windowed(4095, window)).toBe(255);
    expect(windowed(2048, { ...window, function: 'LINEAR_EXACT' })).toBe(127.5);
    expect(windowed(4096, { ...window, function: 'LINEAR_EXACT' })).toBe(255);
    expect(windowed(3072, { ...window, function: 'SIGMOID' })).toBeCloseTo(
      255 / (1 + Math.exp(-1)),
      12,
    );
    expect([0, 1].map((value) => windowed(value, { center: 1, width: 1 }))).toEqual([0, 255]);
  });

  it('rises from 0 to 255 whatever the window', () => {
    const window = fc.record({
      center: fc.double({ min: -5000, max: 5000, noNaN: true }),
      width: fc.double({ min: 1e-3, max: 5000, noNaN: true }),
      function: fc.constantFrom<WindowFunction>('LINEAR', 'LINEAR_EXACT', 'SIGMOID'),
    });
    const value = fc.double({ min: -2e4, max: 2e4, noNaN: true });
    fc.assert(
      fc.property(window, value, value, (chosen, a, b) => {
        const [low, high] = [windowed(Math.min(a, b), chosen), windowed(Math.max(a, b), chosen)];
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(255);
        expect(low).toBeLessThanOrEqual(high + 1e-9);
      }),
    );
  });
});

describe('parseWindow', () => {
  it('knows numbers and names', () => {
    expect(parseWindow(' 40, 80')).toEqual({ center: 40, width: 80 });
    expect(parseWindow('-600,1500')).toEqual(windowPresets.lung);
    expect(parseWindow('Soft tissue')).toBe('soft-tissue');
    expect(chosenWindow(parseWindow('lung'))).toEqual(windowPresets.lung);
    expect(chosenWindow(parseWindow('full'))).toBeUndefined();
  });

  it.each(['', '40', '40,0', '40,80,1', 'a,b', ',80', 'constructor'])('refuses "%s"', (text) => {
    expect(() => parseWindow(text)).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});
