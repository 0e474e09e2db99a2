import { crc32 } from 'node:zlib';
import sharp from 'sharp';

/** Samples that look like nothing in particular: no two rows, columns or channels alike. */
export function pattern(width: number, height: number, channels: number): Uint8Array {
  return Uint8Array.from(
    { length: width * height * channels },
    (_, i) => (i * 37 + (i >> 3)) % 251,
  );
}

/** The bytes of a lossless PNG with exactly these samples (1 grey, 2 with alpha, 3 RGB, 4 RGBA). */
export async function png(
  width: number,
  height: number,
  channels: 1 | 2 | 3 | 4,
  data: Uint8Array | Uint16Array,
): Promise<Buffer> {
  const deep = data instanceof Uint16Array;
  const space = `${channels < 3 ? (deep ? 'grey16' : 'b-w') : deep ? 'rgb16' : 'srgb'}`;
  return sharp(data, { raw: { width, height, channels } }).toColourspace(space).png().toBuffer();
}

/** An uncompressed little-endian TIFF of one strip, of sample types that sharp does not write. */
export function tiff(
  width: number,
  height: number,
  samples: {
    readonly channels: number;
    readonly photometric: 0 | 1 | 2 | 5;
    readonly bits: number;
    /** 1 unsigned, 2 signed, 3 float. */
    readonly kind: 1 | 2 | 3;
    readonly bytes: Uint8Array;
  },
): Buffer {
  const { channels, photometric, bits, kind, bytes } = samples;
  const SHORT = 3;
  const LONG = 4;
  const perChannel = (value: number): number[] => new Array<number>(channels).fill(value);
  const entries: [tag: number, type: number, values: number[]][] = [
    [256, LONG, [width]],
    [257, LONG, [height]],
    [258, SHORT, perChannel(bits)],
    [259, SHORT, [1]],
    [262, SHORT, [photometric]],
    [273, LONG, [8]],
    [277, SHORT, [channels]],
    [278, LONG, [height]],
    [279, LONG, [bytes.length]],
    [339, SHORT, perChannel(kind)],
  ];
  const directoryAt = 8 + bytes.length + (bytes.length % 2);
  const extraAt = directoryAt + 2 + 12 * entries.length + 4;
  const file = Buffer.alloc(extraAt + 4 * channels * entries.length);
  file.write('II*\0', 'latin1');
  file.writeUInt32LE(directoryAt, 4);
  file.set(bytes, 8);
  file.writeUInt16LE(entries.length, directoryAt);
  let extra = extraAt;
  entries.forEach(([tag, type, values], index) => {
    const at = directoryAt + 2 + 12 * index;
    const size = type === SHORT ? 2 : 4;
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(type, at + 2);
    file.writeUInt32LE(values.length, at + 4);
    let to = at + 8;
    if (values.length * size > 4) {
      file.writeUInt32LE(extra, to);
      to = extra;
      extra += values.length * size;
    }
    values.forEach((value, i) => {
      if (type === SHORT) file.writeUInt16LE(value, to + i * size);
      else file.writeUInt32LE(value, to + i * size);
    });
  });
  return file;
}

/** A small PNG whose header claims another size. */
export async function pngClaiming(width: number, height: number): Promise<Buffer> {
  const file = await png(2, 2, 1, pattern(2, 2, 1));
  file.writeUInt32BE(width, 16);
  file.writeUInt32BE(height, 20);
  file.writeUInt32BE(crc32(file.subarray(12, 29)), 29);
  return file;
}
