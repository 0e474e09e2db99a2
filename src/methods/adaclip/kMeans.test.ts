import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../base/random.js';
import { kMeans } from './kMeans.js';

const width = 2;

function means(points: Float32Array, labels: Int32Array, clusters: number): number[][] {
  return Array.from({ length: clusters }, (_, cluster) => {
    const own = [...labels.keys()].filter((point) => labels[point] === cluster);
    return [0, 1].map(
      (c) => own.reduce((sum, point) => sum + points[point * width + c]!, 0) / own.length,
    );
  });
}

describe('kMeans', () => {
  it('leaves every point with the nearest mean, and no cluster empty', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 6, max: 30 }),
        fc.nat(),
        (clusters, count, seed) => {
          const random = new Random(seed, 'points');
          const points = Float32Array.from({ length: count * width }, () => random.normal());
          const labels = kMeans(points, width, clusters, new Random(seed, 'start'));
          expect(new Set(labels).size).toBe(clusters);
          const centres = means(points, labels, clusters);
          const distance = (point: number, [x, y]: readonly number[]) =>
            Math.hypot(points[point * width]! - x!, points[point * width + 1]! - y!);
          for (let point = 0; point < count; point++) {
            const nearest = Math.min(...centres.map((centre) => distance(point, centre)));
            expect(distance(point, centres[labels[point]!]!)).toBeLessThan(nearest + 1e-5);
          }
        },
      ),
    );
  });

  it('finds clusters that lie far apart', () => {
    const random = new Random(1, 'groups');
    const centres = [
      [0, 0],
      [50, 0],
      [0, 50],
    ];
    const points = Float32Array.from(
      Array.from({ length: 30 }, (_, i) => centres[i % 3]!.map((c) => c + random.normal())).flat(),
    );
    const labels = kMeans(points, width, 3, new Random(2, 'start'));
    for (let i = 3; i < 30; i++) expect(labels[i]).toBe(labels[i % 3]);
    expect(new Set(labels.subarray(0, 3)).size).toBe(3);
    expect(kMeans(points, width, 3, new Random(2, 'start'))).toEqual(labels);
  });

  it('ends where points coincide', () => {
    const labels = kMeans(new Float32Array(8), width, 3, new Random(1));
    expect(labels).toHaveLength(4);
    expect([...labels].every((label) => label >= 0 && label < 3)).toBe(true);
  });
});
