import { IqeError } from '../../base/errors.js';
import type { ImageHeader } from './imageHeader.js';
import type { FrameBytes } from './pixelData.js';

/** Stored samples, pixel by pixel: `rows · columns · samplesPerPixel` of them. */
export type Samples = Int32Array | Float64Array;

/**
 * The samples of an uncompressed frame: bits (least significant first), bytes, 16- and 32-bit words
 * with their unused bits dropped and their sign extended, or floats.
 */
export function nativeSamples(
  frame: FrameBytes,
  header: ImageHeader,
  littleEndian: boolean,
): Samples {
  const stored = readStored(frame, header, littleEndian);
  if (frame.kind === 'integer') keepStoredBits(stored, header);
  if (header.photometric === 'YBR_FULL_422') return spreadChrominance(stored, header);
  return header.planar && header.samplesPerPixel === 3 ? interleaved(stored) : stored;
}

/**
 * Drops the bits of `samples` outside the stored ones and extends the sign, in place.
 *
 * @param samples Whole numbers; only those beyond 31 bits are in a Float64Array.
 */
export function keepStoredBits(
  samples: Samples,
  header: Pick<ImageHeader, 'bitsStored' | 'lowBit' | 'signed'>,
): void {
  const { bitsStored, lowBit, signed } = header;
  if (samples instanceof Float64Array) return;
  const left = 32 - bitsStored - lowBit;
  const right = 32 - bitsStored;
  for (let i = 0; i < samples.length; i++) {
    const raised = (samples[i] as number) << left;
    samples[i] = signed ? raised >> right : raised >>> right;
  }
}

function readStored(frame: FrameBytes, header: ImageHeader, littleEndian: boolean): Samples {
  const { bytes } = frame;
  const count = storedSamples(header);
  const needed = Math.ceil((count * header.bitsAllocated + frame.bitOffset) / 8);
  if (bytes.length < needed) {
    throw new IqeError(
      'unreadable',
      `A frame of ${header.columns} × ${header.rows} pixels needs ${needed} bytes, ${bytes.length} are there.`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (frame.kind !== 'integer') {
    const wide = frame.kind === 'float64';
    if (header.bitsAllocated !== (wide ? 64 : 32)) {
      throw new IqeError('unreadable', `${header.bitsAllocated} bits allocated for ${frame.kind}.`);
    }
    return Float64Array.from({ length: count }, (_, i) =>
      wide ? view.getFloat64(8 * i, littleEndian) : view.getFloat32(4 * i, littleEndian),
    );
  }
  const samples = new Int32Array(count);
  switch (header.bitsAllocated) {
    case 1:
      for (let i = 0; i < count; i++) {
        const bit = i + frame.bitOffset;
        samples[i] = ((bytes[bit >> 3] as number) >> (bit & 7)) & 1;
      }
      return samples;
    case 8:
      for (let i = 0; i < count; i++) samples[i] = bytes[i] as number;
      return samples;
    case 16:
      for (let i = 0; i < count; i++) samples[i] = view.getUint16(2 * i, littleEndian);
      return samples;
    case 32:
      if (!header.signed && header.bitsStored === 32) {
        return Float64Array.from({ length: count }, (_, i) => view.getUint32(4 * i, littleEndian));
      }
      for (let i = 0; i < count; i++) samples[i] = view.getInt32(4 * i, littleEndian);
      return samples;
    default:
      throw new IqeError(
        'unreadable',
        `${header.bitsAllocated} bits allocated for whole numbers; 1, 8, 16 and 32 can be read.`,
      );
  }
}

function storedSamples(header: ImageHeader): number {
  const pixels = header.rows * header.columns;
  return header.photometric === 'YBR_FULL_422' ? 2 * pixels : pixels * header.samplesPerPixel;
}

/** Y₀ Y₁ Cb Cr of two neighbouring pixels → Y₀ Cb Cr Y₁ Cb Cr. */
function spreadChrominance(stored: Samples, header: ImageHeader): Int32Array {
  const pixels = header.rows * header.columns;
  const samples = new Int32Array(3 * pixels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const pair = 4 * (pixel >> 1);
    samples[3 * pixel] = stored[pair + (pixel & 1)] as number;
    samples[3 * pixel + 1] = stored[pair + 2] as number;
    samples[3 * pixel + 2] = stored[pair + 3] as number;
  }
  return samples;
}

/** The smallest and the largest finite value; ∞ and −∞ where there is none. */
export function extremes(samples: Samples): [smallest: number, largest: number] {
  let smallest = Number.POSITIVE_INFINITY;
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < samples.length; i++) {
    const value = samples[i] as number;
    if (!Number.isFinite(value)) continue;
    if (value < smallest) smallest = value;
    if (value > largest) largest = value;
  }
  return [smallest, largest];
}

/** Three planes → pixel by pixel. */
export function interleaved<S extends Samples>(planes: S): S {
  const pixels = planes.length / 3;
  const samples = planes.slice() as S;
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let colour = 0; colour < 3; colour++) {
      samples[3 * pixel + colour] = planes[colour * pixels + pixel] as number;
    }
  }
  return samples;
}
