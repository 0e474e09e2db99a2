import { Gunzip, Inflate } from 'fflate';
import { IqeError, messageOf } from '../../base/errors.js';

/** Compressed bytes handed over at a time: deflate expands at most 1032-fold, so at most 68 MB come back. */
const sliceLength = 65_536;

/**
 * The first `length` bytes of what `compressed` expands to; fewer where it ends before, and so the
 * beginning of a gzip file gives the beginning of what is in it. What lies behind is not expanded, so
 * a small file cannot ask for a large memory.
 *
 * @param format `deflate` without a header, or `gzip`.
 * @param skip Expanded bytes to leave out before the first.
 * @throws {IqeError} `unreadable`: `compressed` is damaged; a cut-off `deflate` stream is.
 */
export function inflateAtMost(
  compressed: Uint8Array,
  format: 'deflate' | 'gzip',
  length: number,
  skip = 0,
): Uint8Array<ArrayBuffer> {
  let target = new Uint8Array(Math.min(length, 8 * compressed.length));
  let expanded = 0;
  const take = (chunk: Uint8Array) => {
    const from = Math.max(0, skip - expanded);
    const at = Math.max(0, expanded - skip);
    expanded += chunk.length;
    const part = chunk.subarray(from, from + length - at);
    if (part.length === 0) return;
    target = grown(target, at + part.length, length);
    target.set(part, at);
  };
  const stream = format === 'gzip' ? new Gunzip(take) : new Inflate(take);
  try {
    for (let at = 0; at < compressed.length && expanded < skip + length; at += sliceLength) {
      const end = Math.min(at + sliceLength, compressed.length);
      stream.push(compressed.subarray(at, end), format === 'deflate' && end === compressed.length);
    }
  } catch (error) {
    throw new IqeError('unreadable', `The compressed data is damaged (${messageOf(error)}).`, {
      cause: error,
    });
  }
  return target.subarray(0, Math.min(length, Math.max(0, expanded - skip)));
}

/** `bytes`, or a copy of at least `needed` and at most `limit` bytes, doubling. */
function grown(
  bytes: Uint8Array<ArrayBuffer>,
  needed: number,
  limit: number,
): Uint8Array<ArrayBuffer> {
  if (needed <= bytes.length) return bytes;
  const larger = new Uint8Array(Math.min(limit, Math.max(needed, 2 * bytes.length)));
  larger.set(bytes);
  return larger;
}
