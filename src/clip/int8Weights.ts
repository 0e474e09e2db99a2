/** A matrix in int8, one scale for each output channel: W[o, i] ≈ scales[o] · values[i, o]. */
export interface Int8Matrix {
  /** [in, out] */
  readonly values: Int8Array;
  /** [out] */
  readonly scales: Float32Array;
}

/**
 * Rounds each row of a matrix to whole multiples of its largest entry / largest: symmetric, so that
 * zero stays zero, and transposed, as products in int8 read it.
 *
 * @param weight [out, in]
 * @param out Its rows.
 * @param largest 127, or 63 where sums of two products must fit 16 bits.
 */
export function quantizeRows(weight: Float32Array, out: number, largest: 127 | 63): Int8Matrix {
  const inner = weight.length / out;
  const scales = new Float32Array(out);
  const values = new Int8Array(weight.length);
  for (let row = 0; row < out; row++) {
    const entries = weight.subarray(row * inner, (row + 1) * inner);
    let highest = 0;
    for (const entry of entries) highest = Math.max(highest, Math.abs(entry));
    // A row of zeros has any scale.
    const scale = highest === 0 ? 1 : highest / largest;
    scales[row] = scale;
    for (let i = 0; i < inner; i++) values[i * out + row] = Math.round(entries[i]! / scale);
  }
  return { values, scales };
}
