import type { IqeError } from '../base/errors.js';
import type { ReadBytes } from './storedTensor.js';

/** A file within a zip archive, as the archive's directory describes it. */
export interface ZipEntry {
  readonly name: string;
  /** Bytes in the archive. */
  readonly size: number;
  /** How they are compressed; 0: not at all. */
  readonly method: number;
  readonly isEncrypted: boolean;
  /** Where the entry's own header begins; its bytes follow. */
  readonly headerOffset: number;
}

const endSignature = 0x06054b50;
const end64LocatorSignature = 0x07064b50;
const end64Signature = 0x06064b50;
const directorySignature = 0x02014b50;
const entrySignature = 0x04034b50;
/** Longer directories than any real one would only fill the memory. */
const longestDirectory = 100_000_000;
/** In a field of 16 or 32 bits: the value is in the zip64 record instead. */
const [moved16, moved32] = [0xffff, 0xffffffff];

/**
 * Reads the directory of a zip archive (PKWARE's APPNOTE 6.3, zip64 included) without its contents.
 *
 * @param damaged Makes the error for what is wrong.
 */
export async function readZipEntries(
  read: ReadBytes,
  fileLength: number,
  damaged: (what: string) => IqeError,
): Promise<Map<string, ZipEntry>> {
  const { count, offset, length } = await findDirectory(read, fileLength, damaged);
  if (offset + length > fileLength || length > longestDirectory) {
    throw damaged(
      `its directory should have ${length} bytes from ${offset}, the file has ${fileLength}`,
    );
  }
  const bytes = await read(offset, length);
  const view = viewOf(bytes);
  const entries = new Map<string, ZipEntry>();
  let position = 0;
  for (let index = 0; index < count; index++) {
    const end = position + 46;
    if (end > length || view.getUint32(position, true) !== directorySignature) {
      throw damaged(`entry ${index} of its directory is none`);
    }
    const nameEnd = end + view.getUint16(position + 28, true);
    const extraEnd = nameEnd + view.getUint16(position + 30, true);
    const next = extraEnd + view.getUint16(position + 32, true);
    if (next > length) throw damaged(`entry ${index} of its directory is cut off`);
    const name = new TextDecoder().decode(bytes.subarray(end, nameEnd));
    const wideValues = zip64Values(view, nameEnd, extraEnd);
    const wide = (field: number) => {
      const value = view.getUint32(position + field, true);
      const actual = value === moved32 ? wideValues.shift() : value;
      if (actual === undefined) throw damaged(`its entry '${name}' lacks its zip64 sizes`);
      return actual;
    };
    // In the order of the zip64 values; the first is the size before compression.
    const [, size, headerOffset] = [wide(24), wide(20), wide(42)] as const;
    const method = view.getUint16(position + 10, true);
    const isEncrypted = (view.getUint16(position + 8, true) & 1) !== 0;
    entries.set(name, { name, size, method, isEncrypted, headerOffset });
    position = next;
  }
  return entries;
}

/** Where the bytes of an entry begin. Its own header may be longer than the directory's. */
export async function zipDataOffset(
  read: ReadBytes,
  fileLength: number,
  entry: ZipEntry,
  damaged: (what: string) => IqeError,
): Promise<number> {
  const { name, headerOffset, size } = entry;
  if (headerOffset + 30 > fileLength) throw damaged(`its entry '${name}' begins after the end`);
  const header = viewOf(await read(headerOffset, 30));
  if (header.getUint32(0, true) !== entrySignature) {
    throw damaged(`its entry '${name}' is not at byte ${headerOffset}`);
  }
  const offset = headerOffset + 30 + header.getUint16(26, true) + header.getUint16(28, true);
  if (offset + size > fileLength) {
    throw damaged(`its entry '${name}' ends at byte ${offset + size}, the file at ${fileLength}`);
  }
  return offset;
}

interface Directory {
  readonly count: number;
  readonly offset: number;
  readonly length: number;
}

async function findDirectory(
  read: ReadBytes,
  fileLength: number,
  damaged: (what: string) => IqeError,
): Promise<Directory> {
  // The end record has 22 bytes and a comment of up to 65,535.
  const tailLength = Math.min(fileLength, 22 + 0xffff);
  const tailOffset = fileLength - tailLength;
  const tail = viewOf(await read(tailOffset, tailLength));
  let end = tailLength - 22;
  const isEnd = () =>
    tail.getUint32(end, true) === endSignature &&
    end + 22 + tail.getUint16(end + 20, true) === tailLength;
  while (end >= 0 && !isEnd()) end--;
  if (end < 0) throw damaged('it has no directory at its end');
  const directory = {
    count: tail.getUint16(end + 10, true),
    length: tail.getUint32(end + 12, true),
    offset: tail.getUint32(end + 16, true),
  };
  const { count, length, offset } = directory;
  if (count !== moved16 && length !== moved32 && offset !== moved32) return directory;
  const locator = end - 20;
  if (locator < 0 || tail.getUint32(locator, true) !== end64LocatorSignature) return directory;
  const end64 = Number(tail.getBigUint64(locator + 8, true));
  if (end64 + 56 > fileLength) throw damaged('its zip64 directory begins after the end');
  const record = viewOf(await read(end64, 56));
  if (record.getUint32(0, true) !== end64Signature) throw damaged('it has no zip64 directory');
  return {
    count: Number(record.getBigUint64(32, true)),
    length: Number(record.getBigUint64(40, true)),
    offset: Number(record.getBigUint64(48, true)),
  };
}

/** Sizes and offset that do not fit in 32 bits: of the extra fields from `start` to `end`, that of id 1. */
function zip64Values(view: DataView, start: number, end: number): number[] {
  for (let position = start; position + 4 <= end; ) {
    const body = position + 4;
    const next = body + view.getUint16(position + 2, true);
    if (view.getUint16(position, true) === 1) {
      const count = Math.floor((Math.min(next, end) - body) / 8);
      return Array.from({ length: count }, (_, index) =>
        Number(view.getBigUint64(body + 8 * index, true)),
      );
    }
    position = next;
  }
  return [];
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
