import { IqeError } from '../base/errors.js';

/**
 * How grey values deeper than 8 bits become 8 bits:
 * - `full`: of 16 bits the high byte, the same for every image, so that 12-bit data in a 16-bit
 *   file come out nearly black; of 32-bit integers and floats, which have no useful range of their
 *   own, from the image's smallest to its largest value.
 * - `percentiles`: from the lower to the upper percentile of the image's own values.
 */
export type IntensityRange = 'full' | { readonly percentiles: readonly [number, number] };

/** The range that readers take unless told otherwise: the central 99 % of the values. */
export const DEFAULT_INTENSITY_RANGE: IntensityRange = { percentiles: [0.5, 99.5] };

/**
 * The range that `text` names: `full`, or two percentiles such as `0.5,99.5`.
 *
 * @throws {IqeError} `usage`
 */
export function parseRange(text: string): IntensityRange {
  if (text.trim().toLowerCase() === 'full') return 'full';
  const parts = text.split(',').map((part) => (part.trim() ? Number(part) : Number.NaN));
  const [low = Number.NaN, high = Number.NaN] = parts;
  if (parts.length === 2 && low >= 0 && low < high && high <= 100) {
    return { percentiles: [low, high] };
  }
  throw new IqeError(
    'usage',
    `The range is "${text}"; expected full or percentiles LOW,HIGH with 0 ≤ LOW < HIGH ≤ 100.`,
  );
}

/**
 * out = round(255 · clip((v − low) / (high − low), 0, 1)) with low and high from `range`; all 0 where
 * low = high. Values that are not finite do not count for the range; −∞ and NaN become 0, +∞ 255.
 *
 * The p-th percentile of n values is the one of rank round(p / 100 · (n − 1)) in ascending order.
 */
export function toEightBits(
  values: Uint16Array | Float32Array,
  range: IntensityRange,
): Uint8Array<ArrayBuffer> {
  const output = new Uint8ClampedArray(values.length);
  if (range === 'full' && values instanceof Uint16Array) {
    for (let i = 0; i < values.length; i++) output[i] = (values[i] as number) >> 8;
    return new Uint8Array(output.buffer);
  }
  const [low, high] = bounds(values, range === 'full' ? [0, 100] : range.percentiles);
  const scale = high > low ? 255 / (high - low) : 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    // Not (value − low) alone: ∞ · 0 is no number, and a clamped array rounds half to even.
    output[i] = value <= low ? 0 : value >= high ? 255 : Math.floor((value - low) * scale + 0.5);
  }
  return new Uint8Array(output.buffer);
}

function bounds(
  values: Uint16Array | Float32Array,
  [lower, upper]: readonly [number, number],
): [number, number] {
  const finite = values instanceof Uint16Array ? values.slice() : values.filter(Number.isFinite);
  finite.sort();
  const at = (percent: number) => finite[Math.round((percent / 100) * (finite.length - 1))] ?? 0;
  return [at(lower), at(upper)];
}
