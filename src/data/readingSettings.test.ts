import { describe, expect, it } from 'vitest';
import { readingOptions, readingSchema } from './readingSettings.js';

describe('reading settings', () => {
  it('leave everything to the file by default', () => {
    expect(readingOptions(readingSchema.parse({}))).toEqual({
      window: undefined,
      range: { percentiles: [0.5, 99.5] },
      axis: 'axial',
      slice: undefined,
      frame: undefined,
    });
  });

  it('are what their texts say', () => {
    const settings = readingSchema.parse({
      window: '-600, 1500',
      range: 'full',
      axis: 'coronal',
      slice: 3,
      frame: 0,
    });
    expect(readingOptions(settings)).toEqual({
      window: { center: -600, width: 1500 },
      range: 'full',
      axis: 'coronal',
      slice: 3,
      frame: 0,
    });
    expect(readingOptions({ ...settings, window: 'Brain' }).window).toBe('brain');
  });

  it.each([
    [{ window: 'brian' }, /window is "brian"; expected CENTER,WIDTH/],
    [{ window: '40,0' }, /WIDTH > 0/],
    [{ range: '99,1' }, /range is "99,1"; expected full or percentiles/],
    [{ range: '1,' }, /LOW,HIGH/],
    [{ range: '0,50,100' }, /LOW,HIGH/],
    [{ slice: -1 }, />=0/],
  ])('refuse %j', (settings, says) => {
    expect(readingSchema.safeParse(settings).error?.issues[0]?.message).toMatch(says);
  });
});
