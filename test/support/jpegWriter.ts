/** An image to encode: whole samples, pixel by pixel. */
export interface JpegSource {
  readonly rows: number;
  readonly columns: number;
  readonly precision: number;
  readonly components?: 1 | 3;
  readonly samples: ArrayLike<number>;
}

/**
 * JPEG Lossless (process 14) with one of the seven predictors: differences with their number of
 * bits as the Huffman symbol, every symbol a code of 5 bits.
 */
export function writeLosslessJpeg(image: JpegSource, predictor = 1): Uint8Array {
  const { rows, columns, precision, samples, components = 1 } = image;
  const bits = new BitWriter();
  const at = (row: number, column: number, component: number) =>
    samples[(row * columns + column) * components + component] as number;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      for (let component = 0; component < components; component++) {
        const left = column > 0 ? at(row, column - 1, component) : 0;
        const above = row > 0 ? at(row - 1, column, component) : 0;
        const corner = row > 0 && column > 0 ? at(row - 1, column - 1, component) : 0;
        let expected = predict(predictor, left, above, corner);
        if (row === 0) expected = column === 0 ? 2 ** (precision - 1) : left;
        else if (column === 0) expected = above;
        const difference = ((at(row, column, component) - expected + 32768) & 0xffff) - 32768;
        const length = bitLength(difference);
        bits.write(length, 5);
        if (length < 16) bits.writeSigned(difference, length);
      }
    }
  }
  return assemble(image, 0xc3, [huffmanTable(0, 17, 5)], [predictor, 0, 0], bits.finish());
}

function predict(predictor: number, left: number, above: number, corner: number): number {
  switch (predictor) {
    case 1:
      return left;
    case 2:
      return above;
    case 3:
      return corner;
    case 4:
      return left + above - corner;
    case 5:
      return left + ((above - corner) >> 1);
    case 6:
      return above + ((left - corner) >> 1);
    default:
      return (left + above) >> 1;
  }
}

/**
 * Grey sequential JPEG (process 4) with all quantisers 1, so that only rounding is lost, and a
 * restart marker after every `restartInterval` blocks.
 */
export function writeExtendedJpeg(image: JpegSource, restartInterval = 0): Uint8Array {
  const { rows, columns, precision, samples } = image;
  let bits = new BitWriter();
  const scan: number[] = [];
  const across = Math.ceil(columns / 8);
  const blocks = across * Math.ceil(rows / 8);
  let last = 0;
  for (let block = 0; block < blocks; block++) {
    if (restartInterval > 0 && block > 0 && block % restartInterval === 0) {
      scan.push(...bits.finish(), 0xff, 0xd0 + ((block / restartInterval - 1) % 8));
      bits = new BitWriter();
      last = 0;
    }
    const top = 8 * Math.floor(block / across);
    const left = 8 * (block % across);
    const pixel = (x: number, y: number) => {
      const row = Math.min(top + y, rows - 1);
      const column = Math.min(left + x, columns - 1);
      return (samples[row * columns + column] as number) - 2 ** (precision - 1);
    };
    const coefficients = diagonal.map((at) => Math.round(cosine(pixel, at & 7, at >> 3)));
    const dc = coefficients[0] as number;
    bits.write(bitLength(dc - last), 8);
    bits.writeSigned(dc - last, bitLength(dc - last));
    last = dc;
    let zeros = 0;
    for (const value of coefficients.slice(1)) {
      if (value === 0) {
        zeros++;
        continue;
      }
      for (; zeros > 15; zeros -= 16) bits.write(0xf0, 8);
      bits.write(16 * zeros + bitLength(value), 8);
      bits.writeSigned(value, bitLength(value));
      zeros = 0;
    }
    if (zeros > 0) bits.write(0, 8);
  }
  scan.push(...bits.finish());
  const tables = [
    [0xff, 0xdb, 0, 67, 0, ...new Array(64).fill(1)],
    huffmanTable(0x00, 255, 8),
    huffmanTable(0x10, 255, 8),
    [0xff, 0xdd, 0, 4, restartInterval >> 8, restartInterval & 255],
  ];
  return assemble(image, 0xc1, tables, [0, 63, 0], scan);
}

/** Rows and columns of an 8 × 8 block, as 8 · row + column, diagonal by diagonal in turns. */
const diagonal = Array.from({ length: 64 }, (_, index) => index).sort((a, b) => {
  const [da, db] = [(a >> 3) + (a & 7), (b >> 3) + (b & 7)];
  return da - db || (da % 2 === 0 ? b - a : a - b);
});

function cosine(pixel: (x: number, y: number) => number, u: number, v: number): number {
  let sum = 0;
  for (let y = 0; y < 8; y++) {
    for (let x = 0; x < 8; x++) {
      sum +=
        pixel(x, y) *
        Math.cos(((2 * x + 1) * u * Math.PI) / 16) *
        Math.cos(((2 * y + 1) * v * Math.PI) / 16);
    }
  }
  return (sum / 4) * (u === 0 ? Math.SQRT1_2 : 1) * (v === 0 ? Math.SQRT1_2 : 1);
}

/** A table in which symbol n (0 … count − 1) is the code n of `length` bits. */
function huffmanTable(kind: number, count: number, length: number): number[] {
  const counts = new Array(16).fill(0);
  counts[length - 1] = count;
  return [0xff, 0xc4, 0, 0, kind, ...counts, ...new Array(count).keys()].map((byte, index, all) =>
    index === 2 ? (all.length - 2) >> 8 : index === 3 ? (all.length - 2) & 255 : byte,
  );
}

function assemble(
  image: JpegSource,
  marker: number,
  tables: readonly number[][],
  spectrum: readonly number[],
  scan: readonly number[],
): Uint8Array {
  const { rows, columns, precision, components = 1 } = image;
  const ids = Array.from({ length: components }, (_, index) => index + 1);
  const size = [rows >> 8, rows & 255, columns >> 8, columns & 255];
  const quantisers = [0xff, 0xdb, 0, 67, 0, ...new Array(64).fill(1)];
  return Uint8Array.from([
    ...[0xff, 0xd8],
    ...(marker === 0xc3 ? quantisers : []),
    ...[0xff, marker, 0, 8 + 3 * components, precision, ...size, components],
    ...ids.flatMap((id) => [id, 0x11, 0]),
    ...tables.flat(),
    ...[0xff, 0xda, 0, 6 + 2 * components, components, ...ids.flatMap((id) => [id, 0])],
    ...spectrum,
    ...scan,
    ...[0xff, 0xd9],
  ]);
}

function bitLength(value: number): number {
  return Math.ceil(Math.log2(Math.abs(value) + 1));
}

class BitWriter {
  readonly #bytes: number[] = [];
  #byte = 0;
  #used = 0;

  write(value: number, length: number): void {
    for (let bit = length - 1; bit >= 0; bit--) {
      this.#byte = 2 * this.#byte + ((value >> bit) & 1);
      this.#used++;
      if (this.#used === 8) this.#flush();
    }
  }

  /** Negative values are one less, in `length` bits of their two's complement. */
  writeSigned(value: number, length: number): void {
    this.write(value < 0 ? value - 1 : value, length);
  }

  /** The bytes, the last one filled with ones. */
  finish(): number[] {
    while (this.#used > 0) this.write(1, 1);
    return this.#bytes;
  }

  #flush(): void {
    this.#bytes.push(this.#byte);
    if (this.#byte === 0xff) this.#bytes.push(0);
    this.#byte = 0;
    this.#used = 0;
  }
}
