import dicomParser, { type DataSet } from 'dicom-parser';
import { IqeError } from '../../base/errors.js';
import { inflateAtMost } from './boundedInflate.js';
import {
  type DataSetEncoding,
  describeTransferSyntax,
  explicitBigEndian,
  explicitLittleEndian,
  implicitLittleEndian,
  type TransferSyntax,
  transferSyntaxOf,
} from './transferSyntax.js';

/** The elements of a DICOM file up to its pixel data. */
export interface DicomFile {
  readonly dataSet: DataSet;
  readonly transferSyntax: TransferSyntax;
  /** What kind of object the meta header says it is (0002,0002). */
  readonly sopClass: string | undefined;
}

/** SOP class of a DICOMDIR. */
export const directorySopClass = '1.2.840.10008.1.3.10';

/** A deflated data set may expand to this many bytes. */
const largestDataSet = 2 ** 30;

/**
 * Whether `bytes` look like DICOM: `DICM` at 128 or at 0, a meta header, or three elements that
 * may begin a data set without either.
 */
export function isDicom(bytes: Uint8Array): boolean {
  return metaHeaderStart(bytes) > 0 || encodingAt(bytes, 0) !== undefined;
}

/** Whether `bytes` are a DICOMDIR. */
export function isDicomDirectory(bytes: Uint8Array): boolean {
  return isDicom(bytes) && readMetaHeader(bytes).sopClass === directorySopClass;
}

/**
 * Reads a DICOM file, with or without preamble and meta header, up to its pixel data.
 *
 * The transfer syntax is the meta header's; without one it is found from the first elements. Where
 * the first elements contradict the meta header in explicit or implicit, they are right.
 *
 * @throws {IqeError} `unreadable`: not DICOM, an unknown transfer syntax, or damaged.
 */
export function readDicomFile(bytes: Uint8Array): DicomFile {
  if (!isDicom(bytes)) throw new IqeError('unreadable', 'This is not a DICOM file.');
  const meta = readMetaHeader(bytes);
  let transferSyntax = declaredSyntax(meta.transferSyntax);
  const body = transferSyntax?.deflated
    ? inflateAtMost(bytes.subarray(meta.end), 'deflate', largestDataSet)
    : bytes.subarray(meta.end);
  const encoding = encodingAt(body, 0) ?? transferSyntax;
  if (encoding === undefined) {
    throw new IqeError(
      'unreadable',
      'This DICOM file states no transfer syntax, and none can be found from its first elements.',
    );
  }
  transferSyntax ??= nativeSyntax(encoding);
  return {
    dataSet: parse(body, encoding, transferSyntax),
    transferSyntax,
    sopClass: meta.sopClass,
  };
}

function declaredSyntax(uid: string | undefined): TransferSyntax | undefined {
  if (uid === undefined) return undefined;
  const syntax = transferSyntaxOf(uid);
  if (syntax !== undefined) return syntax;
  throw new IqeError('unreadable', `DICOM with the unknown transfer syntax ${uid}.`, {
    hint: 'Convert it to Explicit VR Little Endian (for example with dcmconv or gdcmconv --raw).',
  });
}

function nativeSyntax(encoding: DataSetEncoding): TransferSyntax {
  if (!encoding.littleEndian) return explicitBigEndian;
  return encoding.explicit ? explicitLittleEndian : implicitLittleEndian;
}

/**
 * dicom-parser's message is left out and its exception not kept as a cause: it holds the data set
 * with everything about the patient.
 */
function parse(body: Uint8Array, encoding: DataSetEncoding, syntax: TransferSyntax): DataSet {
  const options = { TransferSyntaxUID: nativeSyntax(encoding).uid, untilTag: 'x7fe00010' };
  let parsed: DataSet | undefined;
  for (const attempt of [() => body, () => withoutOffsetTables(body)]) {
    try {
      parsed = dicomParser.parseDicom(attempt(), options);
      if (parsed.elements.x7fe00010 !== undefined) return parsed;
    } catch {}
  }
  if (parsed !== undefined) return parsed;
  throw new IqeError(
    'unreadable',
    `This DICOM file is damaged or cut off: its elements cannot be read up to the pixel data (${describeTransferSyntax(syntax)}).`,
  );
}

/**
 * A copy in which the extended offset tables (7FE0,0001) and (7FE0,0002) are of the kind OB:
 * dicom-parser does not know theirs, OV, and loses its way in them. The tables are not needed, as a
 * file with them has one fragment for each frame.
 */
function withoutOffsetTables(body: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(body);
  for (let at = copy.indexOf(0xe0); at >= 0; at = copy.indexOf(0xe0, at + 1)) {
    const table = copy[at + 1] === 0x7f && (copy[at + 2] === 1 || copy[at + 2] === 2);
    if (table && copy[at + 3] === 0 && text(copy, at + 4, 2) === 'OV') copy[at + 5] = 0x42;
  }
  return copy;
}

interface MetaHeader {
  /** Where the data set begins. */
  readonly end: number;
  readonly transferSyntax: string | undefined;
  readonly sopClass: string | undefined;
}

/** Where the meta header begins: behind `DICM`, else 0. */
function metaHeaderStart(bytes: Uint8Array): number {
  if (text(bytes, 128, 4) === 'DICM') return 132;
  return text(bytes, 0, 4) === 'DICM' ? 4 : 0;
}

/** The elements of group 2, little endian; explicit by the standard, implicit from some writers. */
function readMetaHeader(bytes: Uint8Array): MetaHeader {
  let at = metaHeaderStart(bytes);
  let transferSyntax: string | undefined;
  let sopClass: string | undefined;
  while (at + 8 <= bytes.length && uint16(bytes, at) === 2) {
    const element = elementAt(bytes, at, {
      explicit: hasValueRepresentation(bytes, at),
      littleEndian: true,
    });
    const value = () => uidIn(text(bytes, element.start, element.length));
    if (uint16(bytes, at + 2) === 0x0010) transferSyntax = value();
    if (uint16(bytes, at + 2) === 0x0002) sopClass = value();
    at = element.start + element.length;
  }
  return { end: Math.min(at, bytes.length), transferSyntax, sopClass };
}

/** The UID that a value holds; of anything else nothing gets into a message. */
function uidIn(value: string): string | undefined {
  return /^[0-9.]{1,64}/.exec(value)?.[0];
}

/**
 * How the data set at `offset` is encoded, if its first elements (up to three) make sense: a first
 * group of 2 or 8, tags in ascending order, lengths inside the file.
 */
function encodingAt(bytes: Uint8Array, offset: number): DataSetEncoding | undefined {
  for (const littleEndian of [true, false]) {
    const encoding = { explicit: hasValueRepresentation(bytes, offset), littleEndian };
    if (isPlausible(bytes, offset, encoding)) return encoding;
  }
  return undefined;
}

function isPlausible(bytes: Uint8Array, offset: number, encoding: DataSetEncoding): boolean {
  const { littleEndian, explicit } = encoding;
  if (!littleEndian && !explicit) return false;
  const firstGroup = uint16(bytes, offset, littleEndian);
  if (firstGroup !== 2 && firstGroup !== 8) return false;
  let at = offset;
  let lastTag = -1;
  for (let count = 0; count < 3 && at < bytes.length; count++) {
    const tag = uint16(bytes, at, littleEndian) * 65536 + uint16(bytes, at + 2, littleEndian);
    if (at + 8 > bytes.length || tag <= lastTag) return false;
    if (explicit !== hasValueRepresentation(bytes, at)) return false;
    const element = elementAt(bytes, at, encoding);
    if (element.length === undefinedLength) return count > 0;
    if (element.start + element.length > bytes.length) return false;
    at = element.start + element.length;
    lastTag = tag;
  }
  return true;
}

const undefinedLength = 0xffffffff;
const longRepresentations = /^(OB|OD|OF|OL|OV|OW|SQ|SV|UC|UN|UR|UT|UV)$/;
const representations =
  /^(AE|AS|AT|CS|DA|DS|DT|FD|FL|IS|LO|LT|PN|SH|SL|SS|ST|TM|UI|UL|US|OB|OD|OF|OL|OV|OW|SQ|SV|UC|UN|UR|UT|UV)$/;

function hasValueRepresentation(bytes: Uint8Array, at: number): boolean {
  return representations.test(text(bytes, at + 4, 2));
}

/** Start and length of the value of the element at `at`. */
function elementAt(bytes: Uint8Array, at: number, encoding: DataSetEncoding) {
  const { explicit, littleEndian } = encoding;
  if (!explicit) return { start: at + 8, length: uint32(bytes, at + 4, littleEndian) };
  if (!longRepresentations.test(text(bytes, at + 4, 2))) {
    return { start: at + 8, length: uint16(bytes, at + 6, littleEndian) };
  }
  return { start: at + 12, length: uint32(bytes, at + 8, littleEndian) };
}

/** Zeros stand for what is behind the end. */
function uint16(bytes: Uint8Array, at: number, littleEndian = true): number {
  const first = bytes[at] ?? 0;
  const second = bytes[at + 1] ?? 0;
  return littleEndian ? first + 256 * second : 256 * first + second;
}

function uint32(bytes: Uint8Array, at: number, littleEndian: boolean): number {
  const first = uint16(bytes, at, littleEndian);
  const second = uint16(bytes, at + 2, littleEndian);
  return littleEndian ? first + 65536 * second : 65536 * first + second;
}

function text(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + Math.min(length, 128)));
}
