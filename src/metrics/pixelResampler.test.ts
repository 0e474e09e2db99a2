import { describe, expect, it } from 'vitest';
import { Random } from '../base/random.js';
import { countPixels } from './aupro.js';
import { resamples, resamplingUnits } from './bootstrap.js';
import { pixelMetrics } from './metricSets.js';
import { type ScoredMap, separatePixels } from './pixelClasses.js';
import { PixelResampler } from './pixelResampler.js';
import { sketchPixels } from './pixelSketch.js';
import { PixelStatistics } from './pixelStatistics.js';

const SIZE = 48;

/** Half of the maps with a square of higher scores; every image has a level of its own. */
function drawnMaps(count: number, size: number): ScoredMap[] {
  const random = new Random(21, 'resampled maps');
  return Array.from({ length: count }, (_, image) => {
    const mask = new Uint8Array(size * size);
    const side = image % 2 === 0 ? 0 : 2 + random.integer(size / 4);
    const corner = random.integer(size - side);
    for (let y = 0; y < side; y++) mask.fill(1, (corner + y) * size, (corner + y) * size + side);
    const level = random.normal() / 2;
    const data = Float32Array.from(mask, (inside) => random.normal() + level + 2 * inside);
    return {
      map: { width: size, height: size, data },
      mask: { width: size, height: size, data: mask },
    };
  });
}

function resampler(maps: readonly ScoredMap[], patients: number) {
  const statistics = new PixelStatistics();
  const sketches = maps.map((map) => sketchPixels(statistics.add(map)));
  const units = resamplingUnits(
    maps.map((_, i) => ({
      abnormal: i % 2 === 1,
      patient: `${i % patients}`,
      anomalousPixels: i % 2 === 1,
    })),
  );
  return { units, resampler: new PixelResampler(statistics.counts(), sketches, units) };
}

const repeated = (
  maps: readonly ScoredMap[],
  units: { unitOf: Uint32Array },
  weights: Float64Array,
) =>
  maps.flatMap((map, i) =>
    new Array<ScoredMap>(weights[units.unitOf[i] as number] as number).fill(map),
  );

describe('PixelResampler', () => {
  it('follows the exact metrics of every resample closely', () => {
    const maps = drawnMaps(24, SIZE);
    const { units, resampler: sketched } = resampler(maps, 12);
    const exactWhole = pixelMetrics(countPixels(maps), 0.3);
    const whole = pixelMetrics(sketched.counts(new Float64Array(units.count).fill(1)), 0.3);
    for (const weights of resamples(units, { random: new Random(1), replicates: 8 })) {
      const exact = pixelMetrics(countPixels(repeated(maps, units, weights)), 0.3);
      const rough = pixelMetrics(sketched.counts(weights), 0.3);
      for (const key of ['auroc', 'ap', 'aupro', 'f1Max'] as const) {
        const shifted =
          (rough[key] as number) + (exactWhole[key] as number) - (whole[key] as number);
        expect(Math.abs(shifted - (exact[key] as number)), key).toBeLessThan(0.002);
      }
    }
  });

  it('counts pixels and regions of a resample exactly', () => {
    const maps = drawnMaps(10, 16);
    const { units, resampler: sketched } = resampler(maps, 10);
    for (const weights of resamples(units, { random: new Random(2), replicates: 3 })) {
      const exact = countPixels(repeated(maps, units, weights));
      const rough = sketched.counts(weights);
      expect(rough.positives).toBe(exact.positives);
      expect(rough.negatives).toBe(exact.negatives);
      expect(rough.regions).toBe(exact.regions);
      expect(rough.coverage.at(-1)).toBeCloseTo(exact.regions, 5);
    }
  });

  it('takes images without pixels for nothing', () => {
    const maps = drawnMaps(4, 16);
    const statistics = new PixelStatistics();
    const sketches = maps.map((map) => sketchPixels(statistics.add(map)));
    const units = resamplingUnits([...maps, null].map((_, i) => ({ abnormal: i % 2 === 1 })));
    const sketched = new PixelResampler(statistics.counts(), [...sketches, null], units);
    const counts = sketched.counts(Float64Array.of(1, 1, 1, 1, 7));
    expect(counts.positives + counts.negatives).toBe(4 * 16 * 16);
  });
});

describe('sketchPixels', () => {
  it('keeps a small image whole and a large one in a few hundred groups', () => {
    const scores = Float32Array.from({ length: 100 }, (_, i) => (i * 37) % 101);
    const pixels = (map: Float32Array, width: number) =>
      sketchPixels(separatePixels({ map: { width, height: map.length / width, data: map } }, 8));
    const small = pixels(scores, 10);
    expect(small.negatives.scores).toEqual(scores.slice().sort().reverse());
    const large = pixels(
      Float32Array.from({ length: 240 * 240 }, (_, i) => Math.sin(i)),
      240,
    );
    expect(large.negatives.scores.length).toBeLessThan(400);
    expect(large.negatives.counts.reduce((sum, count) => sum + count, 0)).toBe(240 * 240);
  });
});
