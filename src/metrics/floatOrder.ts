/**
 * Float32 values as whole numbers of the same order: a < b exactly where key(a) < key(b), and −0
 * is the same as 0. The high 16 bits are the sign, the exponent and 7 bits of the fraction.
 *
 * @param values `[n]`, finite.
 */
export function orderedKeys(values: Float32Array): Uint32Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const keys = new Uint32Array(values.length);
  for (let i = 0; i < keys.length; i++) {
    const pattern = bits[i] as number;
    if (pattern === NEGATIVE_ZERO) keys[i] = SIGN;
    else keys[i] = pattern & SIGN ? ~pattern : pattern | SIGN;
  }
  return keys;
}

/** The value of one key of {@link orderedKeys}. */
export function valueOfKey(key: number): number {
  scratchBits[0] = key & SIGN ? key ^ SIGN : ~key;
  return scratchValue[0] as number;
}

/**
 * The indices of `values` `[n]` from the highest to the lowest value, ties in their own order
 * (radix sort, 16 bits at a time): time and memory grow with n alone.
 */
export function descendingOrder(values: Float32Array): Uint32Array {
  const keys = orderedKeys(values);
  for (let i = 0; i < keys.length; i++) keys[i] = ~(keys[i] as number);
  const byLowBits = sortedByDigit(Uint32Array.from(keys.keys()), keys, 0);
  return sortedByDigit(byLowBits, keys, 16);
}

/** `order`, stably sorted by the 16 bits of `keys` that start at bit `shift`. */
function sortedByDigit(order: Uint32Array, keys: Uint32Array, shift: number): Uint32Array {
  const starts = new Uint32Array(65537);
  for (const key of keys) {
    const digit = (key >>> shift) & 0xffff;
    starts[digit + 1] = (starts[digit + 1] as number) + 1;
  }
  for (let digit = 1; digit < starts.length; digit++) {
    starts[digit] = (starts[digit] as number) + (starts[digit - 1] as number);
  }
  const sorted = new Uint32Array(order.length);
  for (const index of order) {
    const digit = ((keys[index] as number) >>> shift) & 0xffff;
    const at = starts[digit] as number;
    sorted[at] = index;
    starts[digit] = at + 1;
  }
  return sorted;
}

const SIGN = 0x8000_0000;
const NEGATIVE_ZERO = 0x8000_0000;
const scratchValue = new Float32Array(1);
const scratchBits = new Uint32Array(scratchValue.buffer);
