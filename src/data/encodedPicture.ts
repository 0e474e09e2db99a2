import { joinBytes } from '../base/bytes.js';

/** Whether `bytes` are a PNG of one grey channel (with alpha or without) of 16 bits. */
export function isSixteenBitGreyPng(bytes: Uint8Array): boolean {
  const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
  if (!signature.every((byte, index) => bytes[index] === byte)) return false;
  const [depth, colourType] = [bytes[24], bytes[25]];
  return depth === 16 && (colourType === 0 || colourType === 4);
}

/**
 * A JPEG without its EXIF segments, in which its orientation is, so that a decoder that turns pictures
 * leaves the pixels where they are; any other file as it is.
 */
export function withoutJpegExif(bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return bytes;
  const kept: Uint8Array[] = [bytes.subarray(0, 2)];
  let at = 2;
  // Segments FF xx LENGTH … up to the start of the scan (FF DA), where the entropy-coded data begin.
  while (bytes[at] === 0xff && bytes[at + 1] !== 0xda) {
    const length = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
    if (length < 2) break;
    const segment = bytes.subarray(at, at + 2 + length);
    const isExif = segment[1] === 0xe1 && exif.every((byte, index) => segment[4 + index] === byte);
    if (!isExif) kept.push(segment);
    at += 2 + length;
  }
  kept.push(bytes.subarray(at));
  return joinBytes(kept);
}

/** `Exif`, 0 */
const exif = [0x45, 0x78, 0x69, 0x66, 0x00];
