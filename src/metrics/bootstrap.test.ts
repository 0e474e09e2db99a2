import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../base/random.js';
import { auroc } from './auroc.js';
import {
  bootstrapIntervals,
  imageWeights,
  percentileInterval,
  type ResampledImage,
  resamples,
  resamplingUnits,
} from './bootstrap.js';
import { delong } from './delong.js';
import { RankedScores } from './thresholdCounts.js';

fc.configureGlobal({ seed: 1 });

const images = fc.array(
  fc
    .tuple(fc.boolean(), fc.option(fc.constantFrom('a', 'b', 'c', 'd'), { nil: undefined }))
    .map(
      ([abnormal, patient]): ResampledImage => ({ abnormal, patient, anomalousPixels: abnormal }),
    ),
  { minLength: 1, maxLength: 20 },
);

describe('resamplingUnits', () => {
  it('keeps the images of a patient together and leaves the others alone', () => {
    fc.assert(
      fc.property(images, (list) => {
        const { unitOf, count, strata } = resamplingUnits(list);
        for (const [i, one] of list.entries()) {
          for (const [j, other] of list.entries()) {
            const together =
              i === j || (one.patient !== undefined && one.patient === other.patient);
            expect(unitOf[i] === unitOf[j]).toBe(together);
          }
        }
        expect(strata.flat().sort((a, b) => a - b)).toEqual([...Array(count).keys()]);
      }),
    );
  });
});

describe('resamples', () => {
  it('have every class that the whole set has, and as many units of each stratum', () => {
    fc.assert(
      fc.property(images, fc.nat(1000), (list, seed) => {
        const units = resamplingUnits(list);
        const options = { random: new Random(seed), replicates: 5 };
        for (const weights of resamples(units, options)) {
          for (const stratum of units.strata) {
            const drawn = stratum.reduce((sum, unit) => sum + (weights[unit] as number), 0);
            expect(drawn).toBe(stratum.length);
          }
          const perImage = imageWeights(units, weights);
          for (const abnormal of [false, true]) {
            const there = list.some((image) => image.abnormal === abnormal);
            const drawn = list.some(
              (image, i) => image.abnormal === abnormal && (perImage[i] as number) > 0,
            );
            expect(drawn).toBe(there);
          }
        }
      }),
    );
  });

  it('stop when they are told to, and refuse to be none', () => {
    const units = resamplingUnits([{ abnormal: true }, { abnormal: false }]);
    const signal = AbortSignal.abort();
    const random = new Random(0);
    expect(() => [...resamples(units, { random, signal })]).toThrow('Interrupted');
    expect(() => [...resamples(units, { random, replicates: 0 })]).toThrow('0 bootstrap');
  });
});

describe('bootstrapIntervals', () => {
  it('is as wide as DeLong says where images are independent, and the same for a seed', () => {
    const { scores, labels } = drawn(400);
    const units = resamplingUnits(labels.map((label) => ({ abnormal: label === 1 })));
    const ranked = new RankedScores(scores, labels);
    const interval = (seed: number) =>
      bootstrapIntervals(
        units,
        (weights) => ({ auroc: auroc(ranked.counts(imageWeights(units, weights))) }),
        { random: new Random(seed, 'bootstrap'), replicates: 2000 },
      ).auroc as [number, number];
    const [low, high] = interval(1);
    const exact = delong(scores, labels);
    expect(Math.abs(low - (exact?.interval[0] as number))).toBeLessThan(0.006);
    expect(Math.abs(high - (exact?.interval[1] as number))).toBeLessThan(0.006);
    expect(interval(1)).toEqual([low, high]);
    expect(interval(2)).not.toEqual([low, high]);
  });

  it('is wider over patients whose images are alike', () => {
    const { scores, labels } = drawn(60);
    const repeated = <T>(list: readonly T[]) => list.flatMap((item) => [item, item, item, item]);
    const ranked = new RankedScores(repeated(scores), repeated(labels));
    const width = (known: boolean) => {
      const units = resamplingUnits(
        [...ranked.labels].map((label, i) => ({
          abnormal: label === 1,
          patient: known ? `patient ${Math.floor(i / 4)}` : undefined,
        })),
      );
      const { auroc: interval } = bootstrapIntervals(
        units,
        (weights) => ({ auroc: auroc(ranked.counts(imageWeights(units, weights))) }),
        { random: new Random(4) },
      );
      return (interval?.[1] as number) - (interval?.[0] as number);
    };
    expect(width(true) / width(false)).toBeGreaterThan(1.7); // √4, but for chance
  });

  it('leaves out what is undefined', () => {
    const units = resamplingUnits([{ abnormal: true }]);
    const metrics = () => ({ defined: 0.5, undefined: null });
    expect(bootstrapIntervals(units, metrics, { random: new Random(0) })).toEqual({
      defined: [0.5, 0.5],
    });
  });

  function drawn(n: number) {
    const random = new Random(9, 'bootstrap test');
    const labels = Array.from({ length: n }, (_, i) => (i % 3 === 0 ? 1 : 0));
    return { labels, scores: labels.map((label) => random.normal() + 1.2 * label) };
  }
});

describe('percentileInterval', () => {
  it('is linear between ranks', () => {
    const values = Array.from({ length: 41 }, (_, i) => 40 - i);
    expect(percentileInterval(values)).toEqual([1, 39]);
    expect(percentileInterval([3])).toEqual([3, 3]);
    expect(percentileInterval([0, 1])).toEqual([0.025, 0.975]);
  });
});
