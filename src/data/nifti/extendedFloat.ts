/**
 * Reads 16-byte floats as float64. The header calls them 128-bit floats, but what a machine calls
 * `long double` differs: on x86 it is the 80-bit format in the lower ten bytes (little endian), whose
 * last two bytes are always zero, where those of any other number but zero in the 128-bit format
 * hold its exponent.
 */
export function readExtendedFloats(
  bytes: Uint8Array,
  count: number,
  littleEndian: boolean,
): Float64Array<ArrayBuffer> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let eighty = littleEndian;
  for (let i = 0; i < count && eighty; i++) eighty = view.getUint16(16 * i + 14, true) === 0;
  const read = eighty ? readEighty : readQuadruple;
  return new Float64Array(count).map((_, i) => read(view, 16 * i, littleEndian));
}

/** Sign and exponent in 16 bits, 64 bits of mantissa with its leading 1. */
function readEighty(view: DataView, at: number): number {
  const head = view.getUint16(at + 8, true);
  const mantissa = view.getUint32(at + 4, true) + view.getUint32(at, true) / 2 ** 32;
  return assemble(head, mantissa / 2 ** 31);
}

/** Sign and exponent in 16 bits, 112 bits of mantissa without its leading 1. */
function readQuadruple(view: DataView, at: number, littleEndian: boolean): number {
  const word = (index: number) =>
    view.getUint32(at + 4 * (littleEndian ? 3 - index : index), littleEndian);
  const head = word(0) >>> 16;
  const fraction = (word(0) & 0xffff) / 2 ** 16 + word(1) / 2 ** 48 + word(2) / 2 ** 80;
  return assemble(head, (head & 0x7fff) === 0 ? 0 : 1 + fraction);
}

/** ± mantissa · 2^(exponent − 16383); numbers too small for float64 are 0. */
function assemble(head: number, mantissa: number): number {
  const sign = head & 0x8000 ? -1 : 1;
  const exponent = head & 0x7fff;
  if (exponent === 0x7fff) return mantissa === 1 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * mantissa * 2 ** (exponent - 16383);
}
