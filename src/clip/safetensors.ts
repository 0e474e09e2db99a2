import { IqeError } from '../base/errors.js';
import type { HostTensor, TensorData } from '../graph/session.js';
import type { DataType } from '../graph/tensor.js';

/** Where a tensor lies in a `.safetensors` file. */
export interface StoredTensor {
  readonly name: string;
  readonly dataType: DataType;
  readonly shape: readonly number[];
  /** First byte, counted from the beginning of the file. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
}

export interface SafetensorsHeader {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

const dataTypes: Record<string, DataType> = {
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  I32: 'int32',
  I64: 'int64',
  U8: 'uint8',
  I8: 'int8',
  BOOL: 'bool',
};

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

/** Longer headers than any real one are signs of another file format. */
const longestHeader = 100_000_000;

/**
 * Reads the header of a `.safetensors` file and checks that each tensor lies inside of the file and
 * has as many bytes as its shape says.
 *
 * @param read Gives `length` bytes from `offset`.
 * @param fileLength Bytes of the whole file.
 * @param where The file's name for errors.
 * @throws {IqeError} `checkpoint`, naming the tensor where one is at fault.
 */
export async function readSafetensorsHeader(
  read: (offset: number, length: number) => Promise<Uint8Array>,
  fileLength: number,
  where: string,
): Promise<SafetensorsHeader> {
  const damaged = (what: string) =>
    new IqeError('checkpoint', `${where} is not a whole .safetensors file: ${what}.`, {
      hint: 'It may be cut off or damaged: download or copy it again.',
    });
  if (fileLength < 8) throw damaged(`it has ${fileLength} bytes`);
  const lengthBytes = await read(0, 8);
  const headerLength = Number(
    new DataView(lengthBytes.buffer, lengthBytes.byteOffset, 8).getBigUint64(0, true),
  );
  if (headerLength > longestHeader || 8 + headerLength > fileLength) {
    throw damaged(`its header should have ${headerLength} bytes, the file has ${fileLength}`);
  }
  const entries = parseHeader(await read(8, headerLength), damaged);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, entry] of Object.entries(entries)) {
    if (name === '__metadata__') continue;
    tensors.set(name, storedTensor(name, entry, 8 + headerLength, fileLength, damaged));
  }
  return { tensors, metadata: (entries.__metadata__ as Record<string, string>) ?? {} };
}

function parseHeader(
  bytes: Uint8Array,
  damaged: (what: string) => IqeError,
): Record<string, unknown> {
  try {
    const entries: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof entries === 'object' && entries !== null) return entries as Record<string, unknown>;
  } catch {
    // Reported below.
  }
  throw damaged('its header is not JSON');
}

function storedTensor(
  name: string,
  entry: unknown,
  bodyStart: number,
  fileLength: number,
  damaged: (what: string) => IqeError,
): StoredTensor {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  const counts = (value: unknown): value is number[] =>
    Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
  if (!counts(shape) || !counts(offsets) || offsets.length !== 2) {
    throw damaged(`the entry of tensor '${name}' has no shape or offsets`);
  }
  const dataType = dataTypes[String(dtype)];
  if (!dataType) throw damaged(`tensor '${name}' has the unknown data type '${dtype}'`);
  const [start, end] = offsets as [number, number];
  const expected = shape.reduce((size, dimension) => size * dimension, elementBytes[dataType]);
  if (end - start !== expected) {
    throw damaged(
      `tensor '${name}' ${dtype} [${shape}] needs ${expected} bytes and has ${end - start}`,
    );
  }
  if (bodyStart + end > fileLength) {
    throw damaged(`tensor '${name}' ends at byte ${bodyStart + end}, the file at ${fileLength}`);
  }
  return { name, dataType, shape, offset: bodyStart + start, length: expected };
}

/** The values of float bytes as float32: F32 as it is (copied), F16 and BF16 widened. */
export function toFloat32(bytes: Uint8Array, dataType: DataType): Float32Array {
  const copy = new Uint8Array(bytes); // Not slice(): that of a Node Buffer is a view.
  if (dataType === 'float32') return new Float32Array(copy.buffer);
  const halves = new Uint16Array(copy.buffer);
  if (dataType === 'float16') return Float32Array.from(halves, halfToFloat);
  if (dataType === 'bfloat16') {
    const wide = new Uint32Array(halves.length);
    for (let i = 0; i < halves.length; i++) wide[i] = halves[i]! << 16;
    return new Float32Array(wide.buffer);
  }
  throw new IqeError('checkpoint', `A tensor of floats was expected, not of ${dataType}.`);
}

function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const floatBits = new Float32Array(1);
const integerBits = new Uint32Array(floatBits.buffer);

/** The nearest half-precision number, ties to even; as its 16 bits. */
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

const names: Partial<Record<DataType, string>> = {
  float32: 'F32',
  float16: 'F16',
  int32: 'I32',
  int64: 'I64',
  uint8: 'U8',
};

/**
 * Writes a `.safetensors` file: float32 tensors (or half precision, on wish), aligned to 8 bytes.
 *
 * @param halfPrecision Store every float32 tensor as F16.
 */
export function writeSafetensors(
  tensors: Readonly<Record<string, HostTensor>>,
  metadata: Readonly<Record<string, string>> = {},
  halfPrecision = false,
): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  const bodies: Uint8Array[] = [];
  let offset = 0;
  for (const [name, { data, shape }] of Object.entries(tensors)) {
    const halved = halfPrecision && data instanceof Float32Array;
    const stored = halved ? Uint16Array.from(data, floatToHalf) : data;
    const body = new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
    header[name] = {
      dtype: halved ? 'F16' : names[typeOf(data)],
      shape,
      data_offsets: [offset, offset + body.length],
    };
    bodies.push(body);
    offset += body.length;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const headerLength = Math.ceil(text.length / 8) * 8;
  const file = new Uint8Array(8 + headerLength + offset);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerLength), true);
  file.fill(0x20, 8, 8 + headerLength).set(text, 8);
  let position = 8 + headerLength;
  for (const body of bodies) {
    file.set(body, position);
    position += body.length;
  }
  return file;
}

function typeOf(data: TensorData): DataType {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Uint16Array) return 'float16';
  if (data instanceof Int32Array) return 'int32';
  if (data instanceof BigInt64Array) return 'int64';
  return 'uint8';
}
