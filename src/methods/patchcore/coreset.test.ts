import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectClose } from '../../../test/support/close.js';
import { Random } from '../../base/random.js';
import {
  distanceNorms,
  greedyCoreset,
  meanDistances,
  type Points,
  randomProjection,
} from './coreset.js';

function cloud(count: number, width: number, seed: number): Points {
  const random = new Random(seed, 'cloud');
  const data = Float32Array.from({ length: count * width }, () => random.normal());
  return { count, width, data };
}

const row = ({ data, width }: Points, i: number) => data.subarray(i * width, (i + 1) * width);
const distance = (points: Points, a: number, b: number) =>
  Math.hypot(...row(points, a).map((value, c) => value - row(points, b)[c]!));

describe('greedyCoreset', () => {
  it('always takes the point that is farthest from all taken', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 30 }), fc.nat(), (count, seed) => {
        const points = cloud(count, 3, seed);
        const start = distanceNorms(points);
        const chosen = [...greedyCoreset(points, count, start)];
        expect([...chosen].sort((a, b) => a - b)).toEqual([...Array(count).keys()]);
        for (let i = 1; i < count; i++) {
          const taken = chosen.slice(0, i);
          const gap = (point: number) =>
            Math.min(start[point]!, ...taken.map((other) => distance(points, point, other)));
          const open = [...Array(count).keys()].filter((point) => !taken.includes(point));
          expect(gap(chosen[i]!)).toBeGreaterThanOrEqual(Math.max(...open.map(gap)) - 1e-5);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('covers within twice the best possible radius', () => {
    const points = cloud(11, 2, 5);
    const radius = (centres: readonly number[]) =>
      Math.max(
        ...Array.from({ length: points.count }, (_, point) =>
          Math.min(...centres.map((centre) => distance(points, point, centre))),
        ),
      );
    let best = Number.POSITIVE_INFINITY;
    for (let a = 0; a < 11; a++)
      for (let b = a + 1; b < 11; b++)
        for (let c = b + 1; c < 11; c++) best = Math.min(best, radius([a, b, c]));
    const far = new Float64Array(11).fill(Number.POSITIVE_INFINITY);
    expect(radius([...greedyCoreset(points, 3, far)])).toBeLessThanOrEqual(2 * best + 1e-6);
  });

  it('takes no point twice where points coincide, and no more than there are', () => {
    const points = { count: 4, width: 2, data: new Float32Array(8) };
    const chosen = greedyCoreset(points, 9, new Float64Array(4));
    expect([...chosen].sort()).toEqual([0, 1, 2, 3]);
  });

  it('stops when it is told to', () => {
    const points = cloud(5, 2, 1);
    const start = distanceNorms(points);
    expect(() => greedyCoreset(points, 2, start, AbortSignal.abort())).toThrow('Interrupted');
  });
});

describe('the first distances', () => {
  const points = cloud(7, 4, 3);
  const all = [...Array(7).keys()];

  it('are means to some points, or norms over all', () => {
    const means = all.map((i) => (distance(points, i, 2) + distance(points, i, 6)) / 2);
    expectClose(meanDistances(points, [2, 6]), means, 1e-6);
    const norms = all.map((i) => Math.hypot(...all.map((j) => distance(points, i, j))));
    expectClose(distanceNorms(points), norms, 1e-6);
  });
});

describe('randomProjection', () => {
  it('keeps distances about as they are', () => {
    const points = cloud(20, 600, 2);
    const fewer = randomProjection(points, 200, new Random(1, 'projection'));
    expect(fewer.width).toBe(200);
    for (let i = 1; i < 20; i++) {
      const ratio = distance(fewer, 0, i) / distance(points, 0, i);
      expect(Math.abs(ratio - 1)).toBeLessThan(0.25);
    }
    expect(randomProjection(fewer, 200, new Random(1))).toBe(fewer);
  });
});
