import { describe, expect, it } from 'vitest';
import { meanAndDeviation, summariseSeeds } from './seeds.js';

describe('meanAndDeviation', () => {
  it('takes the deviation over n − 1, of what is defined', () => {
    expect(meanAndDeviation([0.8, 0.9, null, 1])).toEqual({
      mean: expect.closeTo(0.9, 12),
      deviation: expect.closeTo(0.1, 12),
      runs: 3,
    });
    expect(meanAndDeviation([0.7])).toEqual({ mean: 0.7, deviation: null, runs: 1 });
    expect(meanAndDeviation([null])).toBeNull();
  });
});

describe('summariseSeeds', () => {
  it('goes metric by metric, also where a run lacks one', () => {
    const summary = summariseSeeds([
      { 'image.auroc': 0.5, 'pixel.auroc': 0.7 },
      { 'image.auroc': 0.7, 'pixel.auroc': null },
      { 'image.auroc': 0.6, 'image.ap': null },
    ]);
    expect(summary['image.auroc']?.mean).toBeCloseTo(0.6, 12);
    expect(summary['pixel.auroc']).toEqual({ mean: 0.7, deviation: null, runs: 1 });
    expect(summary['image.ap']).toBeNull();
  });
});
