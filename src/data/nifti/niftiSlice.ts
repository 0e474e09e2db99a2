import { IqeError } from '../../base/errors.js';
import type { PixelMap, RasterImage } from '../../base/image.js';
import type { PixelSpacing } from '../dicom/pixelSpacing.js';
import { type NiftiVolume, niftiValue } from './decodeNifti.js';
import { applyAffine, invertAffine, orientationOf, voxelSize } from './niftiAffine.js';
import type { NiftiHeader } from './niftiHeader.js';
import { greyIn, type NiftiWindow, niftiRange, type ValueRange } from './niftiWindow.js';

/** The patient's axis that a slice lies across: right, front or top. */
export type NiftiAxis = 'sagittal' | 'coronal' | 'axial';

/**
 * `radiological`, the default: the patient's right is on the left of coronal and axial slices, as if
 * seen from the front or the feet. `neurological`: it is on the right.
 */
export type NiftiConvention = 'radiological' | 'neurological';

export interface NiftiSliceOptions {
  /** Default: the 0.5th to the 99.5th percentile of the volume. Colours are shown as they are. */
  readonly window?: NiftiWindow;
  readonly convention?: NiftiConvention;
}

/** A slice as it is shown; one voxel gives one pixel. */
export interface NiftiSlice {
  readonly width: number;
  readonly height: number;
  /** Values, rows from the top; three for each pixel of a colour volume. */
  readonly values: Float64Array;
  readonly display: RasterImage;
  /** What `display` was made with; undefined for colours. */
  readonly range: ValueRange | undefined;
  /** Millimetres between rows and between columns. */
  readonly spacing: PixelSpacing;
}

/** How many slices lie across `axis`. */
export function niftiSliceCount(volume: NiftiVolume, axis: NiftiAxis): number {
  return niftiSliceGrid(volume.header, axis).count;
}

/** Width and height of the slices across `axis`, and their number. */
export function niftiSliceGrid(
  { affine, shape }: NiftiHeader,
  axis: NiftiAxis,
): { readonly width: number; readonly height: number; readonly count: number } {
  const { axes } = orientationOf(affine);
  const size = (patientAxis: 0 | 1 | 2) => shape[axes[patientAxis]] ?? 1;
  const { up, left } = layout[axis];
  return { width: size(left), height: size(up), count: size(across[axis]) };
}

/**
 * Slice `index` of `volume` across `axis`: slices are counted to the right, to the front and to the
 * top, whatever the order of the voxels in the file (the affine's closest axes). The front is at the
 * top of axial slices and on the left of sagittal ones, the top at the top of the others.
 *
 * @throws {IqeError} `usage`: no such slice, or a window that cannot be.
 */
export function niftiSlice(
  volume: NiftiVolume,
  axis: NiftiAxis,
  index: number,
  options: NiftiSliceOptions = {},
): NiftiSlice {
  const plane = slicePlane(volume, axis, index, options.convention);
  const { width, height, spacing } = plane;
  const { channels, shape, stored, header } = volume;
  const { slope, intercept } = channels === 1 ? header : { slope: 1, intercept: 0 };
  // A step along a row or column is the same everywhere.
  const place = ([i, j, k]: readonly [number, number, number]) => i + shape[0] * (j + shape[1] * k);
  const first = place(plane.voxel(0, 0));
  const rowStep = place(plane.voxel(1, 0)) - first;
  const columnStep = place(plane.voxel(0, 1)) - first;
  const values = new Float64Array(width * height * channels);
  let at = 0;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const from = (first + row * rowStep + column * columnStep) * channels;
      for (let channel = 0; channel < channels; channel++) {
        values[at++] = (stored[from + channel] as number) * slope + intercept;
      }
    }
  }
  const range = channels === 1 ? niftiRange(volume, options.window) : undefined;
  const data = Uint8Array.from(values, (value) => (range ? greyIn(range, value) : value));
  return { width, height, values, display: { width, height, channels, data }, range, spacing };
}

export interface NiftiMaskOptions {
  readonly convention?: NiftiConvention;
  /** The volume whose slice the mask is for, where their grids differ. Default: the mask itself. */
  readonly like?: Pick<NiftiVolume, 'header'>;
}

/**
 * The slice of a mask that belongs to `niftiSlice(like, axis, index)`: 1 where the mask's voxel
 * nearest to the pixel's centre is neither 0 nor NaN, else 0; 0 outside the mask.
 *
 * @throws {IqeError} `usage`: no such slice.
 */
export function niftiMaskSlice(
  mask: NiftiVolume,
  axis: NiftiAxis,
  index: number,
  options: NiftiMaskOptions = {},
): PixelMap {
  const { like = mask } = options;
  const plane = slicePlane(like, axis, index, options.convention);
  const toMask = invertAffine(mask.header.affine);
  const data = new Float32Array(plane.width * plane.height);
  for (let row = 0; row < plane.height; row++) {
    for (let column = 0; column < plane.width; column++) {
      const [x = 0, y = 0, z = 0] = applyAffine(like.header.affine, ...plane.voxel(row, column));
      const voxel = applyAffine(toMask, x, y, z).map(nearest);
      const inside = voxel.every((place, along) => place >= 0 && place < (mask.shape[along] ?? 0));
      if (inside && isMarked(mask, voxel)) data[row * plane.width + column] = 1;
    }
  }
  return { width: plane.width, height: plane.height, data };
}

/** Halves go down whatever rounding errors the affines leave. */
function nearest(place: number): number {
  return Math.ceil(place - 0.5 - 1e-6);
}

function isMarked(mask: NiftiVolume, [i = 0, j = 0, k = 0]: readonly number[]): boolean {
  for (let channel = 0; channel < mask.channels; channel++) {
    const value = niftiValue(mask, i, j, k, channel);
    if (value !== 0 && !Number.isNaN(value)) return true;
  }
  return false;
}

/** The patient's axes: 0 to the right, 1 to the front, 2 to the top. */
const across: Record<NiftiAxis, 0 | 1 | 2> = { sagittal: 0, coronal: 1, axial: 2 };

/** The patient's axes that go up, and to the left in the radiological convention. */
const layout: Record<NiftiAxis, { readonly up: 0 | 1 | 2; readonly left: 0 | 1 | 2 }> = {
  sagittal: { up: 2, left: 1 },
  coronal: { up: 2, left: 0 },
  axial: { up: 1, left: 0 },
};

interface SlicePlane {
  readonly width: number;
  readonly height: number;
  readonly spacing: PixelSpacing;
  /** The voxel that a pixel shows. */
  readonly voxel: (row: number, column: number) => [number, number, number];
}

function slicePlane(
  { header }: Pick<NiftiVolume, 'header'>,
  axis: NiftiAxis,
  index: number,
  convention: NiftiConvention = 'radiological',
): SlicePlane {
  const { axes, flipped } = orientationOf(header.affine);
  const { width, height, count } = niftiSliceGrid(header, axis);
  if (!Number.isInteger(index) || index < 0 || index >= count) {
    throw new IqeError('usage', `Slice ${index} of ${count} ${axis} slices.`, {
      hint: `Slices are counted from 0 to ${count - 1}.`,
    });
  }
  const { up, left } = layout[axis];
  const size = (patientAxis: 0 | 1 | 2) => header.shape[axes[patientAxis]] ?? 1;
  const mirrored = convention === 'neurological' && left === 0;
  const voxel = (row: number, column: number): [number, number, number] => {
    const place: [number, number, number] = [0, 0, 0];
    const put = (patientAxis: 0 | 1 | 2, steps: number) => {
      const last = size(patientAxis) - 1;
      place[axes[patientAxis] as 0 | 1 | 2] = flipped[patientAxis] ? last - steps : steps;
    };
    put(across[axis], index);
    put(up, height - 1 - row);
    put(left, mirrored ? column : width - 1 - column);
    return place;
  };
  const spacing = {
    row: voxelSize(header.affine, axes[up]),
    column: voxelSize(header.affine, axes[left]),
  };
  return { width, height, spacing, voxel };
}
