/** The value of a half-precision number (IEEE 754 binary16) from its 16 bits. */
export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const floatBits = new Float32Array(1);
const integerBits = new Uint32Array(floatBits.buffer);

/** The half-precision number nearest to a float32, ties to even; as its 16 bits. */
export function floatToHalf(value: number): number {
  floatBits[0] = value;
  const bits = integerBits[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 255) - 127;
  const fraction = bits & 0x7fffff;
  if (exponent === 128) return sign | 0x7c00 | (fraction ? 0x200 : 0);
  if (exponent > 15) return sign | 0x7c00;
  if (exponent < -25) return sign;
  // 1.fraction, shifted so that one half-precision step is one unit; subnormals lose more bits.
  const shift = exponent < -14 ? 13 - 14 - exponent : 13;
  const mantissa = fraction | 0x800000;
  const rounded = (mantissa + (1 << (shift - 1)) - 1 + ((mantissa >>> shift) & 1)) >>> shift;
  const base = exponent < -14 ? 0 : (exponent + 14) << 10;
  return sign | (base + rounded);
}

/** The value of a bfloat16 number, the upper half of a float32, from its 16 bits; for whole arrays. */
export function widenBfloat16(bits: Uint16Array): Float32Array {
  const wide = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) wide[i] = bits[i]! << 16;
  return new Float32Array(wide.buffer);
}
