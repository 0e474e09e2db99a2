import { describe, expect, it } from 'vitest';
import { expectWithin } from '../../test/support/close.js';
import { evaluate, host } from '../../test/support/evaluate.js';
import { Random } from '../base/random.js';
import { multiply } from './elementwise.js';
import { grad } from './gradient.js';
import { transposeLast } from './layout.js';
import { linear, matmul } from './matmul.js';
import { quantizedParts, quantizedWeight } from './quantized.js';
import { B } from './shape.js';
import { sum } from './sum.js';
import { constant, input, type WeightLocation } from './tensor.js';

const [rows, inner, out] = [5, 24, 8];
const random = new Random(3, 'quantized');
const numbers = (size: number) => Float32Array.from({ length: size }, () => random.normal());
// Within 7 bits, so that no processor cuts off a sum.
const values = Int8Array.from({ length: inner * out }, () => random.integer(127) - 63);
const scales = numbers(out).map((value) => 0.01 + Math.abs(value) / 100);
const bias = numbers(out);
const x = numbers(rows * inner);

const location: WeightLocation = {
  name: 'w',
  file: 'w.bin',
  dataType: 'int8',
  shape: [inner, out],
  offset: 0,
  length: values.length,
};
const weight = quantizedWeight(location, constant(scales, [out]));
const options = { weightBytes: { 'w.bin': new Uint8Array(values.buffer) } };

/** x · Wᵀ of any x, in float64. */
function product(from: ArrayLike<number>): number[] {
  return Array.from({ length: rows * out }, (_, at) => {
    const [row, column] = [Math.floor(at / out), at % out];
    let total = 0;
    for (let i = 0; i < inner; i++) total += from[row * inner + i]! * values[i * out + column]!;
    return total * scales[column]!;
  });
}

describe('a quantised weight', () => {
  it('is multiplied in int8 by linear: x rounded to 8 bits, the rest exact', async () => {
    const y = linear(input('x', [B, inner]), weight, constant(bias, [out]));
    const result = await evaluate({ y }, { x: host(x, [rows, inner]) }, options);

    const [low, high] = [Math.min(0, ...x), Math.max(0, ...x)];
    const step = (high - low) / 255;
    const zero = Math.round(-low / step);
    const rounded = Array.from(x, (value) => (Math.round(value / step + zero) - zero) * step);
    const expected = product(rounded).map((value, at) => value + bias[at % out]!);
    // Halves may be rounded either way: one entry of x, one step off.
    expectWithin(result.y!.data, expected, step * 63 * Math.max(...scales) * 1.001);
    const exact = product(x).map((value, at) => value + bias[at % out]!);
    expectWithin(result.y!.data, exact, inner * (step / 2) * 63 * Math.max(...scales));
  });

  it('is what it stands for everywhere else', async () => {
    const y = multiply(weight, input('one', [1]));
    const result = await evaluate({ y }, { one: host([1], [1]) }, options);
    const expected = Array.from({ length: out * inner }, (_, at) => {
      const [o, i] = [Math.floor(at / inner), at % inner];
      return scales[o]! * values[i * out + o]!;
    });
    expectWithin(result.y!.data, expected, 1e-6);
  });

  it('passes gradients on to x', async () => {
    const at = input('x', [B, inner]);
    const slopes = numbers(rows * out);
    const weighted = matmul(linear(at, weight), constant(slopes.subarray(0, out), [out, 1]));
    const [dx] = grad(sum(weighted, [0, 1]), [at]);
    const result = await evaluate({ dx: dx! }, { x: host(x, [rows, inner]) }, options);
    const expected = Array.from({ length: rows * inner }, (_, index) => {
      let total = 0;
      for (let o = 0; o < out; o++)
        total += slopes[o]! * scales[o]! * values[(index % inner) * out + o]!;
      return total;
    });
    expectWithin(result.dx!.data, expected, 1e-5);
  });

  it('is known by its parts, other tensors are not', () => {
    expect(quantizedParts(weight)?.values.shape).toEqual([inner, out]);
    expect(quantizedParts(weight)?.scales.shape).toEqual([out]);
    expect(quantizedParts(constant(bias, [out, 1]))).toBeUndefined();
    expect(quantizedParts(transposeLast(constant(bias, [out, 1])))).toBeUndefined();
  });

  it('is refused where values and scales do not fit', () => {
    expect(() => quantizedWeight(location, constant(bias.subarray(1), [out - 1]))).toThrow(
      'scales',
    );
    expect(() =>
      quantizedWeight({ ...location, dataType: 'uint8' }, constant(scales, [out])),
    ).toThrow('uint8');
  });
});
