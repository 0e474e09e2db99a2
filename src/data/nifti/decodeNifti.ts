import { IqeError } from '../../base/errors.js';
import { inflateAtMost } from '../dicom/boundedInflate.js';
import type { StoredVoxels } from './niftiDataTypes.js';
import { isNiftiHeader, longestHeader, type NiftiHeader, readNiftiHeader } from './niftiHeader.js';

/** One three-dimensional volume of a NIfTI file. */
export interface NiftiVolume {
  readonly header: NiftiHeader;
  /** Voxels along x, y, z as stored. */
  readonly shape: readonly [number, number, number];
  /** Which of `volumeCount` volumes, in the order in which they are stored. */
  readonly volume: number;
  /** The product of the dimensions behind the third. */
  readonly volumeCount: number;
  /** Values of a voxel: 1, or 3 for colours. */
  readonly channels: 1 | 3;
  /** x fastest, then y, then z; not scaled. */
  readonly stored: StoredVoxels;
}

/** Up to `length` bytes, from `skip` on, of what a gzip file expands to, as `inflateAtMost`. */
export type Gunzip = (bytes: Uint8Array, length: number, skip: number) => Uint8Array;

const portableGunzip: Gunzip = (bytes, length, skip) => inflateAtMost(bytes, 'gzip', length, skip);

/** A volume of more stored bytes is refused. */
const largestVolume = 2 ** 31;

/**
 * Decodes one volume of a NIfTI-1 or NIfTI-2 file, gzipped or not. Of a gzipped file no more than
 * that volume is kept in memory.
 *
 * @param options.volume From 0; default 0.
 * @param options.gunzip Default: one in JavaScript.
 * @throws {IqeError} `unreadable`: not NIfTI, damaged, cut off or too large. `usage`: no such volume.
 */
export function decodeNifti(
  bytes: Uint8Array,
  options: { readonly volume?: number; readonly gunzip?: Gunzip | undefined } = {},
): NiftiVolume {
  const { gunzip } = options;
  const header = readNiftiFileHeader(bytes, gunzip);
  const [x = 1, y = 1, z = 1, ...others] = header.shape;
  const volumeCount = others.reduce((product, size) => product * size, 1);
  const { volume = 0 } = options;
  if (!Number.isInteger(volume) || volume < 0 || volume >= volumeCount) {
    throw new IqeError('usage', `Volume ${volume} of a NIfTI file with ${volumeCount} volumes.`, {
      hint: `Volumes are counted from 0 to ${volumeCount - 1}.`,
    });
  }
  const voxels = x * y * z;
  const length = voxels * header.dataType.bytes;
  if (length > largestVolume) {
    throw new IqeError(
      'unreadable',
      `A volume of ${x} × ${y} × ${z} voxels takes ${length} bytes; at most ${largestVolume} are read.`,
    );
  }
  const start = header.dataOffset + volume * length;
  const data = expandedPart(bytes, start, length, gunzip);
  if (data.length < length) {
    throw new IqeError(
      'unreadable',
      `This NIfTI file is cut off: volume ${volume} of ${x} × ${y} × ${z} voxels needs ${length} bytes, ${data.length} are there.`,
    );
  }
  return {
    header,
    shape: [x, y, z],
    volume,
    volumeCount,
    channels: header.dataType.channels,
    stored: header.dataType.read(data, voxels, header.littleEndian),
  };
}

/**
 * The header of a NIfTI file, gzipped or not; its first few kilobytes are enough.
 *
 * @throws {IqeError} `unreadable`: not NIfTI, or damaged.
 */
export function readNiftiFileHeader(bytes: Uint8Array, gunzip?: Gunzip): NiftiHeader {
  return readNiftiHeader(expandedPart(bytes, 0, longestHeader, gunzip));
}

/** Whether `bytes` begin like a NIfTI file, gzipped or not, or like the header of a NIfTI pair. */
export function isNifti(bytes: Uint8Array, gunzip?: Gunzip): boolean {
  try {
    return isNiftiHeader(expandedPart(bytes, 0, longestHeader, gunzip));
  } catch {
    return false;
  }
}

/**
 * The value of channel `channel` of voxel (i, j, k): stored · slope + intercept in float64, colours
 * as they are stored.
 */
export function niftiValue(
  volume: NiftiVolume,
  i: number,
  j: number,
  k: number,
  channel = 0,
): number {
  const { shape, channels, stored, header } = volume;
  const value = stored[(i + shape[0] * (j + shape[1] * k)) * channels + channel] as number;
  return channels === 1 ? value * header.slope + header.intercept : value;
}

/** Up to `length` bytes of the uncompressed file from `start` on. */
function expandedPart(
  bytes: Uint8Array,
  start: number,
  length: number,
  gunzip = portableGunzip,
): Uint8Array {
  const gzipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return gzipped ? gunzip(bytes, length, start) : bytes.subarray(start, start + length);
}
