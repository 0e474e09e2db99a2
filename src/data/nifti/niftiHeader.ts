import { IqeError } from '../../base/errors.js';
import { type Affine, baseAffine, isUsable, qformAffine } from './niftiAffine.js';
import { type NiftiDataType, niftiDataType } from './niftiDataTypes.js';

/** What the header of a NIfTI file states (nifti1.h, nifti2.h). */
export interface NiftiHeader {
  readonly version: 1 | 2;
  readonly littleEndian: boolean;
  /** One to seven dimensions: x, y, z, time, … */
  readonly shape: readonly number[];
  readonly dataType: NiftiDataType;
  /** Size of a voxel along each dimension, as stated. */
  readonly zooms: readonly number[];
  /** Value = stored · slope + intercept; 1 and 0 where the file states no scaling. */
  readonly slope: number;
  readonly intercept: number;
  /** Where the voxels begin in the (expanded) file. */
  readonly dataOffset: number;
  /**
   * Voxel indices → millimetres to the patient's right, front and top: the sform where its code is
   * positive, else the qform where its code is, else voxel sizes around the centre with x from right
   * to left.
   */
  readonly affine: Affine;
  readonly qformCode: number;
  readonly sformCode: number;
}

/** Bytes from which {@link readNiftiHeader} can read either version. */
export const longestHeader = 540;

/** Offsets of the fields, and how many bytes numbers take: the versions differ in nothing else. */
const layouts = {
  1: {
    length: 348,
    dim: 40,
    datatype: 70,
    pixdim: 76,
    voxOffset: 108,
    slope: 112,
    codes: 252,
    quaternion: 256,
    sform: 280,
  },
  2: {
    length: 540,
    dim: 16,
    datatype: 12,
    pixdim: 104,
    voxOffset: 168,
    slope: 176,
    codes: 344,
    quaternion: 352,
    sform: 400,
  },
} as const;

/**
 * Reads the header of an uncompressed NIfTI-1 or NIfTI-2 file of either byte order.
 *
 * @throws {IqeError} `unreadable`: not NIfTI, or it states what cannot be.
 */
export function readNiftiHeader(bytes: Uint8Array): NiftiHeader {
  const { version, littleEndian } = identified(bytes);
  const layout = layouts[version];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const float = (at: number, index = 0) =>
    version === 1
      ? view.getFloat32(at + 4 * index, littleEndian)
      : view.getFloat64(at + 8 * index, littleEndian);
  const code = (index: number) =>
    version === 1
      ? view.getInt16(layout.codes + 2 * index, littleEndian)
      : view.getInt32(layout.codes + 4 * index, littleEndian);
  const dim = (index: number) =>
    version === 1
      ? view.getInt16(layout.dim + 2 * index, littleEndian)
      : Number(view.getBigInt64(layout.dim + 8 * index, littleEndian));

  const shape = readShape(dim);
  const pixdim = Array.from({ length: 8 }, (_, index) => float(layout.pixdim, index));
  const [slope, intercept] = [float(layout.slope), float(layout.slope, 1)];
  const scaled = Number.isFinite(slope) && slope !== 0;
  const offset =
    version === 1
      ? float(layout.voxOffset)
      : Number(view.getBigInt64(layout.voxOffset, littleEndian));
  if (!(offset >= 0 && offset < 2 ** 53)) throw unreadable(`its voxels begin at byte ${offset}`);
  const [qformCode, sformCode] = [code(0), code(1)];
  const forms = {
    sform: Array.from({ length: 12 }, (_, index) => float(layout.sform, index)),
    quaternion: Array.from({ length: 6 }, (_, index) => float(layout.quaternion, index)),
  };
  return {
    version,
    littleEndian,
    shape,
    dataType: niftiDataType(view.getInt16(layout.datatype, littleEndian)),
    zooms: shape.map((_, axis) => pixdim[axis + 1] as number),
    slope: scaled ? slope : 1,
    intercept: scaled && Number.isFinite(intercept) ? intercept : 0,
    // Four bytes behind the header say whether extensions follow.
    dataOffset: Math.max(Math.floor(offset), layout.length + 4),
    affine: chooseAffine(forms, pixdim, shape, { qformCode, sformCode }),
    qformCode,
    sformCode,
  };
}

function chooseAffine(
  forms: { readonly sform: readonly number[]; readonly quaternion: readonly number[] },
  pixdim: readonly number[],
  shape: readonly number[],
  codes: { readonly qformCode: number; readonly sformCode: number },
): Affine {
  if (codes.sformCode > 0 && isUsable(forms.sform)) return forms.sform;
  const qform = qformAffine(forms.quaternion, pixdim);
  return codes.qformCode > 0 && isUsable(qform) ? qform : baseAffine(shape, pixdim);
}

function readShape(dim: (index: number) => number): number[] {
  const dimensions = dim(0);
  if (dimensions < 1 || dimensions > 7) throw unreadable(`it has ${dimensions} dimensions`);
  const shape = Array.from({ length: dimensions }, (_, index) => dim(index + 1));
  if (shape.some((size) => size < 1 || size > 2 ** 31)) {
    throw unreadable(`its shape is ${shape.join(' × ')}`);
  }
  return shape;
}

/** Whether `bytes` begin like a header, whatever it states. */
export function isNiftiHeader(bytes: Uint8Array): boolean {
  return identify(bytes) !== undefined;
}

function identified(bytes: Uint8Array): Identity {
  const identity = identify(bytes);
  if (identity === undefined) {
    throw new IqeError('unreadable', 'This is not a NIfTI file (.nii or .nii.gz).');
  }
  if (identity.isPair) {
    throw new IqeError('unreadable', 'This is the header of a NIfTI pair (.hdr and .img).', {
      hint: 'Convert the pair to one .nii or .nii.gz file.',
    });
  }
  return identity;
}

interface Identity {
  readonly version: 1 | 2;
  readonly littleEndian: boolean;
  readonly isPair: boolean;
}

function identify(bytes: Uint8Array): Identity | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (const version of [1, 2] as const) {
    const { length } = layouts[version];
    if (bytes.length < length) continue;
    const magic = String.fromCharCode(...bytes.subarray(version === 1 ? 344 : 4).subarray(0, 4));
    const isPair = magic === `ni${version}\0`;
    if (magic !== `n+${version}\0` && !isPair) continue;
    for (const littleEndian of [true, false]) {
      if (view.getInt32(0, littleEndian) === length) return { version, littleEndian, isPair };
    }
  }
  return undefined;
}

function unreadable(what: string): IqeError {
  return new IqeError('unreadable', `This NIfTI file is damaged: ${what}.`);
}
