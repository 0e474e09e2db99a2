import { readFileSync } from 'node:fs';
import { goldenFolder } from './shared.js';

export interface RecordedTensor {
  readonly dtype: string;
  readonly shape: number[];
  /** The values as numbers: Float32Array of F32 (and F16), else the plain integers. */
  readonly data: Float32Array | Uint8Array | Int32Array | BigInt64Array | Float64Array;
}

/** Every tensor of a recorded `.safetensors` file. Independent of the product's own reader. */
export function recordedTensors(name: string): Record<string, RecordedTensor> {
  const bytes = readFileSync(name.startsWith('/') ? name : `${goldenFolder}/${name}`);
  const headerLength = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerLength)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const tensors: Record<string, RecordedTensor> = {};
  for (const [key, entry] of Object.entries(header)) {
    if (key === '__metadata__') continue;
    const [start, end] = entry.data_offsets;
    const body = new Uint8Array(bytes.subarray(8 + headerLength + start, 8 + headerLength + end));
    tensors[key] = { dtype: entry.dtype, shape: entry.shape, data: view(entry.dtype, body.buffer) };
  }
  return tensors;
}

function view(dtype: string, buffer: ArrayBuffer): RecordedTensor['data'] {
  switch (dtype) {
    case 'F64':
      return new Float64Array(buffer);
    case 'F32':
      return new Float32Array(buffer);
    case 'F16':
      return Float32Array.from(new Uint16Array(buffer), float16);
    case 'I32':
      return new Int32Array(buffer);
    case 'I64':
      return new BigInt64Array(buffer);
    case 'U8':
      return new Uint8Array(buffer);
    default:
      throw new Error(`no view for ${dtype}`);
  }
}

function float16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
