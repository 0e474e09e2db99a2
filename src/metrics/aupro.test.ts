import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aupro, countPixels, proCurve } from './aupro.js';
import { auroc, partialAuroc } from './auroc.js';
import { connectedComponents } from './connectedComponents.js';
import type { ScoredMap } from './pixelClasses.js';

fc.configureGlobal({ seed: 1 });

const WIDTH = 6;
const HEIGHT = 5;

/** Up to four images with scores that tie often. */
const images = fc.array(
  fc
    .tuple(
      fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 30, maxLength: 30 }),
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 30, maxLength: 30 }),
    )
    .map(
      ([scores, marks]): ScoredMap => ({
        map: { width: WIDTH, height: HEIGHT, data: Float32Array.from(scores, (s) => s / 4) },
        mask: {
          width: WIDTH,
          height: HEIGHT,
          data: Uint8Array.from(marks, (mark) => (mark === 3 ? 1 : 0)),
        },
      }),
    ),
  { minLength: 1, maxLength: 4 },
);
const limits = fc.constantFrom(0.05, 0.3, 1);

describe('aupro', () => {
  it('is the area under the mean overlap of the regions, threshold by threshold', () => {
    fc.assert(
      fc.property(images, limits, (maps, limit) => {
        const value = aupro(countPixels(maps), limit);
        const expected = byDefinition(maps, limit);
        if (expected === null) expect(value).toBeNull();
        else expect(value).toBeCloseTo(expected, 10);
      }),
    );
  });

  it('does not change under a rising transformation of the scores', () => {
    fc.assert(
      fc.property(images, limits, (maps, limit) => {
        const risen = maps.map(({ map, mask }) => ({
          map: { ...map, data: map.data.map((score) => Math.exp(score) * 3 + 2) },
          mask,
        }));
        expect(aupro(countPixels(risen), limit)).toBe(aupro(countPixels(maps), limit));
      }),
    );
  });

  it('is the partial AUROC where every image has one region of the same size', () => {
    const data = Float32Array.from({ length: 30 }, (_, i) => (i * 7919) % 31);
    const mask = new Uint8Array(30).fill(1, 6, 12);
    const maps = [data, data.map((score) => 30 - score)].map((scores) => ({
      map: { width: WIDTH, height: HEIGHT, data: scores },
      mask: { width: WIDTH, height: HEIGHT, data: mask },
    }));
    const counts = countPixels(maps);
    expect(counts.regions).toBe(2);
    expect(aupro(counts, 0.3)).toBeCloseTo(partialAuroc(counts, 0.3) as number, 12);
    expect(aupro(counts, 1)).toBeCloseTo(auroc(counts) as number, 12);
  });

  it('counts the pixels of normal images as outside, with or without a mask', () => {
    const map = { width: 2, height: 1, data: Float32Array.of(0.9, 0.2) };
    const mask = { width: 2, height: 1, data: Uint8Array.of(1, 0) };
    const normal = { width: 2, height: 1, data: Float32Array.of(0.95, 0.1) };
    const alone = countPixels([{ map, mask }]);
    const empty = { width: 2, height: 1, data: new Uint8Array(2) };
    expect(aupro(alone, 1)).toBe(1);
    expect(aupro(countPixels([{ map, mask }, { map: normal }]), 1)).toBeCloseTo(2 / 3, 12);
    expect(countPixels([{ map: normal, mask: empty }])).toEqual(countPixels([{ map: normal }]));
  });

  it('is undefined without a region or without a pixel outside', () => {
    const map = { width: 2, height: 1, data: Float32Array.of(1, 2) };
    const full = { width: 2, height: 1, data: Uint8Array.of(1, 1) };
    expect(aupro(countPixels([{ map }]))).toBeNull();
    expect(aupro(countPixels([{ map, mask: full }]))).toBeNull();
    expect(aupro(countPixels([]))).toBeNull();
    expect(proCurve(countPixels([]))).toEqual([]);
  });

  it('says which map and mask do not fit', () => {
    const map = { width: 2, height: 1, data: Float32Array.of(1, 2) };
    const mask = { width: 1, height: 2, data: Uint8Array.of(1, 1) };
    expect(() => countPixels([{ map, mask }])).toThrow('mask is 1 × 2 pixels');
    expect(() => countPixels([{ map: { ...map, width: 3 } }])).toThrow('has 2 values, not 3 × 1');
    const broken = { ...map, data: Float32Array.of(1, Number.NaN) };
    expect(() => countPixels([{ map: broken }])).toThrow('pixel score at 1 is NaN');
  });
});

describe('proCurve', () => {
  it('rises from (0, 0) to (1, 1)', () => {
    const data = Float32Array.from({ length: 30 }, (_, i) => (i * 7919) % 31);
    const mask = { width: 6, height: 5, data: new Uint8Array(30).fill(1, 9, 14) };
    const points = proCurve(countPixels([{ map: { width: 6, height: 5, data }, mask }]));
    expect(points[0]).toEqual({ threshold: null, fpr: 0, pro: 0 });
    expect(points.at(-1)?.fpr).toBe(1);
    expect(points.at(-1)?.pro).toBeCloseTo(1, 12);
    for (const [i, point] of points.entries()) {
      expect(point.pro).toBeGreaterThanOrEqual(points[i - 1]?.pro ?? 0);
    }
  });
});

/** AUPRO as its definition reads: at every threshold, region by region. */
function byDefinition(maps: readonly ScoredMap[], limit: number): number | null {
  const regions: number[][] = [];
  const outside: number[] = [];
  for (const { map, mask } of maps) {
    const { labels, sizes } = connectedComponents(mask as NonNullable<typeof mask>, 8);
    for (const region of sizes.keys()) {
      regions.push([...map.data].filter((_, i) => labels[i] === region + 1));
    }
    outside.push(...[...map.data].filter((_, i) => labels[i] === 0));
  }
  if (regions.length === 0 || outside.length === 0) return null;
  const share = (scores: readonly number[], threshold: number) =>
    scores.filter((score) => score >= threshold).length / scores.length;
  let area = 0;
  let x = 0;
  let y = 0;
  for (let threshold = 1; threshold >= -1; threshold -= 0.25) {
    const nextX = share(outside, threshold);
    const nextY =
      regions.reduce((sum, region) => sum + share(region, threshold), 0) / regions.length;
    const end = Math.min(nextX, limit);
    if (end > x) {
      const endY = y + ((end - x) / (nextX - x)) * (nextY - y);
      area += ((end - x) * (y + endY)) / 2;
    }
    x = nextX;
    y = nextY;
    if (x >= limit) break;
  }
  return area / limit;
}
