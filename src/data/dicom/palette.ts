import type { DataSet } from 'dicom-parser';
import { IqeError } from '../../base/errors.js';
import type { ImageHeader } from './imageHeader.js';
import { type LookupTable, lookUp, readLookupTable } from './lookupTable.js';
import type { Samples } from './nativeSamples.js';

/**
 * The colours of the indices of a PALETTE COLOR image, 8 bits each (PS3.3 C.7.6.3.1.5): entries of
 * 16 bits give their upper byte.
 *
 * @throws {IqeError} `unreadable`: a palette is missing, cut short or damaged.
 */
export function paletteColours(
  samples: Samples,
  dataSet: DataSet,
  header: ImageHeader,
): Uint8Array {
  const palettes = [0, 1, 2].map((colour) => readPalette(dataSet, colour, header.signed));
  const data = new Uint8Array(3 * samples.length);
  palettes.forEach((palette, colour) => {
    const shift = palette.bits > 8 ? 8 : 0;
    for (let i = 0; i < samples.length; i++) {
      data[3 * i + colour] = lookUp(palette, samples[i] as number) >> shift;
    }
  });
  return data;
}

function readPalette(dataSet: DataSet, colour: number, signed: boolean): LookupTable {
  const descriptor = `x0028110${colour + 1}`;
  const palette =
    readLookupTable(dataSet, descriptor, `x0028120${colour + 1}`, signed) ??
    readSegmented(dataSet, descriptor, `x0028122${colour + 1}`, signed);
  if (palette !== undefined) return palette;
  throw new IqeError('unreadable', 'A palette of this PALETTE COLOR image is missing or cut off.');
}

/** A table of segments (PS3.3 C.7.9.2) of 16-bit words: 0 single values, 1 a line, 2 earlier segments again. */
function readSegmented(
  dataSet: DataSet,
  descriptor: string,
  data: string,
  signed: boolean,
): LookupTable | undefined {
  const element = dataSet.elements[data];
  const count = (dataSet.uint16(descriptor, 0) ?? 0) || 65536;
  const first = signed ? dataSet.int16(descriptor, 1) : dataSet.uint16(descriptor, 1);
  const bits = dataSet.uint16(descriptor, 2);
  if (element === undefined || first === undefined || bits !== 16) return undefined;
  const words = Array.from({ length: Math.floor(element.length / 2) }, (_, index) =>
    dataSet.byteArrayParser.readUint16(dataSet.byteArray, element.dataOffset + 2 * index),
  );
  const entries: number[] = [];
  expand(words, { at: 0, segments: words.length, nested: false }, count, entries);
  return entries.length === count ? { first, bits, entries: Uint16Array.from(entries) } : undefined;
}

interface SegmentRun {
  /** Word where it begins. */
  readonly at: number;
  readonly segments: number;
  /** Called for by a segment: only single values and lines may be repeated. */
  readonly nested: boolean;
}

/** Appends what the segments of `run` stand for, up to `count` entries. */
function expand(words: readonly number[], run: SegmentRun, count: number, entries: number[]): void {
  let at = run.at;
  for (let segment = 0; segment < run.segments && entries.length < count; segment++) {
    const [code, length, low = 0, high = 0] = words.slice(at, at + 4);
    if (length === undefined) return;
    if (code === 0) {
      entries.push(...words.slice(at + 2, at + 2 + length));
      at += 2 + length;
    } else if (code === 1) {
      const from = entries.at(-1) ?? 0;
      for (let step = 1; step <= length; step++) {
        entries.push(Math.round(from + ((low - from) * step) / length));
      }
      at += 3;
    } else {
      if (code !== 2 || run.nested) return;
      const byteOffset = low + 65536 * high;
      expand(words, { at: byteOffset / 2, segments: length, nested: true }, count, entries);
      at += 4;
    }
  }
}
