import { IqeError } from '../../base/errors.js';
import { chosenWindow, type WindowPreset } from '../dicom/window.js';
import type { NiftiVolume } from './decodeNifti.js';

/** Values shown: `low` and below black, `high` and above white, in proportion between them. */
export interface ValueRange {
  readonly low: number;
  readonly high: number;
}

/** A range, two percentiles of the whole volume, or the name of a window for CT. */
export type NiftiWindow =
  | ValueRange
  | { readonly percentiles: readonly [number, number] }
  | WindowPreset;

/** Percentiles are taken from at most this many voxels. */
const mostSamples = 2 ** 20;

/**
 * The range that `window` means for `volume`. Percentiles, linear between ranks, are those of every
 * n-th finite value, with n such that at most 2²⁰ are taken; default 0.5 and 99.5. Where the two are
 * the same (most voxels of a mask), as for 0 and 100, the range is from the smallest to the largest
 * of all finite values.
 *
 * For many slices, call this once and pass the range on.
 *
 * @throws {IqeError} `usage`: a range or percentiles in the wrong order.
 */
export function niftiRange(
  volume: NiftiVolume,
  window: NiftiWindow = { percentiles: [0.5, 99.5] },
): ValueRange {
  if (typeof window === 'string') {
    const preset = chosenWindow(window);
    if (preset === undefined) throw new IqeError('usage', `There is no window "${window}".`);
    const { center, width } = preset;
    return { low: center - width / 2, high: center + width / 2 };
  }
  if ('percentiles' in window) {
    const [first, last] = window.percentiles;
    if (!(first >= 0 && first < last && last <= 100)) {
      throw new IqeError(
        'usage',
        `Percentiles ${first} and ${last}; expected 0 ≤ low < high ≤ 100.`,
      );
    }
    if (first > 0 || last < 100) {
      const values = sampledValues(volume);
      const [low, high] = [percentile(values, first), percentile(values, last)];
      if (low < high) return { low, high };
    }
    return wholeRange(volume);
  }
  if (!(window.low < window.high)) {
    throw new IqeError(
      'usage',
      `A range from ${window.low} to ${window.high}; expected low < high.`,
    );
  }
  return window;
}

/** Grey from 0 to 255, rounded half up; 0 where `value` is no number. */
export function greyIn(range: ValueRange, value: number): number {
  const { low, high } = range;
  if (!(value > low)) return 0;
  return value >= high ? 255 : Math.floor(((value - low) / (high - low)) * 255 + 0.5);
}

function sampledValues(volume: NiftiVolume): Float64Array {
  const { stored, header } = volume;
  const step = Math.ceil(stored.length / mostSamples);
  const values = new Float64Array(Math.ceil(stored.length / step));
  let count = 0;
  for (let i = 0; i < stored.length; i += step) {
    const value = (stored[i] as number) * header.slope + header.intercept;
    if (Number.isFinite(value)) values[count++] = value;
  }
  return values.subarray(0, count);
}

/** From the smallest to the largest finite value, and one more where they are the same. */
function wholeRange({ stored, header }: NiftiVolume): ValueRange {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < stored.length; i++) {
    const value = (stored[i] as number) * header.slope + header.intercept;
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low < high) return { low, high };
  const only = low === high ? low : 0;
  return { low: only, high: only + 1 };
}

/** Linear between ranks. Changes the order of `values`. */
function percentile(values: Float64Array, percent: number): number {
  if (values.length === 0) return 0;
  const rank = ((values.length - 1) * percent) / 100;
  const place = Math.floor(rank);
  const below = smallest(values, place);
  if (rank === place) return below;
  const above = values.subarray(place + 1).reduce((a, b) => Math.min(a, b));
  return below + (above - below) * (rank - place);
}

/**
 * The value at `place` in ascending order (Hoare's selection: on average in linear time); then none
 * before it is larger, and none behind it smaller.
 */
function smallest(values: Float64Array, place: number): number {
  let first = 0;
  let last = values.length - 1;
  while (first < last) {
    const pivot = values[(first + last) >>> 1] as number;
    let up = first;
    let down = last;
    while (up <= down) {
      while ((values[up] as number) < pivot) up++;
      while ((values[down] as number) > pivot) down--;
      if (up > down) break;
      const value = values[up] as number;
      values[up++] = values[down] as number;
      values[down--] = value;
    }
    if (place <= down) last = down;
    else if (place >= up) first = up;
    else break;
  }
  return values[place] as number;
}
