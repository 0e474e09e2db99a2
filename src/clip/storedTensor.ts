import { IqeError } from '../base/errors.js';
import type { DataType } from '../graph/tensor.js';
import { halfToFloat, widenBfloat16 } from './halfPrecision.js';

/** Where a tensor lies in a file of weights: little endian, row-major, in one piece. */
export interface StoredTensor {
  readonly name: string;
  readonly dataType: DataType;
  readonly shape: readonly number[];
  /** First byte, counted from the beginning of the file. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
}

/** Gives `length` bytes of a file from `offset`. */
export type ReadBytes = (offset: number, length: number) => Promise<Uint8Array>;

const elementBytes: Record<DataType, number> = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
  int8: 1,
  bool: 1,
};

/** Bytes of a tensor. */
export function byteLength(dataType: DataType, shape: readonly number[]): number {
  return shape.reduce((size, dimension) => size * dimension, elementBytes[dataType]);
}

/** Whether `value` is a list of whole numbers from 0: a shape, offsets. */
export function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

/** The values of float bytes as float32: float32 as it is (copied), the halves widened. */
export function toFloat32(bytes: Uint8Array, dataType: DataType): Float32Array {
  const copy = new Uint8Array(bytes); // Not slice(): that of a Node Buffer is a view.
  if (dataType === 'float32') return new Float32Array(copy.buffer);
  const halves = new Uint16Array(copy.buffer);
  if (dataType === 'float16') return Float32Array.from(halves, halfToFloat);
  if (dataType === 'bfloat16') return widenBfloat16(halves);
  throw new IqeError('checkpoint', `A tensor of floats was expected, not of ${dataType}.`);
}
