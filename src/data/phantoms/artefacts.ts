import type { Random } from '../../base/random.js';
import { gaussianBlur } from './blur.js';
import { noiseField, whiteNoise } from './noise.js';

/** Multiplies by a slow shading, `strength` its relative deviation: a receive coil's bias field. */
export function applyBiasField(
  field: Float32Array,
  size: number,
  strength: number,
  random: Random,
): void {
  const bias = noiseField(size, 1.6, 1.6, random);
  for (let i = 0; i < field.length; i++) {
    field[i] = (field[i] as number) * Math.max(0.3, 1 + strength * (bias[i] as number));
  }
}

/**
 * Magnitude of a complex signal with Gaussian noise of deviation `sigma` in both parts (Rician
 * noise): √((s + n₁)² + n₂²), so that black background becomes faint grey.
 */
export function applyRicianNoise(field: Float32Array, sigma: number, random: Random): void {
  const real = whiteNoise(field.length, random);
  const imaginary = whiteNoise(field.length, random);
  for (let i = 0; i < field.length; i++) {
    const a = (field[i] as number) + sigma * (real[i] as number);
    const b = sigma * (imaginary[i] as number);
    field[i] = Math.sqrt(a * a + b * b);
  }
}

/** Adds Gaussian noise of deviation `sigma`, correlated over `grain` pixels. */
export function applyGrain(
  field: Float32Array,
  size: number,
  sigma: number,
  grain: number,
  random: Random,
): void {
  const noise = grainField(size, grain, random);
  for (let i = 0; i < field.length; i++) {
    field[i] = (field[i] as number) + sigma * (noise[i] as number);
  }
}

/** White noise blurred over `grain` pixels (none below 0.15), of deviation about 1. */
export function grainField(size: number, grain: number, random: Random): Float32Array {
  const noise = whiteNoise(size * size, random);
  if (grain <= 0.15) return noise;
  const blurred = gaussianBlur(noise, size, size, grain);
  let power = 0;
  for (let i = 0; i < blurred.length; i++) power += (blurred[i] as number) ** 2;
  const unit = 1 / Math.sqrt(power / blurred.length);
  for (let i = 0; i < blurred.length; i++) blurred[i] = (blurred[i] as number) * unit;
  return blurred;
}

/**
 * Ghosts of motion: faint copies of the picture shifted along the phase direction (vertical, or
 * horizontal) by ± a fraction of the field of view, wrapping round.
 */
export function applyMotionGhosts(
  field: Float32Array,
  size: number,
  strength: number,
  random: Random,
): void {
  const source = Float32Array.from(field);
  const shift = Math.round(size * random.between(0.06, 0.3));
  const vertical = random.uniform() < 0.5;
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++) {
      const ahead = vertical ? ((y + shift) % size) * size + x : y * size + ((x + shift) % size);
      const behind = vertical
        ? ((y - shift + size) % size) * size + x
        : y * size + ((x - shift + size) % size);
      field[i] =
        (field[i] as number) * (1 - strength) +
        strength * 0.5 * ((source[ahead] as number) + (source[behind] as number));
    }
  }
}
