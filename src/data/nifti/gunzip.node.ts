import { constants, gunzipSync } from 'node:zlib';
import { inflateAtMost } from '../dicom/boundedInflate.js';
import type { Gunzip } from './decodeNifti.js';

/** For so few expanded bytes (a header) so many compressed ones are enough. */
const fewExpanded = 4096;
const fewCompressed = 8192;

/**
 * {@link inflateAtMost} of a gzip file by zlib, which is several times as fast. Whatever zlib does not
 * take (damage, or far more than is wanted) is left to the other, so that both give the same.
 */
export const zlibGunzip: Gunzip = (bytes, length, skip) => {
  const end = skip + length;
  const input = end <= fewExpanded ? bytes.subarray(0, fewCompressed) : bytes;
  try {
    const expanded = gunzipSync(input, {
      maxOutputLength: end + 1024 * fewCompressed,
      finishFlush: constants.Z_SYNC_FLUSH,
      chunkSize: Math.min(Math.max(end, 2 ** 14), 2 ** 20),
    });
    if (expanded.length >= end) {
      return new Uint8Array(expanded.buffer, expanded.byteOffset + skip, length);
    }
  } catch {
    // Said by the other, if it is an error there too.
  }
  return inflateAtMost(bytes, 'gzip', length, skip);
};
