import type { DataSet } from 'dicom-parser';

/** A lookup table (PS3.3 C.11.1.1): sample s becomes `entries[s − first]`, clipped to the table. */
export interface LookupTable {
  readonly first: number;
  /** Bits of an entry, as the descriptor states them. */
  readonly bits: number;
  readonly entries: Uint16Array;
}

/**
 * The table of `descriptor` (entries, first value mapped, bits) and `data`; undefined where one of
 * the two is missing or cut short.
 *
 * @param signed The samples are signed, so the first value mapped is.
 */
export function readLookupTable(
  dataSet: DataSet,
  descriptor: string,
  data: string,
  signed: boolean,
): LookupTable | undefined {
  const element = dataSet.elements[data];
  const count = (dataSet.uint16(descriptor, 0) ?? 0) || 65536;
  const first = signed ? dataSet.int16(descriptor, 1) : dataSet.uint16(descriptor, 1);
  const bits = dataSet.uint16(descriptor, 2);
  if (element === undefined || first === undefined || bits === undefined) return undefined;
  const end = element.dataOffset + element.length;
  if (bits < 1 || bits > 16 || end > dataSet.byteArray.length) return undefined;
  if (element.length >= 2 * count) {
    const entries = Uint16Array.from({ length: count }, (_, index) => {
      return dataSet.byteArrayParser.readUint16(dataSet.byteArray, element.dataOffset + 2 * index);
    });
    return { first, bits, entries };
  }
  if (element.length < count) return undefined;
  return {
    first,
    bits,
    entries: Uint16Array.from(
      dataSet.byteArray.subarray(element.dataOffset, element.dataOffset + count),
    ),
  };
}

/** The entry for `sample`, clipped to the table. */
export function lookUp(table: LookupTable, sample: number): number {
  const last = table.entries.length - 1;
  const index = Math.min(Math.max(Math.floor(sample) - table.first, 0), last);
  return table.entries[index] as number;
}
