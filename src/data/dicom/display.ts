import type { DataSet } from 'dicom-parser';
import type { RasterImage } from '../../base/image.js';
import { itemOf, macros, scopesOf } from './functionalGroups.js';
import type { ImageHeader } from './imageHeader.js';
import { type LookupTable, lookUp, readLookupTable } from './lookupTable.js';
import { extremes, type Samples } from './nativeSamples.js';
import { type DisplayWindow, windowed } from './window.js';

/**
 * Grey values as they are shown: by `window`, else by `table`, else from the smallest to the
 * largest value of the frame (padding values included); rounded half up, and turned to
 * 255 − grey for MONOCHROME1.
 */
export function displayGrey(
  values: Samples,
  header: ImageHeader,
  window: DisplayWindow | undefined,
  table: LookupTable | undefined,
): RasterImage {
  const grey = window
    ? (value: number) => windowed(value, window)
    : table
      ? (value: number) => (lookUp(table, value) / (2 ** table.bits - 1)) * 255
      : fullRange(values);
  const inverted = header.photometric === 'MONOCHROME1';
  const data = mapped(values, (value) => {
    const shown = Math.min(Math.floor(grey(value) + 0.5), 255);
    return inverted ? 255 - shown : shown;
  });
  return { width: header.columns, height: header.rows, channels: 1, data };
}

/** `byte` of every value; once for each integer, where there are fewer of them than values. */
function mapped(values: Samples, byte: (value: number) => number): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(values.length);
  const [low, high] = extremes(values);
  if (values instanceof Int32Array && high - low < values.length) {
    const table = Uint8Array.from({ length: high - low + 1 }, (_, index) => byte(low + index));
    for (let i = 0; i < values.length; i++) {
      data[i] = table[(values[i] as number) - low] as number;
    }
  } else {
    for (let i = 0; i < values.length; i++) data[i] = byte(values[i] as number);
  }
  return data;
}

/** (x − smallest) / (largest − smallest) · 255 over the finite values; 0 where all are the same. */
function fullRange(values: Samples): (value: number) => number {
  const [smallest, largest] = extremes(values);
  const range = largest - smallest;
  return (value) => (range > 0 ? Math.max(0, ((value - smallest) / range) * 255) : 0);
}

/** The VOI lookup table that the file states for `frame`, for whole modality values. */
export function readVoiTable(
  dataSet: DataSet,
  frame: number,
  functionalGroups: boolean,
  signed: boolean,
): LookupTable | undefined {
  for (const scope of scopesOf(dataSet, frame, macros.frameVoiLut, functionalGroups)) {
    const item = itemOf(scope, 'x00283010');
    const table = item && readLookupTable(item, 'x00283002', 'x00283006', signed);
    if (table !== undefined) return table;
  }
  return undefined;
}

/** RGB samples of any depth as 8 bits: v · 255 / (2^bits − 1), rounded half up. */
export function displayRgb(samples: Samples, bits: number): Uint8Array {
  const largest = 2 ** bits - 1;
  return Uint8Array.from(samples, (sample) => clipped((sample * 255) / largest));
}

/**
 * YBR_FULL samples as RGB of 8 bits (PS3.3 C.7.6.3.1.2): R = Y + 1.402 (Cr − ½),
 * G = Y − 0.114 · 1.772 / 0.587 (Cb − ½) − 0.299 · 1.402 / 0.587 (Cr − ½), B = Y + 1.772 (Cb − ½),
 * with ½ for the middle of the range (128), rounded half up.
 */
export function displayYbr(samples: Samples, bits: number): Uint8Array {
  const middle = 2 ** (bits - 1);
  const scale = 255 / (2 ** bits - 1);
  const data = new Uint8Array(samples.length);
  for (let i = 0; i < samples.length; i += 3) {
    const y = samples[i] as number;
    const cb = (samples[i + 1] as number) - middle;
    const cr = (samples[i + 2] as number) - middle;
    data[i] = clipped(scale * (y + 1.402 * cr));
    data[i + 1] = clipped(
      scale * (y - ((0.114 * 1.772) / 0.587) * cb - ((0.299 * 1.402) / 0.587) * cr),
    );
    data[i + 2] = clipped(scale * (y + 1.772 * cb));
  }
  return data;
}

function clipped(value: number): number {
  return Math.min(Math.max(Math.floor(value + 0.5), 0), 255);
}
