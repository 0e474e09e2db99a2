import { describe, expect, it } from 'vitest';
import { Random } from '../base/random.js';
import { resamplingUnits } from './bootstrap.js';
import { type BandedCurve, bandedCurves } from './curveBands.js';
import { RankedScores } from './thresholdCounts.js';

function bands(n: number) {
  const random = new Random(6, 'bands');
  const labels = Array.from({ length: n }, (_, i) => i % 2);
  const ranked = new RankedScores(
    labels.map((label) => random.normal() + 1.5 * label),
    labels,
  );
  const units = resamplingUnits(labels.map((label) => ({ abnormal: label === 1 })));
  const curves = bandedCurves(ranked, units, { random, replicates: 200 });
  return { roc: withBand(curves.roc), precisionRecall: withBand(curves.precisionRecall) };
}

function withBand({ x, y, low, high }: BandedCurve): Required<BandedCurve> {
  if (!low || !high) throw new Error('The curve has no band.');
  return { x, y, low, high };
}

describe('bandedCurves', () => {
  it('surrounds both curves, x rising, all lists of one length', () => {
    for (const curve of Object.values(bands(120))) {
      expect(curve.x.length).toBeGreaterThanOrEqual(101);
      let inside = 0;
      for (const [i, x] of curve.x.entries()) {
        expect(x).toBeGreaterThanOrEqual(curve.x[i - 1] ?? 0);
        const [low, y, high] = [curve.low[i], curve.y[i], curve.high[i]] as [
          number,
          number,
          number,
        ];
        expect(low).toBeLessThanOrEqual(high);
        if (low <= y && y <= high) inside++;
      }
      expect([curve.y.length, curve.low.length, curve.high.length]).toEqual(
        new Array(3).fill(curve.x.length),
      );
      expect(inside / curve.x.length).toBeGreaterThan(0.8);
    }
  });

  it('starts the ROC at (0, 0) and ends it at (1, 1)', () => {
    const { roc } = bands(60);
    expect([roc.x[0], roc.y[0]]).toEqual([0, 0]);
    expect([roc.x.at(-1), roc.y.at(-1)]).toEqual([1, 1]);
  });

  it('narrows with more images', () => {
    const width = ({ low, high }: Required<BandedCurve>) =>
      high.reduce((sum, value, i) => sum + value - (low[i] as number), 0) / high.length;
    expect(width(bands(1000).roc)).toBeLessThan(width(bands(60).roc) / 2);
  });

  it.each([
    [2, undefined],
    [3, true],
  ])('has a band around the curve of %i images of a class: %s', (abnormal, hasBand) => {
    const labels = Array.from({ length: 20 }, (_, i) => (i < abnormal ? 1 : 0));
    const units = resamplingUnits(labels.map((label) => ({ abnormal: label === 1 })));
    const ranked = new RankedScores([...labels.keys()], labels);
    const { roc } = bandedCurves(ranked, units, { random: new Random(0), replicates: 5 });
    expect(roc.y.length).toBe(roc.x.length);
    expect(roc.low && true).toBe(hasBand);
  });

  it('is empty where a class is missing', () => {
    const ranked = new RankedScores([1, 2], [1, 1]);
    const units = resamplingUnits([{ abnormal: true }, { abnormal: true }]);
    const { roc, precisionRecall } = bandedCurves(ranked, units, { random: new Random(0) });
    expect(roc.x).toEqual([]);
    expect(precisionRecall.x).toEqual([]);
  });
});
