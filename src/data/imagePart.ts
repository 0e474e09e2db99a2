import { IqeError } from '../base/errors.js';
import type { NiftiAxis } from './nifti/niftiSlice.js';

/**
 * One image of a file that holds several: a frame of a DICOM file, a slice of a NIfTI volume. What is
 * left open is for the reader to choose.
 */
export interface ImagePart {
  /** From 0: the frame of a DICOM file, or the volume of a NIfTI file of several. */
  readonly frame?: number;
  readonly axis?: NiftiAxis;
  /** From 0, across `axis`. */
  readonly slice?: number;
}

const numberedPart = '(?:frame|axial|coronal|sagittal)=\\d{1,9}';
const partSuffix = new RegExp(`#(${numberedPart}(?:,${numberedPart})*)$`);

/**
 * Takes the name of an image apart: `scan.nii.gz#axial=57` is slice 57 of `scan.nii.gz`,
 * `cine.dcm#frame=3` frame 3 of `cine.dcm`, `series.nii#frame=2,axial=57` slice 57 of its volume 2.
 * Any other name is that of a file.
 */
export function splitImageName(name: string): { readonly file: string; readonly part: ImagePart } {
  const suffix = partSuffix.exec(name);
  if (suffix === null) return { file: name, part: {} };
  let part: ImagePart = {};
  for (const assignment of (suffix[1] as string).split(',')) {
    const [key, value] = assignment.split('=') as [string, string];
    part =
      key === 'frame'
        ? { ...part, frame: Number(value) }
        : { ...part, axis: key as NiftiAxis, slice: Number(value) };
  }
  return { file: name.slice(0, suffix.index), part };
}

/** The file that an image is in. */
export function fileOfImage(name: string): string {
  return splitImageName(name).file;
}

/** The inverse of {@link splitImageName}. */
export function imageName(file: string, { frame, axis = 'axial', slice }: ImagePart): string {
  const assignments = [
    ...(frame === undefined ? [] : [`frame=${frame}`]),
    ...(slice === undefined ? [] : [`${axis}=${slice}`]),
  ];
  return assignments.length === 0 ? file : `${file}#${assignments.join(',')}`;
}

/**
 * Refuses a part that a file of some kind cannot have.
 *
 * @param what The kind of file, such as `a DICOM file`.
 * @throws {IqeError} `unreadable`
 */
export function expectNo(key: 'frame' | 'slice', part: ImagePart, what: string): void {
  if (part[key] === undefined) return;
  throw new IqeError('unreadable', `There are no ${key}s in ${what}.`, {
    hint: 'Leave out what follows the # of its name.',
  });
}
