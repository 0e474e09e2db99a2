import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makePlot, roundTicks } from './svg.js';

describe('roundTicks', () => {
  it('finds round numbers within the range', () => {
    expect(roundTicks(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(roundTicks(0.013, 0.047, 4)).toEqual([0.02, 0.03, 0.04]);
    expect(roundTicks(0, 137, 3)).toEqual([0, 50, 100]);
    expect(roundTicks(-3, 3, 3)).toEqual([-2, 0, 2]);
  });

  it('gives a few even steps for any range', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
        (min, length) => {
          const ticks = roundTicks(min, min + length, 5);
          expect(ticks.length).toBeGreaterThanOrEqual(1);
          expect(ticks.length).toBeLessThanOrEqual(7);
          const slack = 1e-6 * length + 1e-9 * Math.abs(min);
          for (const tick of ticks) {
            expect(tick).toBeGreaterThanOrEqual(min - slack);
            expect(tick).toBeLessThanOrEqual(min + length + slack);
          }
        },
      ),
      { seed: 1 },
    );
  });
});

describe('makePlot', () => {
  it('maps the ranges onto the frame, y upwards', () => {
    const frame = { width: 100, height: 60, left: 10, right: 20, top: 5, bottom: 15 };
    const axis = { label: '', min: 2, max: 4, ticks: [], format: String };
    const plot = makePlot(frame, axis, { ...axis, min: 0, max: 1 });
    expect([plot.x(2), plot.x(4)]).toEqual([10, 80]);
    expect([plot.y(0), plot.y(1)]).toEqual([45, 5]);
  });
});
