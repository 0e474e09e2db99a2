import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../base/random.js';
import { changeIntensity, pastePart, pushAside, synthesiseAnomaly } from './anomalies.js';
import { drawBlob, drawConvexShape, isInside, stepsToEdge } from './shapes.js';

const size = 40;
const pixels = size * size;
const seeds = fc.integer({ min: 0, max: 1e6 });
const runs = { numRuns: 30 };

/** An image of smooth waves. */
const waves = (phase = 0) =>
  Float32Array.from({ length: pixels }, (_, i) => {
    return 0.5 + 0.4 * Math.sin((i % size) / 5 + phase) * Math.cos(Math.floor(i / size) / 7);
  });
const planes = (image: Float32Array) => Float32Array.from([...image, ...image, ...image]);

describe('the shapes of anomalies', () => {
  it('are blobs that fill a good part of their box, and nothing outside', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { mask, box } = drawBlob(size, [0.1, 0.6], new Random(seed));
        const [left, top, width, height] = box;
        let [inside, outside] = [0, 0];
        for (const [i, value] of mask.entries()) {
          const [x, y] = [i % size, Math.floor(i / size)];
          if (x >= left && x < left + width && y >= top && y < top + height) inside += value;
          else outside += value;
        }
        expect(outside).toBe(0);
        expect(inside).toBeGreaterThanOrEqual(0.2 * width * height);
        expect(Math.max(width, height)).toBeLessThanOrEqual(0.6 * size + 1);
      }),
      runs,
    );
  });

  it('are convex shapes inside of the image, whose edge is where it is said to be', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const random = new Random(seed);
        const shape = drawConvexShape(size, [0.2, 0.6], random);
        for (let i = 0; i < 50; i++) {
          const angle = random.between(0, 2 * Math.PI);
          const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
          const steps = stepsToEdge(shape, shape.centre, dx, dy);
          const at = (part: number) =>
            [shape.centre[0] + part * steps * dx, shape.centre[1] + part * steps * dy] as const;
          expect(isInside(shape, ...at(0.999))).toBe(true);
          expect(isInside(shape, ...at(1.001))).toBe(false);
          // From another point inside, in the same direction.
          const from = at(-0.5 * Math.min(1, stepsToEdge(shape, shape.centre, -dx, -dy) / steps));
          const further = stepsToEdge(shape, from, dx, dy);
          expect(from[0] + further * dx).toBeCloseTo(at(1)[0], 6);
          for (const value of at(1)) {
            expect(value).toBeGreaterThanOrEqual(-1e-6);
            expect(value).toBeLessThanOrEqual(size - 1 + 1e-6);
          }
        }
      }),
      runs,
    );
  });
});

describe.each([
  ['pasted parts', pastePart.bind(undefined, waves(2))],
  ['changed intensities', changeIntensity],
  ['tissue pushed aside', pushAside],
])('%s', (_name, anomaly) => {
  it('change the image inside of the mask alone, and stay in its range', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const before = waves();
        const [image, mask] = [before.slice(), new Float32Array(pixels)];
        anomaly(image, mask, size, new Random(seed));
        const changed = image.map((value, i) => (Math.abs(value - before[i]!) > 0.5 / 255 ? 1 : 0));
        expect(changed.some((value, i) => value > mask[i]!)).toBe(false);
        expect(changed.includes(1)).toBe(true);
        expect(image.every((value) => value >= 0 && value <= 1)).toBe(true);
      }),
      runs,
    );
  });
});

describe('synthetic anomalies', () => {
  it('make things look larger where tissue is pushed aside', () => {
    // A ramp from the left: what moves away from p shows the values near p over a larger area.
    const ramp = Float32Array.from({ length: pixels }, (_, i) => (i % size) / size);
    const image = ramp.slice();
    const mask = new Float32Array(pixels);
    pushAside(image, mask, size, new Random(3));
    const spread = (values: Float32Array) => {
      const inside = values.filter((_, i) => mask[i] === 1);
      const mean = inside.reduce((a, b) => a + b, 0) / inside.length;
      return inside.reduce((a, b) => a + (b - mean) ** 2, 0) / inside.length;
    };
    expect(spread(image)).toBeLessThan(spread(ramp));
  });

  it('are of every kind, a quarter of the images without any', () => {
    const normal = [planes(waves()), planes(waves(1))];
    const random = new Random(1);
    const drawn = Array.from({ length: 200 }, (_, i) => synthesiseAnomaly(normal, i % 2, random));
    const untouched = drawn.filter(({ mask }) => mask.every((value) => value === 0));
    expect(untouched.length).toBeGreaterThan(30);
    expect(untouched.length).toBeLessThan(70);
    for (const { planes: result, mask } of drawn) {
      expect(result.slice(0, pixels)).toEqual(result.slice(2 * pixels));
      expect(mask.every((value) => value === 0 || value === 1)).toBe(true);
    }
  });

  it('are the same for the same seed, and leave normal images as they are', () => {
    const image = planes(waves());
    const copy = image.slice();
    const twice = [1, 2].map(() => synthesiseAnomaly([image], 0, new Random(7)));
    expect(twice[0]).toEqual(twice[1]);
    expect(image).toEqual(copy);
  });
});
