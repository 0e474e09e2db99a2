import { describe, expect, it } from 'vitest';
import { curveRows, thinned } from './curvePlot.js';

describe('thinned', () => {
  it('keeps both ends and every step that can be seen', () => {
    const steps = { x: [0, 0, 0.5, 0.5, 1], y: [0, 0.6, 0.6, 1, 1] };
    expect(thinned(steps)).toEqual(steps);
  });

  it('makes a long curve short without moving it', () => {
    const x = Array.from({ length: 20_001 }, (_, index) => index / 20_000);
    const curve = { x, y: x.map(Math.sqrt), low: x.map((v) => v * 0.9), high: x };
    const short = thinned(curve);
    expect(short.x.length).toBeLessThan(1000);
    expect(short.x.at(-1)).toBe(1);
    expect(short.low?.length).toBe(short.x.length);
    for (let index = 1; index < short.x.length; index++) {
      expect((short.y[index] as number) - (short.y[index - 1] as number)).toBeLessThan(0.01);
    }
  });
});

describe('curveRows', () => {
  it('reads curves between their points, and the upper end of a step', () => {
    const curve = { x: [0, 0, 0.5, 1], y: [0, 0.4, 0.8, 1] };
    const rows = curveRows([{ style: 0, name: 'a', summary: '', curve }], [0, 0.25, 0.5, 0.75, 1]);
    expect(rows).toEqual([
      ['0', '40.0'],
      ['25', '60.0'],
      ['50', '80.0'],
      ['75', '90.0'],
      ['100', '100.0'],
    ]);
  });

  it('says so where a curve does not reach', () => {
    const curve = { x: [0.5, 1], y: [0.8, 0.6] };
    expect(curveRows([{ style: 0, name: 'a', summary: '', curve }], [0.1])).toEqual([['10', '–']]);
  });
});
