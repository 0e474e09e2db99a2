import { describe, expect, it } from 'vitest';
import { formatBytes, formatDuration, formatRows } from './format.js';

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 kB'],
    [15_950_000, '15.9 MB'],
    [1_710_000_000, '1.71 GB'],
    [350e12, '350 TB'],
    [5e15, '5000 TB'],
  ])('%d is %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe('formatDuration', () => {
  it.each([
    [0.4, '0:00'],
    [59.6, '1:00'],
    [754, '12:34'],
    [3605, '1:00:05'],
    [90_000, '25:00:00'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });
});

it('formatRows aligns values', () => {
  const rows = [
    ['a', '1'],
    ['long', '2'],
  ] as const;
  expect(formatRows(rows)).toBe('  a     1\n  long  2');
});
