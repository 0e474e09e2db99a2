import { describe, expect, it } from 'vitest';
import { Random } from '../../base/random.js';
import { crossValidateProbe, fewShotProbe, measureProbe, type ProbedImage } from './linearProbe.js';

const grid = 4;
const size = 16;

/** Images whose first feature tells their label, and patches whose first tells theirs, by `signal`. */
function images(count: number, signal: number, seed: number, masks = true): ProbedImage[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, index) => {
    const label = index % 2 === 0 ? 0 : 1;
    const vector = Float32Array.from({ length: 5 }, () => random.normal());
    vector[0]! += signal * label;
    const lesion = label === 1 ? random.integer(grid * grid) : -1;
    const features = Float32Array.from({ length: 3 * grid * grid }, () => random.normal());
    if (lesion >= 0) features[3 * lesion]! += signal;
    const coverage = Float32Array.from({ length: grid * grid }, (_, k) => (k === lesion ? 1 : 0));
    const patch = (y: number, x: number) =>
      Math.floor((y * grid) / size) * grid + Math.floor((x * grid) / size);
    const mask = Float32Array.from({ length: size * size }, (_, at) =>
      patch(Math.floor(at / size), at % size) === lesion ? 1 : 0,
    );
    return {
      label,
      patient: null,
      vector,
      patches: masks ? { features, coverage, mask } : undefined,
    };
  });
}

describe('linear probes', () => {
  const informed = { fitted: images(40, 8, 1), tested: images(60, 8, 2) };
  const blind = { fitted: images(40, 0, 3), tested: images(60, 0, 4) };

  it('tell images and pixels apart where features do, and not where they do not', () => {
    const known = measureProbe(informed.fitted, informed.tested, new Random(0));
    expect(known.image).toBeGreaterThan(0.99);
    expect(known.pixel).toBeGreaterThan(0.9);
    const unknown = measureProbe(blind.fitted, blind.tested, new Random(0));
    expect(Math.abs(unknown.image - 0.5)).toBeLessThan(0.2);
    expect(unknown.intervals.image![0]).toBeLessThan(unknown.image);
    expect(unknown.intervals.pixel![1]).toBeGreaterThan(unknown.pixel!);
  });

  it('have no pixel AUROC without masks', () => {
    const measured = measureProbe(images(20, 2, 5, false), images(20, 2, 6, false), new Random(0));
    expect(measured.pixel).toBeNull();
    expect(measured.intervals.pixel).toBeNull();
    expect(measured.image).toBeGreaterThan(0.6);
  });

  it('are cross-validated on images that they were not fitted to', () => {
    // More features than images: what was fitted is always told apart.
    const wide = images(16, 0, 7, false).map((image, index) => ({
      ...image,
      vector: Float32Array.from({ length: 64 }, (_, k) => new Random(index, k).normal()),
    }));
    expect(measureProbe(wide, wide, new Random(0)).image).toBe(1);
    expect(crossValidateProbe(wide, 4, new Random(0)).image).toBeLessThan(0.8);
    expect(crossValidateProbe(informed.fitted, 4, new Random(0)).image).toBeGreaterThan(0.95);
  });

  it('learn from few shots, the same for the same seed, less well than from all', () => {
    const options = { shots: 2, draws: 4 };
    const once = fewShotProbe(informed.fitted, informed.tested, options, new Random(1));
    expect(fewShotProbe(informed.fitted, informed.tested, options, new Random(1))).toEqual(once);
    const all = measureProbe(informed.fitted, informed.tested, new Random(0));
    expect(once.image).toBeLessThan(all.image);
    expect(once.deviation.image).toBeGreaterThan(0);
  });
});
