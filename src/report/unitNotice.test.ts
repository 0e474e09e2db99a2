import { describe, expect, it } from 'vitest';
import { unitNotice } from './unitNotice.js';

describe('unitNotice', () => {
  it.each([
    [null, 'images', null],
    [10, 'patients', null],
    [
      9,
      'patients',
      'The test images are of 9 patients: intervals from so few say little of other patients.',
    ],
    [
      1,
      null,
      'The test images are of 1 patient: no intervals, as a class has fewer than three patients.',
    ],
    [null, null, 'No intervals, as a class has fewer than three images.'],
  ] as const)('of %s patients, resampled over %s', (patients, resampled, text) => {
    expect(unitNotice({ n: { normal: 20, abnormal: 20, patients }, resampled })).toBe(text);
  });
});
