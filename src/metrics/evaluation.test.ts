import { describe, expect, it } from 'vitest';
import { Random } from '../base/random.js';
import { aupro, countPixels } from './aupro.js';
import { auroc } from './auroc.js';
import {
  type EvaluatedImage,
  EvaluationAccumulator,
  evaluateImages,
  metricValues,
} from './evaluation.js';
import { countThresholds } from './thresholdCounts.js';

const SIZE = 24;

/** Every second image abnormal, with a square of higher scores. */
function drawnImages(count: number, seed = 0): EvaluatedImage[] {
  const random = new Random(seed, 'evaluated');
  return Array.from({ length: count }, (_, i) => {
    const label = (i % 2) as 0 | 1;
    const mask = new Float32Array(SIZE * SIZE);
    for (let y = 4; label === 1 && y < 12; y++) mask.fill(1, y * SIZE + 3, y * SIZE + 11);
    return {
      score: random.normal() + 1.5 * label,
      label,
      map: { width: SIZE, height: SIZE, data: mask.map((inside) => random.normal() + inside) },
      mask: label === 1 ? { width: SIZE, height: SIZE, data: mask } : null,
    };
  });
}

describe('evaluateImages', () => {
  it('has the metrics of scores and maps, and the shape that the command line prints', () => {
    const images = drawnImages(20);
    const result = evaluateImages(images, { threshold: 0.75, pixelThreshold: 0.5 });
    const counts = countThresholds(
      images.map(({ score }) => score),
      images.map(({ label }) => label),
    );
    const pixels = countPixels(
      images.map(({ map, mask }) => ({ map: map as NonNullable<typeof map>, mask })),
    );
    expect(result.n).toEqual({ normal: 10, abnormal: 10, patients: null });
    expect(result.image.auroc).toBe(auroc(counts));
    expect(result.pixel?.auroc).toBe(auroc(pixels));
    expect(result.pixel?.aupro).toBeCloseTo(aupro(pixels, 0.3) as number, 12);
    expect(result.pixel).toMatchObject({ images: 20, regions: 10 });
    expect(result.intervals).toEqual({});
    expect(result.threshold).toBe(0.75);
    expect(result.decisions?.confusion.truePositives).toBe(
      images.filter(({ score, label }) => label === 1 && score >= 0.75).length,
    );
    const reached = images.flatMap(({ map }) => [...(map?.data ?? [])]).filter((s) => s >= 0.5);
    const confusion = result.pixelDecisions?.confusion;
    expect((confusion?.truePositives ?? 0) + (confusion?.falsePositives ?? 0)).toBe(reached.length);
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  });

  it('gives every metric an interval around it, the same for a seed', () => {
    const images = drawnImages(30);
    const options = { threshold: 0.75, pixelThreshold: 0.5, replicates: 200 };
    const evaluated = () => evaluateImages(images, { ...options, random: new Random(1) });
    const result = evaluated();
    expect(result.resampled).toBe('images');
    for (const [name, value] of Object.entries(metricValues(result))) {
      const [low, high] = result.intervals[name] as [number, number];
      expect(low, name).toBeLessThanOrEqual(value as number);
      expect(high, name).toBeGreaterThanOrEqual(value as number);
      expect(high - low, name).toBeGreaterThan(0);
    }
    expect(result.intervals['image.auroc.delong']).toBeDefined();
    expect(evaluated()).toEqual(result);
  });

  it('ranks by raw scores, which do not tie, and decides by the others', () => {
    const images = drawnImages(30);
    const saturated = images.map((image) => ({
      ...image,
      rawScore: image.score,
      score: image.score > 0 ? 1 : 0,
    }));
    const options = { threshold: 1, replicates: 50 };
    const evaluated = (list: EvaluatedImage[]) =>
      evaluateImages(list, { ...options, random: new Random(1) });
    const raw = evaluated(images);
    const result = evaluated(saturated);
    expect(result.image).toEqual(raw.image);
    expect(result.intervals['image.auroc']).toEqual(raw.intervals['image.auroc']);
    expect(result.intervals['image.auroc.delong']).toEqual(raw.intervals['image.auroc.delong']);
    const { truePositives, falsePositives } = result.decisions!.confusion;
    expect(truePositives + falsePositives).toBe(images.filter(({ score }) => score > 0).length);
    expect(result.intervals['decisions.sensitivity']).not.toEqual(
      raw.intervals['decisions.sensitivity'],
    );
  });

  it.each([
    [1, false],
    [2, false],
    [3, true],
  ])('of %i abnormal patients among many normal ones it gives intervals: %s', (count, given) => {
    const images = drawnImages(24).map((image, i) => ({
      ...image,
      patient: image.label === 1 ? `a${i % (2 * count)}` : `n${i}`,
    }));
    const result = evaluateImages(images, { random: new Random(1), replicates: 20 });
    expect(result.image.auroc).not.toBeNull();
    expect(Object.keys(result.intervals).length > 0).toBe(given);
    expect(result.resampled).toBe(given ? 'patients' : null);
  });

  it('resamples patients where they are known, and leaves DeLong to independent images', () => {
    const images = drawnImages(24).map((image, i) => ({
      ...image,
      patient: `p${Math.floor(i / 4)}`,
    }));
    const result = evaluateImages(images, { random: new Random(1), replicates: 50 });
    expect(result.n.patients).toBe(6);
    expect(result.resampled).toBe('patients');
    expect(result.intervals['image.auroc.delong']).toBeUndefined();
  });

  it('has no pixel metrics without masks, and leaves out an abnormal image that lacks its own', () => {
    const unmasked = drawnImages(10).map((image) => ({ ...image, mask: null }));
    expect(evaluateImages(unmasked).pixel).toBeNull();
    expect(evaluateImages(unmasked, { pixelThreshold: 0 }).pixelDecisions).toBeNull();
    const images = drawnImages(10);
    const lacking = images.map((image, i) => (i === 3 ? { ...image, mask: null } : image));
    const without = images.map((image, i) => (i === 3 ? { ...image, map: null } : image));
    expect(evaluateImages(lacking).pixel?.images).toBe(9);
    expect(evaluateImages(lacking)).toEqual(evaluateImages(without));
  });

  it('has null for image metrics of one class, and pixel metrics all the same', () => {
    const abnormal = drawnImages(10).filter(({ label }) => label === 1);
    const result = evaluateImages(abnormal, { random: new Random(0), replicates: 20 });
    expect(result.image.auroc).toBeNull();
    expect(result.pixel?.auroc).toBeGreaterThan(0.5);
    expect(result.intervals['image.auroc']).toBeUndefined();
    expect(result.intervals['pixel.auroc']).toBeDefined();
    expect(evaluateImages([]).image.auroc).toBeNull();
  });

  it('does without intervals of pixel metrics where it is told to', () => {
    const options = { pixelIntervals: false, random: new Random(0), replicates: 20 };
    const { intervals } = evaluateImages(drawnImages(10), options);
    expect(intervals['image.auroc']).toBeDefined();
    expect(intervals['pixel.auroc']).toBeUndefined();
  });
});

describe('EvaluationAccumulator', () => {
  it('refuses a limit of AUPRO that is no rate before it has counted anything', () => {
    expect(() => new EvaluationAccumulator({ auproLimit: 30 })).toThrow('not in (0, 1]');
  });

  it('is not changed by an image that it refuses', () => {
    const images = drawnImages(6);
    const accumulator = new EvaluationAccumulator();
    const map = { width: SIZE, height: SIZE, data: new Float32Array(SIZE * SIZE) };
    const broken: EvaluatedImage[] = [
      { score: Number.NaN, label: 0 },
      { score: 1, label: 0, map: { ...map, data: map.data.map(() => Number.NaN) } },
      { score: 1, label: 1, map, mask: { width: 2, height: 2, data: new Float32Array(4) } },
    ];
    for (const image of images) accumulator.add(image);
    for (const image of broken) expect(() => accumulator.add(image)).toThrow();
    expect(accumulator.result()).toEqual(evaluateImages(images));
  });
});
