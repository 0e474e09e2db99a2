import { IqeError } from '../../base/errors.js';
import type { ImageHeader } from './imageHeader.js';
import type { FrameBytes } from './pixelData.js';

/**
 * Expands a frame of RLE Lossless (PS3.5 annex G): one segment for each byte of each sample, the
 * most significant byte first.
 *
 * @returns The frame as it would be stored uncompressed, little endian and pixel by pixel.
 * @throws {IqeError} `unreadable`: the segments do not fit the image or are cut off.
 */
export function expandRunLength(frame: FrameBytes, header: ImageHeader): FrameBytes {
  const { bytes } = frame;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const bytesPerSample = Math.ceil(header.bitsAllocated / 8);
  const segments = bytesPerSample * header.samplesPerPixel;
  if (bytes.length < 64 || view.getUint32(0, true) !== segments || segments > 15) {
    throw damaged(`${segments} segments expected`);
  }
  const pixels = header.rows * header.columns;
  const length = header.bitsAllocated === 1 ? Math.ceil(pixels / 8) : pixels;
  // Two bytes give at most 128.
  if (length * segments > 64 * bytes.length) throw damaged('too few bytes for the image');
  const expanded = new Uint8Array(length * segments);
  for (let segment = 0; segment < segments; segment++) {
    const start = view.getUint32(4 + 4 * segment, true);
    const end = segment + 1 < segments ? view.getUint32(8 + 4 * segment, true) : bytes.length;
    if (start < 64 || end < start || end > bytes.length) throw damaged('segments out of order');
    const sample = Math.floor(segment / bytesPerSample);
    const byte = bytesPerSample - 1 - (segment % bytesPerSample);
    const first = sample * bytesPerSample + byte;
    expandSegment(bytes.subarray(start, end), expanded, first, segments, length);
  }
  return { ...frame, bytes: expanded };
}

/** Writes `count` bytes at `first`, `first + step`, …: PackBits (PS3.5 G.3.2). */
function expandSegment(
  packed: Uint8Array,
  target: Uint8Array,
  first: number,
  step: number,
  count: number,
): void {
  let at = 0;
  let written = 0;
  while (written < count) {
    const control = packed[at++];
    if (control === undefined) throw damaged('a segment is cut off');
    if (control === 128) continue;
    const repeats = control > 128;
    const run = Math.min(repeats ? 257 - control : control + 1, count - written);
    if (at + (repeats ? 1 : run) > packed.length) throw damaged('a segment is cut off');
    for (let i = 0; i < run; i++) {
      target[first + step * written++] = packed[repeats ? at : at + i] as number;
    }
    at += repeats ? 1 : control + 1;
  }
}

function damaged(what: string): IqeError {
  return new IqeError('unreadable', `The run-length encoded pixel data is damaged: ${what}.`);
}
