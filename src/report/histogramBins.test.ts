import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scoreBins } from './histogramBins.js';

const score = fc.double({ min: 0, max: 1, noNaN: true });
const image = fc.record({
  id: fc.constant('x'),
  score,
  label: fc.constantFrom('normal' as const, 'abnormal' as const),
});

describe('scoreBins', () => {
  it('holds every image once, on its side of the threshold', () => {
    fc.assert(
      fc.property(fc.array(image, { maxLength: 60 }), fc.option(score), (images, threshold) => {
        const bins = scoreBins(images, threshold);
        const total = (label: 'normal' | 'abnormal') =>
          bins.reduce((sum, bin) => sum + bin[label], 0);
        for (const label of ['normal', 'abnormal'] as const) {
          const all = images.filter((one) => one.label === label);
          expect(total(label)).toBe(all.length);
          if (threshold === null) continue;
          const above = bins
            .filter((bin) => bin.index >= 0)
            .reduce((sum, bin) => sum + bin[label], 0);
          expect(above).toBe(all.filter((one) => one.score >= threshold).length);
        }
        expect(bins.length).toBeLessThanOrEqual(34);
      }),
      { seed: 1 },
    );
  });

  it('has at least one bin for no image, and for one score alone', () => {
    expect(scoreBins([], null).length).toBeGreaterThan(0);
    const alone = scoreBins([{ id: 'x', score: 0.3, label: 'normal' }], 0.3);
    expect(alone.reduce((sum, bin) => sum + bin.normal, 0)).toBe(1);
  });
});
