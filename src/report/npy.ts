import { IqeError } from '../base/errors.js';
import type { PixelMap } from '../base/image.js';

const magic = '\x93NUMPY';
const prefixLength = 10; // magic, version (two bytes), header length (two bytes)

/**
 * `map` as a NumPy file: float32, shape [H, W], little endian, rows first, format version 1.0.
 * Source: numpy.lib.format. The data starts at a multiple of 64 bytes.
 */
export function encodeNpy(map: PixelMap): Uint8Array {
  const description = `{'descr': '<f4', 'fortran_order': False, 'shape': (${map.height}, ${map.width}), }`;
  const padding = 64 - ((prefixLength + description.length + 1) % 64);
  const header = `${description}${' '.repeat(padding % 64)}\n`;
  const dataStart = prefixLength + header.length;
  const bytes = new Uint8Array(dataStart + map.data.length * 4);
  const view = new DataView(bytes.buffer);
  writeAscii(bytes, 0, magic);
  bytes[6] = 1;
  view.setUint16(8, header.length, true);
  writeAscii(bytes, prefixLength, header);
  for (let index = 0; index < map.data.length; index++) {
    view.setFloat32(dataStart + index * 4, map.data[index] as number, true);
  }
  return bytes;
}

/**
 * Reads what {@link encodeNpy} writes: little-endian float32 of two dimensions, rows first.
 *
 * @throws {IqeError} `unreadable` for anything else
 */
export function decodeNpy(bytes: Uint8Array): PixelMap {
  const text = (start: number, end: number) => String.fromCharCode(...bytes.subarray(start, end));
  if (bytes.length < prefixLength || text(0, magic.length) !== magic || bytes[6] !== 1) {
    throw new IqeError('unreadable', 'Expected a NumPy file (.npy, version 1.0).');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const dataStart = prefixLength + view.getUint16(8, true);
  const header = text(prefixLength, dataStart);
  const shape = /'shape': \((\d+), (\d+)\)/.exec(header);
  if (!shape || !header.includes("'descr': '<f4'") || !header.includes("'fortran_order': False")) {
    throw new IqeError(
      'unreadable',
      `Expected a NumPy file of little-endian float32 with two dimensions, rows first; its header is ${header.trim()}`,
    );
  }
  const height = Number(shape[1]);
  const width = Number(shape[2]);
  if (bytes.length !== dataStart + 4 * height * width) {
    throw new IqeError(
      'unreadable',
      `A NumPy file of [${height}, ${width}] float32 has ${dataStart + 4 * height * width} bytes, this one ${bytes.length}.`,
      { hint: 'It was cut off or changed; write it again.' },
    );
  }
  const data = new Float32Array(height * width);
  for (let index = 0; index < data.length; index++) {
    data[index] = view.getFloat32(dataStart + index * 4, true);
  }
  return { width, height, data };
}

function writeAscii(bytes: Uint8Array, at: number, text: string): void {
  for (let index = 0; index < text.length; index++) bytes[at + index] = text.charCodeAt(index);
}
