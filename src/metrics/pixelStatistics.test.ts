import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../base/random.js';
import { aupro, countPixels } from './aupro.js';
import { auroc, partialAuroc } from './auroc.js';
import { averagePrecision } from './averagePrecision.js';
import { binningError } from './binningError.js';
import { f1Max } from './f1Max.js';
import { sensitivityAtSpecificity, specificityAtSensitivity } from './operatingPoints.js';
import type { ScoredMap } from './pixelClasses.js';
import { PixelStatistics, type PixelStatisticsOptions } from './pixelStatistics.js';
import type { PixelCounts } from './pixelTable.js';

fc.configureGlobal({ seed: 1 });

const SIZE = 32;

/** Maps whose scores are `score(normal noise, image)`; the noise is 1.5 higher in two squares. */
function drawnMaps(count: number, score: (z: number, image: number) => number): ScoredMap[] {
  const random = new Random(11, 'maps');
  return Array.from({ length: count }, (_, image) => {
    const mask = new Uint8Array(SIZE * SIZE);
    for (const [side, corner] of image < count / 2
      ? []
      : ([
          [3, 40],
          [7, 500],
        ] as const)) {
      for (let y = 0; y < side; y++) mask.fill(1, corner + y * SIZE, corner + y * SIZE + side);
    }
    const data = Float32Array.from(mask, (inside) => score(random.normal() + 1.5 * inside, image));
    return {
      map: { width: SIZE, height: SIZE, data },
      mask: { width: SIZE, height: SIZE, data: mask },
    };
  });
}

function streamed(maps: readonly ScoredMap[], options: PixelStatisticsOptions) {
  const statistics = new PixelStatistics(options);
  for (const map of maps) statistics.add(map);
  return { counts: statistics.counts(), exact: statistics.exact };
}

const values = (counts: PixelCounts) => ({
  auroc: auroc(counts) as number,
  ap: averagePrecision(counts) as number,
  aupro: aupro(counts, 0.3) as number,
  f1Max: f1Max(counts)?.value as number,
});

const shapes: Record<string, (z: number, image: number) => number> = {
  normal: (z) => z,
  logistic: (z) => 1 / (1 + Math.exp(-z)),
  saturated: (z) => 1 / (1 + Math.exp(-12 * z)),
  'nearly equal': (z) => 0.5 + z * 1e-6,
  'many magnitudes': (z) => Math.exp(10 * z),
  'a spike in a wide range': (z) => (z < 1 ? 0.5 : Math.exp(8 * z)),
  'in another range per image': (z, image) => image + 1 / (1 + Math.exp(-z)),
};

describe('PixelStatistics', () => {
  it('is exact up to its number of distinct scores, and for any number of equal ones', () => {
    const maps = drawnMaps(12, (z) => Math.round(z * 20) / 20);
    const { counts, exact } = streamed(maps, { maxDistinct: 500 });
    expect(exact).toBe(true);
    const all = countPixels(maps);
    expect(values(counts)).toEqual(values(all));
    expect(f1Max(counts)).toEqual(f1Max(all));
    expect(partialAuroc(counts, 0.1)).toBeCloseTo(partialAuroc(all, 0.1) as number, 12);
    expect(sensitivityAtSpecificity(counts, 0.9)).toBe(sensitivityAtSpecificity(all, 0.9));
    expect(specificityAtSensitivity(counts, 0.9)).toBe(specificityAtSensitivity(all, 0.9));
    expect(binningError(counts)).toEqual({ auroc: 0, ap: 0, aupro: 0, f1Max: 0 });
  });

  it.each(Object.entries(shapes))('stays within its stated error: %s', (_, score) => {
    const maps = drawnMaps(24, score);
    const exact = values(countPixels(maps));
    for (const [maxDistinct, maxCells] of [
      [1000, 2 ** 15],
      [8000, 2 ** 18],
    ] as const) {
      const { counts } = streamed(maps, { maxDistinct, maxCells });
      const bounds = binningError(counts);
      for (const [name, value] of Object.entries(values(counts))) {
        const key = name as keyof typeof exact;
        expect(Math.abs(value - exact[key]), name).toBeLessThanOrEqual(bounds[key] + 1e-12);
      }
    }
  });

  it.each(Object.entries(shapes))(
    'is off by less than 1e-5 with the usual memory: %s',
    (_, score) => {
      const maps = drawnMaps(40, score);
      const { counts } = streamed(maps, { maxDistinct: 4000 });
      const bounds = binningError(counts);
      expect(Math.max(...Object.values(bounds))).toBeLessThan(1e-5);
      const exact = values(countPixels(maps));
      for (const [name, value] of Object.entries(values(counts))) {
        expect(Math.abs(value - exact[name as keyof typeof exact]), name).toBeLessThan(1e-5);
      }
    },
  );

  it('may be asked between two maps', () => {
    const maps = drawnMaps(8, (z) => z);
    const statistics = new PixelStatistics({ maxDistinct: 100_000 });
    for (const [i, map] of maps.entries()) {
      statistics.add(map);
      expect(auroc(statistics.counts())).toBe(auroc(countPixels(maps.slice(0, i + 1))));
    }
    expect(auroc(new PixelStatistics().counts())).toBeNull();
  });

  it('keeps every metric when it leaves out the inside of runs of normal scores', () => {
    const pixels = fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.boolean()), {
      minLength: 12,
      maxLength: 12,
    });
    fc.assert(
      fc.property(pixels, (rows) => {
        const data = Float32Array.from(rows, ([score]) => score);
        const mask = Uint8Array.from(rows, ([score, sure]) => (sure && score % 3 === 0 ? 1 : 0));
        const map = {
          map: { width: 4, height: 3, data },
          mask: { width: 4, height: 3, data: mask },
        };
        const { counts } = streamed([map], {});
        const all = countPixels([map]);
        expect(auroc(counts)).toBe(auroc(all));
        expect(averagePrecision(counts)).toBe(averagePrecision(all));
        expect(f1Max(counts)).toEqual(f1Max(all));
        const [short, long] = [aupro(counts, 0.3), aupro(all, 0.3)];
        if (long === null) expect(short).toBeNull();
        else expect(short).toBeCloseTo(long, 12);
      }),
    );
  });
});
