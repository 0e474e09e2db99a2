import { gzipSync } from 'fflate';

export interface NiftiFileOptions {
  readonly shape: readonly number[];
  /** Stored values, x fastest: as many as `shape` and `datatype` need. */
  readonly values: ArrayLike<number>;
  /** Code of the data type; 16 (float32) by default. */
  readonly datatype?: number;
  readonly version?: 1 | 2;
  readonly littleEndian?: boolean;
  readonly gzip?: boolean;
  readonly slope?: number;
  readonly intercept?: number;
  readonly pixdim?: readonly number[];
  /** Code and three rows of four. */
  readonly sform?: readonly [number, readonly number[]];
  /** Code and b, c, d, x, y, z. */
  readonly qform?: readonly [number, readonly number[]];
  /** Bytes between header and voxels. */
  readonly extension?: number;
  readonly magic?: string;
}

type Setter = (view: DataView, at: number, value: number, littleEndian: boolean) => void;

/** Bytes and setter of one number of each data type; colours and complex numbers are several. */
const setters: Record<number, readonly [number, Setter]> = {
  2: [1, (view, at, value) => view.setUint8(at, value)],
  4: [2, (view, at, value, le) => view.setInt16(at, value, le)],
  8: [4, (view, at, value, le) => view.setInt32(at, value, le)],
  16: [4, (view, at, value, le) => view.setFloat32(at, value, le)],
  64: [8, (view, at, value, le) => view.setFloat64(at, value, le)],
  256: [1, (view, at, value) => view.setInt8(at, value)],
  512: [2, (view, at, value, le) => view.setUint16(at, value, le)],
  768: [4, (view, at, value, le) => view.setUint32(at, value, le)],
  1024: [8, (view, at, value, le) => view.setBigInt64(at, BigInt(value), le)],
  1280: [8, (view, at, value, le) => view.setBigUint64(at, BigInt(value), le)],
};
const numberTypes: Record<number, number> = { 32: 16, 1792: 64, 128: 2, 2304: 2, 1536: 2, 2048: 2 };

/** A NIfTI file; 128-bit floats are given byte by byte. */
export function writeNifti(file: NiftiFileOptions): Uint8Array<ArrayBuffer> {
  const { version = 1, littleEndian = true, datatype = 16, extension = 0 } = file;
  const [size, set] = setters[numberTypes[datatype] ?? datatype] ?? setters[2]!;
  const first = version === 1;
  const length = first ? 348 : 540;
  const offset = length + 4 + extension;
  const bytes = new Uint8Array(offset + size * file.values.length);
  const view = new DataView(bytes.buffer);
  const short = (at: number, value: number) => view.setInt16(at, value, littleEndian);
  const int = (at: number, value: number) => view.setInt32(at, value, littleEndian);
  const long = (at: number, value: number) => view.setBigInt64(at, BigInt(value), littleEndian);
  const float = (at: number, values: readonly number[]) =>
    values.forEach((value, index) => {
      if (first) view.setFloat32(at + 4 * index, value, littleEndian);
      else view.setFloat64(at + 8 * index, value, littleEndian);
    });

  int(0, length);
  const magic = file.magic ?? `n+${version}\0`;
  bytes.set(
    Uint8Array.from(magic, (c) => c.charCodeAt(0)),
    first ? 344 : 4,
  );
  [file.shape.length, ...file.shape].forEach((value, index) => {
    if (first) short(40 + 2 * index, value);
    else long(16 + 8 * index, value);
  });
  short(first ? 70 : 12, datatype);
  float(first ? 76 : 104, file.pixdim ?? [1, 1, 1, 1, 1, 1, 1, 1]);
  if (first) float(108, [offset]);
  else long(168, offset);
  float(first ? 112 : 176, [file.slope ?? 0, file.intercept ?? 0]);
  const [qformCode, quaternion] = file.qform ?? [0, []];
  const [sformCode, sform] = file.sform ?? [0, []];
  for (const [index, code] of [qformCode, sformCode].entries()) {
    if (first) short(252 + 2 * index, code);
    else int(344 + 4 * index, code);
  }
  float(first ? 256 : 352, quaternion);
  float(first ? 280 : 400, sform);
  for (let i = 0; i < file.values.length; i++) {
    set(view, offset + size * i, file.values[i] as number, littleEndian);
  }
  return file.gzip ? (gzipSync(bytes) as Uint8Array<ArrayBuffer>) : bytes;
}
