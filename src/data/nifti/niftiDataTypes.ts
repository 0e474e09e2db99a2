import { IqeError } from '../../base/errors.js';
import { readExtendedFloats } from './extendedFloat.js';

/** How a voxel is stored (nifti1.h, NIFTI_TYPE_…). */
export interface NiftiDataType {
  readonly code: number;
  readonly name: string;
  /** Bytes of a voxel. */
  readonly bytes: number;
  /** 3 for colours. */
  readonly channels: 1 | 3;
  /** Reads `count` voxels, `channels` values each. */
  readonly read: (bytes: Uint8Array, count: number, littleEndian: boolean) => StoredVoxels;
}

/** Voxels as numbers. Types without a typed array of their own become float64. */
export type StoredVoxels =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

type Getter = (view: DataView, at: number, littleEndian: boolean) => number;

/** A type of `bytes` bytes that `get` reads and float64 holds. */
function plain(code: number, name: string, bytes: number, get: Getter): NiftiDataType {
  const read: NiftiDataType['read'] = (source, count, littleEndian) => {
    const view = new DataView(source.buffer, source.byteOffset, source.length);
    const voxels = float64s(count);
    for (let i = 0; i < count; i++) voxels[i] = get(view, bytes * i, littleEndian);
    return voxels;
  };
  return { code, name, bytes, channels: 1, read };
}

type TypedArray<Voxels> = {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer): Voxels;
};

/** A type that has a typed array of its own. */
function typed<Voxels extends StoredVoxels>(
  code: number,
  name: string,
  Voxels: TypedArray<Voxels>,
): NiftiDataType {
  const bytes = Voxels.BYTES_PER_ELEMENT;
  const read: NiftiDataType['read'] = (source, count, littleEndian) => {
    const copy = new Uint8Array(source.subarray(0, bytes * count));
    if (littleEndian !== isLittleEndianHere) swapBytes(copy, bytes);
    return new Voxels(copy.buffer);
  };
  return { code, name, bytes, channels: 1, read };
}

function swapBytes(values: Uint8Array, bytes: number): void {
  for (let start = 0; start < values.length; start += bytes) {
    for (let at = 0; at < bytes / 2; at++) {
      const other = start + bytes - 1 - at;
      const value = values[start + at] as number;
      values[start + at] = values[other] as number;
      values[other] = value;
    }
  }
}

const isLittleEndianHere = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Colours of three or, with opacity, which is dropped, four bytes. */
function colour(code: number, name: string, bytes: 3 | 4): NiftiDataType {
  const read: NiftiDataType['read'] = (source, count) => {
    const voxels = new Uint8Array(3 * count);
    for (let i = 0; i < count; i++) {
      for (let channel = 0; channel < 3; channel++) {
        voxels[3 * i + channel] = source[bytes * i + channel] as number;
      }
    }
    return voxels;
  };
  return { code, name, bytes, channels: 3, read };
}

const float64s = (count: number) => new Float64Array(count);

const types: readonly NiftiDataType[] = [
  typed(2, 'uint8', Uint8Array),
  typed(256, 'int8', Int8Array),
  typed(4, 'int16', Int16Array),
  typed(512, 'uint16', Uint16Array),
  typed(8, 'int32', Int32Array),
  typed(768, 'uint32', Uint32Array),
  typed(16, 'float32', Float32Array),
  typed(64, 'float64', Float64Array),
  plain(1024, 'int64', 8, (view, at, le) => Number(view.getBigInt64(at, le))),
  plain(1280, 'uint64', 8, (view, at, le) => Number(view.getBigUint64(at, le))),
  plain(32, 'complex64', 8, (view, at, le) =>
    Math.hypot(view.getFloat32(at, le), view.getFloat32(at + 4, le)),
  ),
  plain(1792, 'complex128', 16, (view, at, le) =>
    Math.hypot(view.getFloat64(at, le), view.getFloat64(at + 8, le)),
  ),
  { code: 1536, name: 'float128', bytes: 16, channels: 1, read: readExtendedFloats },
  {
    code: 2048,
    name: 'complex256',
    bytes: 32,
    channels: 1,
    read: (bytes, count, littleEndian) => {
      const parts = readExtendedFloats(bytes, 2 * count, littleEndian);
      const part = (index: number) => parts[index] as number;
      return float64s(count).map((_, i) => Math.hypot(part(2 * i), part(2 * i + 1)));
    },
  },
  colour(128, 'rgb24', 3),
  colour(2304, 'rgba32', 4),
];

/**
 * The data type of `code`; complex numbers are read as their magnitudes.
 *
 * @throws {IqeError} `unreadable`
 */
export function niftiDataType(code: number): NiftiDataType {
  const type = types.find((candidate) => candidate.code === code);
  if (type !== undefined) return type;
  throw new IqeError('unreadable', `This NIfTI file has the unknown data type ${code}.`, {
    hint: `Data types: ${types.map(({ name }) => name).join(', ')}.`,
  });
}
