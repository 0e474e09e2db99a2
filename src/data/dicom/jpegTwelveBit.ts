import { IqeError } from '../../base/errors.js';
import { jpegSegments } from './jpegHeader.js';

/**
 * Decodes a grey sequential JPEG of 12 (or 8) bits with Huffman coding (ISO/IEC 10918-1, process 4),
 * which the JPEG codec at hand does not: its build reads 8 bits only.
 *
 * @returns `rows · columns` samples from 0 to 2^precision − 1; the inverse cosine transform is in
 *   float64, so a sample may differ by 1 from a decoder with an integer transform.
 * @throws {IqeError} `unreadable`: damaged, cut off, or of another kind.
 */
export function decodeTwelveBitJpeg(
  bytes: Uint8Array,
  size: { readonly rows: number; readonly columns: number; readonly precision: number },
): Int32Array {
  const { quantisers, dcTable, acTable, restartInterval, start } = readTables(bytes);
  const { rows, columns, precision } = size;
  const samples = new Int32Array(rows * columns);
  const bits = new BitReader(bytes, start);
  const coefficients = new Float64Array(64);
  const blocksAcross = Math.ceil(columns / 8);
  const blocks = blocksAcross * Math.ceil(rows / 8);
  let dc = 0;
  for (let block = 0; block < blocks; block++) {
    if (restartInterval > 0 && block > 0 && block % restartInterval === 0) {
      bits.restart();
      dc = 0;
    }
    coefficients.fill(0);
    dc += bits.extended(dcTable.next(bits));
    coefficients[0] = dc * (quantisers[0] as number);
    for (let index = 1; index < 64; index++) {
      const symbol = acTable.next(bits);
      const length = symbol & 15;
      if (length === 0 && symbol >> 4 !== 15) break;
      index += symbol >> 4;
      if (index > 63) throw damaged();
      if (length === 0) continue;
      const value = bits.extended(length) * (quantisers[index] as number);
      coefficients[zigzag[index] as number] = value;
    }
    const top = 8 * Math.floor(block / blocksAcross);
    const left = 8 * (block % blocksAcross);
    inverseTransform(coefficients);
    place(coefficients, samples, top, left, { rows, columns, precision });
  }
  return samples;
}

/** Rounds a block to samples around the middle grey and writes what of it is inside the image. */
function place(
  block: Float64Array,
  samples: Int32Array,
  top: number,
  left: number,
  size: { readonly rows: number; readonly columns: number; readonly precision: number },
): void {
  const middle = 2 ** (size.precision - 1);
  for (let y = 0; y < 8 && top + y < size.rows; y++) {
    for (let x = 0; x < 8 && left + x < size.columns; x++) {
      const value = Math.round((block[8 * y + x] as number) + middle);
      samples[(top + y) * size.columns + left + x] = Math.min(Math.max(value, 0), 2 * middle - 1);
    }
  }
}

/** Row and column, as 8 · row + column, of the coefficients in the order in which they are stored. */
const zigzag = [
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
  13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52,
  45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/** `basis[8 u + x]` = C(u) / 2 · cos((2x + 1) u π / 16) with C(0) = √½, else 1. */
const basis = Float64Array.from({ length: 64 }, (_, index) => {
  const [u, x] = [index >> 3, index & 7];
  return (u === 0 ? Math.SQRT1_2 : 1) * 0.5 * Math.cos(((2 * x + 1) * u * Math.PI) / 16);
});

/** The inverse cosine transform of an 8 × 8 block in place: columns, then rows. */
function inverseTransform(block: Float64Array): void {
  const line = new Float64Array(8);
  for (const [between, along] of [
    [1, 8],
    [8, 1],
  ] as const) {
    for (let first = 0; first < 8; first++) {
      for (let x = 0; x < 8; x++) {
        let sum = 0;
        for (let u = 0; u < 8; u++) {
          sum += (block[first * between + u * along] as number) * (basis[8 * u + x] as number);
        }
        line[x] = sum;
      }
      for (let x = 0; x < 8; x++) block[first * between + x * along] = line[x] as number;
    }
  }
}

/** Quantisers (in stored order), Huffman tables and restart interval of the first scan. */
function readTables(bytes: Uint8Array) {
  const quantisers = new Map<number, number[]>();
  const tables = new Map<number, HuffmanTable>();
  let restartInterval = 0;
  let quantiser = 0;
  for (const { marker, body, end } of jpegSegments(bytes)) {
    if (marker === 0xdb) readQuantisers(body, quantisers);
    if (marker === 0xc4) readHuffmanTables(body, tables);
    if (marker === 0xdd) restartInterval = 256 * (body[0] ?? 0) + (body[1] ?? 0);
    if (marker === 0xc0 || marker === 0xc1) quantiser = body[8] ?? 0;
    if (marker !== 0xda) continue;
    const selectors = body[2] ?? 0;
    const dcTable = tables.get(selectors >> 4);
    const acTable = tables.get(16 + (selectors & 15));
    const steps = quantisers.get(quantiser);
    if (dcTable === undefined || acTable === undefined || steps === undefined) throw damaged();
    return { quantisers: steps, dcTable, acTable, restartInterval, start: end };
  }
  throw damaged();
}

function readQuantisers(body: Uint8Array, quantisers: Map<number, number[]>): void {
  let at = 0;
  while (at < body.length) {
    const kind = body[at++] as number;
    const size = kind >> 4 === 0 ? 1 : 2;
    if (at + 64 * size > body.length) throw damaged();
    const steps = Array.from({ length: 64 }, (_, index) =>
      size === 1
        ? (body[at + index] as number)
        : 256 * (body[at + 2 * index] as number) + (body[at + 2 * index + 1] as number),
    );
    quantisers.set(kind & 15, steps);
    at += 64 * size;
  }
}

/** Tables of DC differences at 0…15, those of AC coefficients at 16…31. */
function readHuffmanTables(body: Uint8Array, tables: Map<number, HuffmanTable>): void {
  let at = 0;
  while (at + 17 <= body.length) {
    const kind = body[at] as number;
    const counts = body.subarray(at + 1, at + 17);
    const symbols = counts.reduce((total, count) => total + count, 0);
    if (at + 17 + symbols > body.length) throw damaged();
    tables.set(kind, new HuffmanTable(counts, body.subarray(at + 17, at + 17 + symbols)));
    at += 17 + symbols;
  }
}

/** A canonical Huffman code: `counts[n]` codes of n + 1 bits, their symbols in ascending order. */
class HuffmanTable {
  readonly #counts: Uint8Array;
  readonly #symbols: Uint8Array;

  constructor(counts: Uint8Array, symbols: Uint8Array) {
    this.#counts = counts;
    this.#symbols = symbols;
  }

  /** The next symbol of `bits` (Annex F.2.2.3). */
  next(bits: BitReader): number {
    let code = 0;
    let first = 0;
    let index = 0;
    for (const count of this.#counts) {
      code = 2 * code + bits.next();
      first *= 2;
      if (code - first < count) return this.#symbols[index + code - first] as number;
      index += count;
      first += count;
    }
    throw damaged();
  }
}

/** The bits of entropy-coded data, most significant first, stuffed zero bytes left out. */
class BitReader {
  readonly #bytes: Uint8Array;
  #at: number;
  #byte = 0;
  #left = 0;

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#at = start;
  }

  next(): number {
    if (this.#left === 0) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw damaged();
      if (byte === 0xff && this.#bytes[this.#at++] !== 0) throw damaged();
      this.#byte = byte;
      this.#left = 8;
    }
    this.#left -= 1;
    return (this.#byte >> this.#left) & 1;
  }

  /** A value of `length` bits; those with a leading 0 are negative (Annex F.2.2.1). */
  extended(length: number): number {
    if (length > 16) throw damaged();
    let value = 0;
    for (let bit = 0; bit < length; bit++) value = 2 * value + this.next();
    return length > 0 && value < 2 ** (length - 1) ? value - 2 ** length + 1 : value;
  }

  /** Goes behind the restart marker that has to be next. */
  restart(): void {
    this.#left = 0;
    const marker = this.#bytes[this.#at + 1] ?? 0;
    if (this.#bytes[this.#at] !== 0xff || marker < 0xd0 || marker > 0xd7) throw damaged();
    this.#at += 2;
  }
}

function damaged(): IqeError {
  return new IqeError('unreadable', 'The JPEG data of 12 bits is damaged or cut off.');
}
