import { describe, expect, it } from 'vitest';
import { counted, formatEstimate, formatScore, metricName } from './numbers.js';

describe('formatScore', () => {
  it('has three decimals, or two digits where those would be lost', () => {
    expect([0, 1, 0.5, 0.12345, 0.0999, 0.0123, 0.00004567].map(formatScore)).toEqual([
      '0.000',
      '1.000',
      '0.500',
      '0.123',
      '0.10',
      '0.012',
      '0.000046',
    ]);
  });
});

describe('formatEstimate', () => {
  it('shows as many decimals as the interval allows', () => {
    expect(formatEstimate({ value: 0.93354, interval: [0.891, 0.9684] })).toBe('93.4 (89.1–96.8)');
    expect(formatEstimate({ value: 0.93354, interval: [0.931, 0.936] })).toBe(
      '93.35 (93.10–93.60)',
    );
    expect(formatEstimate({ value: 0.93354, deviation: 0.012, seeds: 3 })).toBe('93.4 ± 1.2');
    expect(formatEstimate({ value: 0.93354, deviation: 0 })).toBe('93.4 ± 0.0');
    expect(formatEstimate({ value: 0.93354 })).toBe('93.4');
    expect(formatEstimate({ value: 0.93354, interval: null }, 2)).toBe('93.35');
  });
});

describe('names', () => {
  it('are those of the field, and counts agree with their nouns', () => {
    expect(metricName('image.auroc')).toBe('Image AUROC');
    expect(metricName('image.new')).toBe('image.new');
    expect([0, 1, 2].map((count) => counted(count, 'image'))).toEqual([
      '0 images',
      '1 image',
      '2 images',
    ]);
  });
});
