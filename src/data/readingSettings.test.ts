import { describe, expect, it } from 'vitest';
import {
  imagesToScore,
  mostImagesOfFile,
  readingOptions,
  readingSchema,
} from './readingSettings.js';

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
    [{ slice: -1 }, /whole number from 0 on, or 'all'/],
    [{ frame: 'every' }, /whole number from 0 on, or 'all'/],
  ])('refuse %j', (settings, says) => {
    expect(readingSchema.safeParse(settings).error?.issues[0]?.message).toMatch(says);
  });
});

describe('imagesToScore', () => {
  const images = (count: number) => Array.from({ length: count }, (_, index) => index);
  const settings = (given: object = {}) => readingSchema.parse(given);

  it('takes all of a few, and all where told', () => {
    expect(imagesToScore(images(mostImagesOfFile), settings())).toEqual(images(mostImagesOfFile));
    for (const given of [{ slice: 'all' }, { frame: 'all' }]) {
      expect(imagesToScore(images(40), settings(given))).toEqual(images(40));
      expect(readingOptions(settings(given))).toMatchObject({ slice: undefined, frame: undefined });
    }
  });

  it('spreads its choice evenly, ends and middle alike', () => {
    for (const count of [17, 91, 1000]) {
      const chosen = imagesToScore(images(count), settings());
      expect(new Set(chosen).size).toBe(mostImagesOfFile);
      const gaps = chosen.slice(1).map((place, index) => place - chosen[index]!);
      expect(Math.max(...gaps) - Math.min(...gaps)).toBeLessThanOrEqual(1);
      expect(Math.abs(chosen[0]! - (count - 1 - chosen.at(-1)!))).toBeLessThanOrEqual(1);
    }
  });
});
