import type { Random } from '../../base/random.js';
import { gaussianSmoothing } from '../../nn/interpolation.js';
import type { SyntheticImage } from '../method.js';
import { drawBlob, drawConvexShape, isInside, stepsToEdge } from './shapes.js';

/*
 * The anomalies that MediCLIP draws into normal images: pasted parts of others, changed intensities,
 * tissue pushed aside, or none, all equally likely. Images are grey [S, S] in 0…1.
 */

/** Changes `image` in place, and sets `mask` to 1 where it did. */
type Anomaly = (image: Float32Array, mask: Float32Array, size: number, random: Random) => void;

/**
 * A normal image as MediCLIP trains on it: made grey, with one or two anomalies of one kind, or none.
 *
 * @param normal Planes [3, S, S] in 0…1 of all normal images, from which parts are pasted.
 * @param index Which of them is changed.
 */
export function synthesiseAnomaly(
  normal: readonly Float32Array[],
  index: number,
  random: Random,
): SyntheticImage {
  const image = grey(normal[index]!);
  const size = Math.round(Math.sqrt(image.length));
  const mask = new Float32Array(image.length);
  const pasted: Anomaly = (...target) => pastePart(grey(random.choose(normal)), ...target);
  const kinds: Anomaly[] = [pasted, changeIntensity, pushAside, () => {}];
  const anomaly = random.choose(kinds);
  const count = 1 + random.integer(2);
  for (let i = 0; i < count; i++) anomaly(image, mask, size, random);
  const planes = new Float32Array(3 * image.length);
  for (const channel of [0, 1, 2]) planes.set(image, channel * image.length);
  return { planes, mask };
}

/** 0.299 red + 0.587 green + 0.114 blue. */
function grey(planes: Float32Array): Float32Array {
  const pixels = planes.length / 3;
  return Float32Array.from(
    { length: pixels },
    (_, i) => 0.299 * planes[i]! + 0.587 * planes[pixels + i]! + 0.114 * planes[2 * pixels + i]!,
  );
}

/** Half a step of 8-bit grey: smaller changes are none. */
const visible = 0.5 / 255;

/** CutPaste: a blob is filled with a turned and scaled part of another image. */
export function pastePart(
  source: Float32Array,
  image: Float32Array,
  mask: Float32Array,
  size: number,
  random: Random,
): void {
  const blob = drawBlob(size, [0.1, 0.6], random);
  const [left, top, width, height] = blob.box;
  const angle = random.between(-Math.PI / 4, Math.PI / 4);
  const growth = 1 - 0.1 * Math.log(1 - random.uniform()); // 1 + Exp(0.1)
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)].map(Math.abs) as [number, number];
  const extent = [cos * width + sin * height, sin * width + cos * height] as const;
  const largest = (0.8 * size) / Math.max(...extent);
  const scale = Math.min(random.choose([growth, 1 / growth]), largest);
  const [centreX, centreY] = extent.map((length) => {
    const reach = (scale * length) / 2;
    return random.between(reach, size - 1 - reach);
  }) as [number, number];
  for (let y = top; y < top + height; y++) {
    for (let x = left; x < left + width; x++) {
      const i = y * size + x;
      if (!blob.mask[i]) continue;
      const [dx, dy] = [x - left - (width - 1) / 2, y - top - (height - 1) / 2];
      const value = sample(
        source,
        size,
        centreX + scale * (Math.cos(angle) * dx - Math.sin(angle) * dy),
        centreY + scale * (Math.sin(angle) * dx + Math.cos(angle) * dy),
      );
      if (Math.abs(value - image[i]!) > visible) mask[i] = 1;
      image[i] = value;
    }
  }
}

/**
 * Gaussian intensity change: x ← x + u · texture · blurred blob inside of a blob, with a texture of
 * blurred coin tosses stretched to 0…1 and |u| from 0.4 to 0.6.
 */
export function changeIntensity(
  image: Float32Array,
  mask: Float32Array,
  size: number,
  random: Random,
): void {
  const blob = drawBlob(size, [0.3, 0.8], random);
  const tosses = Float32Array.from(image, () => random.integer(2));
  const texture = blurred(tosses, size, random.choose([4, 7]));
  const low = texture.reduce((a, b) => Math.min(a, b));
  const range = texture.reduce((a, b) => Math.max(a, b)) - low;
  const strength = random.choose([1, -1]) * random.between(0.4, 0.6);
  const soft = blurred(Float32Array.from(blob.mask), size, random.between(1, 4));
  for (const [i, inside] of blob.mask.entries()) {
    if (!inside) continue;
    const change = (strength * soft[i]! * (texture[i]! - low)) / range;
    image[i] = Math.min(1, Math.max(0, image[i]! + change));
    mask[i] = 1;
  }
}

/**
 * Source deformation: inside of a convex shape, what lies at a distance d′ = D · (d/D)^f from a point p
 * moves out to d, D from p to the edge, f from √2 to 4.
 */
export function pushAside(
  image: Float32Array,
  mask: Float32Array,
  size: number,
  random: Random,
): void {
  const shape = drawConvexShape(size, [0.2, 0.6], random);
  const factor = 2 ** random.between(0.5, 2);
  const inside: number[] = [];
  for (let i = 0; i < image.length; i++) {
    if (isInside(shape, i % size, Math.floor(i / size))) inside.push(i);
  }
  if (inside.length === 0) return;
  const origin = random.choose(inside);
  const [x, y] = [origin % size, Math.floor(origin / size)];
  const before = image.slice();
  for (const i of inside) {
    mask[i] = 1;
    const [dx, dy] = [(i % size) - x, Math.floor(i / size) - y];
    if (dx === 0 && dy === 0) continue;
    const steps = Math.max(1, stepsToEdge(shape, [x, y], dx, dy)); // D / d
    const part = steps ** (1 - factor); // d′ / d
    image[i] = sample(before, size, x + part * dx, y + part * dy);
  }
}

/** The image between its pixels, bilinear; outside, its nearest pixel. */
function sample(image: Float32Array, size: number, x: number, y: number): number {
  const inside = (value: number) => Math.min(Math.max(value, 0), size - 1);
  const [left, top] = [Math.floor(inside(x)), Math.floor(inside(y))];
  const [right, bottom] = [inside(left + 1), inside(top + 1)];
  const [s, t] = [inside(x) - left, inside(y) - top];
  const along = (row: number) =>
    image[row * size + left]! * (1 - s) + image[row * size + right]! * s;
  return along(top) * (1 - t) + along(bottom) * t;
}

/** Gaussian smoothing along both axes. */
function blurred(image: Float32Array, size: number, sigma: number): Float32Array {
  const { data } = gaussianSmoothing(size, sigma);
  return alongColumns(alongColumns(image, size, data), size, data);
}

/** (A · x)ᵀ, so that applying it twice smooths along both axes. */
function alongColumns(x: Float32Array, size: number, matrix: Float32Array): Float32Array {
  const result = new Float32Array(x.length);
  for (let row = 0; row < size; row++) {
    for (let i = 0; i < size; i++) {
      const weight = matrix[row * size + i]!;
      if (weight === 0) continue;
      for (let column = 0; column < size; column++)
        result[column * size + row]! += weight * x[i * size + column]!;
    }
  }
  return result;
}
