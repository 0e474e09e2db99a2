import { deflateSync } from 'fflate';

/** A sequence's items, each a list of elements. */
export type DicomItems = readonly (readonly DicomElement[])[];

/** Tag as 0xggggeeee, value representation, value: text, numbers, bytes, items, or fragments. */
export type DicomElement = readonly [
  tag: number,
  vr: string,
  value: string | number | readonly number[] | Uint8Array | DicomItems | Encapsulated,
];

/** Fragments of encapsulated pixel data with their basic offset table, empty by default. */
export class Encapsulated {
  constructor(
    readonly fragments: readonly Uint8Array[],
    readonly offsets: readonly number[] = [],
  ) {}
}

export interface DicomFileOptions {
  /** Default Explicit VR Little Endian. */
  readonly transferSyntax?: string;
  readonly preamble?: boolean;
  readonly metaHeader?: boolean;
  readonly sopClass?: string;
}

const root = '1.2.840.10008.1.2';

/** A DICOM file of `elements`, which are written in ascending order of their tags. */
export function writeDicom(
  elements: readonly DicomElement[],
  options: DicomFileOptions = {},
): Uint8Array<ArrayBuffer> {
  const { transferSyntax = `${root}.1`, preamble = true, metaHeader = true } = options;
  const writer = new Writer(transferSyntax !== root, transferSyntax !== `${root}.2`);
  writer.dataSet(elements);
  const body = writer.bytes();
  const meta = new Writer(true, true);
  if (metaHeader) {
    const { sopClass = '1.2.840.10008.5.1.4.1.1.7' } = options;
    const rest = new Writer(true, true);
    rest.dataSet([
      [0x00020002, 'UI', sopClass],
      [0x00020010, 'UI', transferSyntax],
    ]);
    meta.dataSet([[0x00020000, 'UL', rest.bytes().length]]);
    meta.raw(rest.bytes());
  }
  const start = preamble ? [...new Uint8Array(128), ...ascii('DICM')] : [];
  const deflated = transferSyntax === `${root}.1.99`;
  return Uint8Array.from([...start, ...meta.bytes(), ...(deflated ? deflateSync(body) : body)]);
}

/** What an image is made of besides its pixel data; 16-bit grey by default. */
export interface DicomImageOptions extends DicomFileOptions {
  readonly rows: number;
  readonly columns: number;
  readonly pixels: Uint8Array | Encapsulated;
  readonly samplesPerPixel?: number;
  readonly photometric?: string;
  readonly planar?: number;
  readonly bitsAllocated?: number;
  readonly bitsStored?: number;
  readonly highBit?: number;
  readonly signed?: boolean;
  readonly frames?: number;
  readonly more?: readonly DicomElement[];
}

/** A name that no message may ever show. */
export const patientName = 'Secret^Patient';

/** An image file with that header. */
export function writeDicomImage(image: DicomImageOptions): Uint8Array<ArrayBuffer> {
  const { bitsAllocated = 16, samplesPerPixel = 1 } = image;
  const { bitsStored = bitsAllocated } = image;
  const elements: DicomElement[] = [
    [0x00080005, 'CS', 'ISO_IR 100'],
    [0x00080060, 'CS', 'CT'],
    [0x00100010, 'PN', patientName],
    [0x00100020, 'LO', patientName],
    [0x00280002, 'US', samplesPerPixel],
    [0x00280004, 'CS', image.photometric ?? (samplesPerPixel === 3 ? 'RGB' : 'MONOCHROME2')],
    [0x00280010, 'US', image.rows],
    [0x00280011, 'US', image.columns],
    [0x00280100, 'US', bitsAllocated],
    [0x00280101, 'US', bitsStored],
    [0x00280102, 'US', image.highBit ?? bitsStored - 1],
    [0x00280103, 'US', image.signed ? 1 : 0],
    [0x7fe00010, bitsAllocated > 8 ? 'OW' : 'OB', image.pixels],
  ];
  if (image.planar !== undefined) elements.push([0x00280006, 'US', image.planar]);
  if (image.frames !== undefined) elements.push([0x00280008, 'IS', String(image.frames)]);
  const more = image.more ?? [];
  const replaced = elements.filter(([tag]) => !more.some(([other]) => other === tag));
  return writeDicom([...replaced, ...more], image);
}

/** `values` as words of `bytes` bytes. */
export function words(values: Iterable<number>, bytes: 1 | 2 | 4, littleEndian = true): Uint8Array {
  const numbers = [...values];
  const data = new Uint8Array(numbers.length * bytes);
  numbers.forEach((value, index) => {
    for (let byte = 0; byte < bytes; byte++) {
      const place = littleEndian ? byte : bytes - 1 - byte;
      data[index * bytes + place] = Math.floor(value / 256 ** byte) & 255;
    }
  });
  return data;
}

/** One RLE frame (PS3.5 annex G) of the byte planes given, most significant first. */
export function runLengthFrame(planes: readonly Uint8Array[]): Uint8Array {
  const segments = planes.map((plane) => {
    const packed: number[] = [];
    for (let at = 0; at < plane.length; ) {
      let run = 1;
      while (run < 128 && plane[at + run] === plane[at]) run++;
      if (run > 1) packed.push(257 - run, plane[at] as number);
      else packed.push(0, plane[at] as number);
      at += run;
    }
    return packed.length % 2 === 0 ? packed : [...packed, 128];
  });
  const offsets = segments.map((_, index) =>
    segments.slice(0, index).reduce((total, segment) => total + segment.length, 64),
  );
  const header = [segments.length, ...offsets, ...new Array(15 - segments.length).fill(0)];
  return Uint8Array.from([...words(header, 4), ...segments.flat()]);
}

const longRepresentations = new Set(['OB', 'OD', 'OF', 'OV', 'OW', 'SQ', 'UN', 'UT']);
const numberSizes: Record<string, 1 | 2 | 4> = { US: 2, SS: 2, OW: 2, UL: 4, SL: 4, OB: 1 };

/** Writes elements in one of the native encodings. */
class Writer {
  readonly #parts: Uint8Array[] = [];

  constructor(
    readonly explicit: boolean,
    readonly littleEndian: boolean,
  ) {}

  raw(bytes: Uint8Array): void {
    this.#parts.push(bytes);
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#parts.flatMap((part) => [...part]));
  }

  dataSet(elements: readonly DicomElement[]): void {
    for (const [tag, vr, value] of elements.toSorted((a, b) => a[0] - b[0])) {
      const body = this.#value(vr, value);
      this.#tag(tag);
      const length = value instanceof Encapsulated ? 0xffffffff : body.length;
      const long = !this.explicit || longRepresentations.has(vr);
      if (this.explicit) this.raw(ascii(vr));
      if (this.explicit && long) this.raw(new Uint8Array(2));
      this.raw(words([length], long ? 4 : 2, this.littleEndian));
      this.raw(body);
    }
  }

  #tag(tag: number): void {
    this.raw(words([tag >>> 16, tag & 0xffff], 2, this.littleEndian));
  }

  #item(body: Uint8Array): void {
    this.#tag(0xfffee000);
    this.raw(words([body.length], 4, this.littleEndian));
    this.raw(body);
  }

  #value(vr: string, value: DicomElement[2]): Uint8Array {
    const inner = new Writer(this.explicit, this.littleEndian);
    if (typeof value === 'string') {
      const text = ascii(value);
      return text.length % 2 === 0 ? text : Uint8Array.from([...text, vr === 'UI' ? 0 : 32]);
    }
    if (typeof value === 'number') return words([value], numberSizes[vr] ?? 2, this.littleEndian);
    if (value instanceof Uint8Array) {
      return value.length % 2 === 0 ? value : Uint8Array.from([...value, 0]);
    }
    if (value instanceof Encapsulated) {
      inner.#item(words(value.offsets, 4));
      for (const fragment of value.fragments) {
        inner.#item(fragment.length % 2 === 0 ? fragment : Uint8Array.from([...fragment, 0]));
      }
      inner.#tag(0xfffee0dd);
      inner.raw(new Uint8Array(4));
      return inner.bytes();
    }
    if (value.every((entry) => typeof entry === 'number')) {
      return words(value, numberSizes[vr] ?? 2, this.littleEndian);
    }
    for (const item of value as DicomItems) {
      const content = new Writer(this.explicit, this.littleEndian);
      content.dataSet(item);
      inner.#item(content.bytes());
    }
    return inner.bytes();
  }
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
