import { IqeError } from '../../base/errors.js';

export interface Jpeg2000Header {
  readonly rows: number;
  readonly columns: number;
  readonly components: number;
}

/** Start of codestream, then the image and tile size segment. */
const start = [0xff, 0x4f, 0xff, 0x51] as const;

/**
 * The image size of a JPEG 2000 codestream (ISO/IEC 15444-1 A.5.1), bare as DICOM wants it or in
 * a JP2 file as some writers leave it.
 *
 * @throws {IqeError} `unreadable`: no codestream, or components or tiles that cannot be.
 */
export function readJpeg2000Header(bytes: Uint8Array): Jpeg2000Header {
  const at = codestreamStart(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (at === undefined || at + 42 > bytes.length) {
    throw new IqeError('unreadable', 'The compressed pixel data holds no JPEG 2000 codestream.');
  }
  const field = (index: number) => view.getUint32(at + 8 + 4 * index);
  const columns = field(0) - field(2);
  const rows = field(1) - field(3);
  const [tileWidth, tileHeight] = [field(4), field(5)];
  const tiles = Math.ceil(columns / tileWidth) * Math.ceil(rows / tileHeight);
  if (!(columns > 0 && rows > 0 && tiles >= 1 && tiles <= 65535)) {
    throw new IqeError('unreadable', 'The JPEG 2000 codestream states an impossible size.');
  }
  return { rows, columns, components: view.getUint16(at + 40) };
}

function codestreamStart(bytes: Uint8Array): number | undefined {
  const isStart = (at: number) => start.every((byte, index) => bytes[at + index] === byte);
  if (isStart(0)) return 0;
  // 'jP' in the signature box of a JP2 file, whose boxes are short.
  if (bytes[4] !== 0x6a || bytes[5] !== 0x50) return undefined;
  for (let at = 12; at < Math.min(bytes.length, 4096); at++) {
    if (isStart(at)) return at;
  }
  return undefined;
}
