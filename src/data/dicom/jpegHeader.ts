import { IqeError } from '../../base/errors.js';

/** How a JPEG or JPEG-LS codestream is coded, by its frame marker (ISO/IEC 10918-1 table B.1). */
export type JpegProcess = 'sequential' | 'progressive' | 'lossless' | 'jpeg-ls' | 'other';

export interface JpegHeader {
  readonly process: JpegProcess;
  readonly precision: number;
  readonly rows: number;
  readonly columns: number;
  readonly components: number;
  /** A JFIF or Adobe segment says whether the colours are RGB or YCbCr. */
  readonly statesColours: boolean;
}

const startOfImage = 0xd8;
const startOfScan = 0xda;
const jfif = 0xe0;
const adobe = 0xee;

const processes = new Map<number, JpegProcess>([
  [0xc0, 'sequential'],
  [0xc1, 'sequential'],
  [0xc2, 'progressive'],
  [0xc3, 'lossless'],
  [0xf7, 'jpeg-ls'],
]);

/**
 * Reads a codestream's segments up to its frame header.
 *
 * @throws {IqeError} `unreadable`: no JPEG codestream, or no frame header before the first scan.
 */
export function readJpegHeader(bytes: Uint8Array): JpegHeader {
  let statesColours = false;
  for (const segment of jpegSegments(bytes)) {
    const { marker, body } = segment;
    if (marker === adobe || marker === jfif) statesColours = true;
    if (marker === startOfScan) break;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (!isFrame && marker !== 0xf7) continue;
    const [precision, rowsHigh, rowsLow, columnsHigh, columnsLow, components] = body;
    if (components === undefined) break;
    return {
      process: processes.get(marker) ?? 'other',
      precision: precision as number,
      rows: 256 * (rowsHigh as number) + (rowsLow as number),
      columns: 256 * (columnsHigh as number) + (columnsLow as number),
      components,
      statesColours,
    };
  }
  throw new IqeError('unreadable', 'The compressed pixel data holds no JPEG frame header.');
}

interface JpegSegment {
  readonly marker: number;
  /** What follows the length. */
  readonly body: Uint8Array;
  /** Where the next segment (or entropy-coded data) begins. */
  readonly end: number;
}

/** The segments of a codestream up to the end or to something that is none; scans are not skipped. */
export function* jpegSegments(bytes: Uint8Array): Generator<JpegSegment> {
  if (bytes[0] !== 0xff || bytes[1] !== startOfImage) return;
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1] as number;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const length = 256 * (bytes[at + 2] as number) + (bytes[at + 3] as number);
    const end = at + 2 + length;
    if (length < 2 || end > bytes.length) return;
    yield { marker, body: bytes.subarray(at + 4, end), end };
    at = end;
  }
}

/**
 * The codestream with an Adobe segment that says whether its three components are YCbCr or RGB:
 * decoders guess without one, and DICOM says it in the photometric interpretation instead.
 */
export function withColourTransform(bytes: Uint8Array, yCbCr: boolean): Uint8Array {
  const segment = [0xff, adobe, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0];
  const marked = new Uint8Array(bytes.length + segment.length + 1);
  marked.set(bytes.subarray(0, 2));
  marked.set([...segment, yCbCr ? 1 : 0], 2);
  marked.set(bytes.subarray(2), segment.length + 3);
  return marked;
}

/**
 * The codestream with an end-of-image marker behind it: CharLS takes seconds to find out that a cut
 * off one ends without.
 */
export function withEnd(bytes: Uint8Array): Uint8Array {
  const ended = new Uint8Array(bytes.length + 2);
  ended.set(bytes);
  ended.set([0xff, 0xd9], bytes.length);
  return ended;
}
