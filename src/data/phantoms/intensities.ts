import type { RasterImage } from '../../base/image.js';

/** 0 up to `low`, 1 from `high`, smooth between. */
export function smoothStep(low: number, high: number, value: number): number {
  const t = Math.min(1, Math.max(0, (value - low) / (high - low)));
  return t * t * (3 - 2 * t);
}

/** `from` at t = 0, `to` at t = 1. */
export function mix(from: number, to: number, t: number): number {
  return from + (to - from) * t;
}

/**
 * `compute` sampled at `steps` + 1 places from `low` to `high` and interpolated between them: for
 * costly curves of one coordinate that are needed at every pixel. Constant outside.
 */
export function tabulated(
  compute: (x: number) => number,
  low: number,
  high: number,
  steps = 256,
): (x: number) => number {
  const table = Float64Array.from({ length: steps + 2 }, (_, i) =>
    compute(low + ((high - low) * Math.min(i, steps)) / steps),
  );
  const scale = steps / (high - low);
  return (x) => {
    const position = Math.min(steps, Math.max(0, (x - low) * scale));
    const k = Math.floor(position);
    const value = table[k] as number;
    return value + ((table[k + 1] as number) - value) * (position - k);
  };
}

/** A grey picture of a field: 0 and below is black, 1 and above white. */
export function greyImage(field: Float32Array, size: number): RasterImage {
  const data = new Uint8Array(size * size);
  for (let i = 0; i < data.length; i++) data[i] = toByte(field[i] as number);
  return { width: size, height: size, channels: 1, data };
}

/** A colour picture of three fields. */
export function colourImage(
  red: Float32Array,
  green: Float32Array,
  blue: Float32Array,
  size: number,
): RasterImage {
  const data = new Uint8Array(3 * size * size);
  for (let i = 0; i < size * size; i++) {
    data[3 * i] = toByte(red[i] as number);
    data[3 * i + 1] = toByte(green[i] as number);
    data[3 * i + 2] = toByte(blue[i] as number);
  }
  return { width: size, height: size, channels: 3, data };
}

/**
 * The 0/1 mask of a coverage field: at least half covered. Of something so small that it covers
 * half of no pixel, the pixels that it covers most; empty only where nothing is covered.
 */
export function maskOf(coverage: Float32Array): Uint8Array {
  const mask = new Uint8Array(coverage.length);
  let largest = 0;
  for (let i = 0; i < mask.length; i++) largest = Math.max(largest, coverage[i] as number);
  if (largest === 0) return mask;
  const least = Math.min(0.5, largest / 2);
  for (let i = 0; i < mask.length; i++) mask[i] = (coverage[i] as number) >= least ? 1 : 0;
  return mask;
}

/** The larger of two fields, pixel by pixel, written into `target`. */
export function joinInto(target: Float32Array, other: Float32Array): void {
  for (let i = 0; i < target.length; i++) {
    if ((other[i] as number) > (target[i] as number)) target[i] = other[i] as number;
  }
}

/** Brings `target` to `value` by `coverage`, pixel by pixel. */
export function blend(
  target: Float32Array,
  coverage: Float32Array,
  value: number | Float32Array,
  opacity = 1,
): void {
  for (let i = 0; i < target.length; i++) {
    const share = (coverage[i] as number) * opacity;
    if (share === 0) continue;
    const old = target[i] as number;
    const aim = typeof value === 'number' ? value : (value[i] as number);
    target[i] = old + (aim - old) * share;
  }
}

function toByte(value: number): number {
  return value <= 0 ? 0 : value >= 1 ? 255 : Math.round(255 * value);
}
