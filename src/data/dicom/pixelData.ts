import type { DataSet, Element } from 'dicom-parser';
import { joinBytes } from '../../base/bytes.js';
import { IqeError } from '../../base/errors.js';
import type { ImageHeader } from './imageHeader.js';

/** The stored bytes of one frame. */
export interface FrameBytes {
  readonly bytes: Uint8Array;
  /** One bit pixels of uncompressed frames follow each other without padding: bits to leave out. */
  readonly bitOffset: number;
  /** A stream of its own in items (PS3.5 A.4), compressed as the transfer syntax says. */
  readonly encapsulated: boolean;
  readonly kind: 'integer' | 'float32' | 'float64';
}

/** The elements that pixel data may be in: whole numbers, float32, float64. */
const pixelTags = { integer: 'x7fe00010', float32: 'x7fe00008', float64: 'x7fe00009' } as const;

/**
 * The pixel data of `dataSet`.
 *
 * @throws {IqeError} `unreadable`: it has none.
 */
export function pixelDataOf(dataSet: DataSet): Element {
  for (const tag of Object.values(pixelTags)) {
    const element = dataSet.elements[tag];
    if (element !== undefined) return element;
  }
  throw new IqeError('unreadable', 'This DICOM file holds no image: it has no pixel data.');
}

/**
 * Checks that the pixel data `element` can hold the frames that `header` states, where it states
 * several: a damaged number could be any.
 *
 * @throws {IqeError} `unreadable`
 */
export function checkFrames(dataSet: DataSet, element: Element, header: ImageHeader): void {
  if (header.frames === 1) return;
  const frames = isEncapsulated(element)
    ? readFragments(dataSet, element.dataOffset).length - 1
    : Math.floor((8 * availableBytes(dataSet, element)) / bitsPerFrame(header));
  if (frames >= header.frames) return;
  throw new IqeError(
    'unreadable',
    `The pixel data is cut off: it has room for ${Math.max(frames, 0)} of ${header.frames} frames.`,
  );
}

/**
 * The bytes of frame `frame` in the pixel data `element`, without touching those of the others.
 *
 * @throws {IqeError} `unreadable`: there are not enough.
 */
export function readFrameBytes(
  dataSet: DataSet,
  element: Element,
  header: ImageHeader,
  frame: number,
): FrameBytes {
  const integer = element.tag === pixelTags.integer;
  if (isEncapsulated(element)) {
    return {
      bytes: encapsulatedFrame(dataSet, element, header.frames, frame),
      bitOffset: 0,
      encapsulated: true,
      kind: 'integer',
    };
  }
  const bits = bitsPerFrame(header);
  const start = element.dataOffset + Math.floor((frame * bits) / 8);
  const end = element.dataOffset + Math.ceil(((frame + 1) * bits) / 8);
  const available = availableBytes(dataSet, element);
  if (end - element.dataOffset > available) {
    throw new IqeError(
      'unreadable',
      `The pixel data is cut off: frame ${frame + 1} of ${header.frames} needs ${end - element.dataOffset} bytes, ${available} are there.`,
    );
  }
  const bigEndian = dataSet.byteArrayParser.readUint16(new Uint8Array([0, 1]), 0) === 1;
  const inWords = bigEndian && header.bitsAllocated <= 8 && element.vr === 'OW';
  return {
    bytes: inWords
      ? unswapped(dataSet.byteArray, element.dataOffset, start, end)
      : dataSet.byteArray.subarray(start, end),
    bitOffset: (frame * bits) % 8,
    encapsulated: false,
    kind: integer ? 'integer' : element.tag === pixelTags.float32 ? 'float32' : 'float64',
  };
}

/** Bytes `start` to `end` of values that begin at `origin` and are stored as big endian words. */
function unswapped(bytes: Uint8Array, origin: number, start: number, end: number): Uint8Array {
  return Uint8Array.from(
    { length: end - start },
    (_, index) => bytes[origin + ((start - origin + index) ^ 1)] ?? 0,
  );
}

function isEncapsulated(element: Element): boolean {
  return element.tag === pixelTags.integer && element.hadUndefinedLength === true;
}

function availableBytes(dataSet: DataSet, { dataOffset, length }: Element): number {
  return Math.min(length, dataSet.byteArray.length - dataOffset);
}

/** Stored bits of an uncompressed frame; YBR_FULL_422 has half the chrominance columns. */
function bitsPerFrame(header: ImageHeader): number {
  const samples = header.photometric === 'YBR_FULL_422' ? 2 : header.samplesPerPixel;
  return header.rows * header.columns * samples * header.bitsAllocated;
}

interface Fragment {
  /** From the first byte behind the basic offset table. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** All fragments that belong to frame `frame`, joined. */
function encapsulatedFrame(
  dataSet: DataSet,
  element: Element,
  frames: number,
  frame: number,
): Uint8Array {
  const [table, ...fragments] = readFragments(dataSet, element.dataOffset);
  if (table === undefined || fragments.length === 0) {
    throw new IqeError('unreadable', 'The compressed pixel data is empty or cut off.');
  }
  const starts = frameStarts(offsetsIn(table.bytes), fragments, frames);
  const start = starts?.[frame];
  if (start === undefined) {
    throw new IqeError(
      'unreadable',
      `Frame ${frame + 1} of ${frames} cannot be found in the ${fragments.length} fragments of the compressed pixel data.`,
    );
  }
  const parts = fragments.slice(start, starts?.[frame + 1]).map((fragment) => fragment.bytes);
  return parts.length === 1 ? parts[0]! : joinBytes(parts);
}

/** The items of encapsulated pixel data, the basic offset table first; a cut-off last one is kept short. */
function readFragments(dataSet: DataSet, start: number): Fragment[] {
  const { byteArray } = dataSet;
  const view = new DataView(byteArray.buffer, byteArray.byteOffset, byteArray.length);
  const fragments: Fragment[] = [];
  let at = start;
  let base = 0;
  while (at + 8 <= byteArray.length && view.getUint32(at, true) === itemTag) {
    const length = view.getUint32(at + 4, true);
    fragments.push({ offset: at - base, bytes: byteArray.subarray(at + 8, at + 8 + length) });
    at += 8 + length;
    if (fragments.length === 1) base = at;
  }
  return fragments;
}

/** (FFFE,E000) as one little endian number. */
const itemTag = 0xe000fffe;

function offsetsIn(table: Uint8Array): number[] {
  const view = new DataView(table.buffer, table.byteOffset, table.length);
  return Array.from({ length: Math.floor(table.length / 4) }, (_, index) =>
    view.getUint32(4 * index, true),
  );
}

/**
 * The index of each frame's first fragment: by the offset table where it fits the fragments, by
 * their number where there is one for each frame, else by the codestreams' start markers.
 */
function frameStarts(
  offsets: readonly number[],
  fragments: readonly Fragment[],
  frames: number,
): number[] | undefined {
  if (frames === 1) return [0];
  const byOffset = offsets.map((offset) => fragments.findIndex((part) => part.offset === offset));
  if (byOffset.length === frames && byOffset.every((start) => start >= 0)) return byOffset;
  if (fragments.length === frames) return fragments.map((_, index) => index);
  const byMarker = [...fragments.keys()].filter((index) =>
    beginsCodestream((fragments[index] as Fragment).bytes),
  );
  return byMarker.length === frames ? byMarker : undefined;
}

/** Start of image (JPEG, JPEG-LS) or start of codestream (JPEG 2000); neither can occur inside one. */
function beginsCodestream(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && (bytes[1] === 0xd8 || bytes[1] === 0x4f);
}
