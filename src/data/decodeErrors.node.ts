import { IqeError, messageOf } from '../base/errors.js';

const READABLE = 'PNG, JPEG, TIFF, WebP, GIF, DICOM or NIfTI';
const CONVERT = 'Convert it to PNG or TIFF first.';
const DOWNLOAD = 'Download or copy the file itself again.';

/** The first bytes of images that we read, each at its offset. */
const IMAGES: readonly (readonly [signature: string, offset: number])[] = [
  ['\x89PNG', 0],
  ['\xff\xd8\xff', 0],
  ['II*\0', 0],
  ['MM\0*', 0],
  ['II+\0', 0],
  ['MM\0+', 0],
  ['GIF8', 0],
  ['WEBP', 8],
];

/** The same of what is often met in their place: what it is, and what to do about it. */
const OTHERS: readonly (readonly [
  signature: string,
  offset: number,
  what: string,
  hint: string,
])[] = [
  ['BM', 0, 'a BMP', CONVERT],
  ['ftyp', 4, 'a HEIF or AVIF picture', CONVERT],
  ['jP  ', 4, 'a JPEG 2000 picture', CONVERT],
  ['<svg', 0, 'an SVG drawing', CONVERT],
  ['%PDF', 0, 'a PDF document', CONVERT],
  ['\x1f\x8b', 0, 'a gzip archive', 'Unpack it first.'],
  ['PK\x03\x04', 0, 'a ZIP archive', 'Unpack it first.'],
  ['version https://git-lfs', 0, 'a Git LFS pointer', 'Run "git lfs pull" where it came from.'],
  ['<!DOCTYPE html', 0, 'a web page', DOWNLOAD],
  ['<!doctype html', 0, 'a web page', DOWNLOAD],
  ['<html', 0, 'a web page', DOWNLOAD],
];

/** What files of some names should be. */
const NAMES: readonly (readonly [name: RegExp, format: string])[] = [
  [/\.(dcm|dicom)$/i, 'DICOM'],
  [/\.nii(\.gz)?$/i, 'NIfTI'],
];

/** The error for a file of which no picture could be made, from its content and what the decoder said. */
export function undecodable(name: string, bytes: Buffer, cause: unknown): IqeError {
  if (bytes.length === 0) {
    return unreadable(name, 'it is empty (0 bytes)', DOWNLOAD, cause);
  }
  const has = (signature: string, offset: number) =>
    bytes.toString('latin1', offset, offset + signature.length) === signature;
  if (IMAGES.some(([signature, offset]) => has(signature, offset))) {
    const said = firstLine(messageOf(cause));
    return unreadable(name, `the picture is damaged or cut short (${said})`, DOWNLOAD, cause);
  }
  const named = NAMES.find(([pattern]) => pattern.test(name))?.[1];
  const isGzip = has('\x1f\x8b', 0);
  const other =
    isGzip && named ? undefined : OTHERS.find(([signature, offset]) => has(signature, offset));
  if (other === undefined) {
    const what = named ? `it is no ${named} file, or damaged at its start` : 'it is not an image';
    return unreadable(name, what, `Expected is ${READABLE}.`, cause);
  }
  return unreadable(name, `it is ${other[2]}, not ${READABLE}`, other[3], cause);
}

/** The error for a path that the file system did not give us. */
export function unopenable(path: string, cause: unknown): IqeError {
  switch ((cause as NodeJS.ErrnoException).code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return unreadable(path, 'there is no such file', 'Check the path.', cause);
    case 'EISDIR':
      return unreadable(path, 'it is a folder', 'Expected is one image file.', cause);
    case 'EACCES':
    case 'EPERM':
      return unreadable(path, 'there is no permission to read it', 'Check who may read it.', cause);
    default:
      return unreadable(path, firstLine(messageOf(cause)), 'Check the path.', cause);
  }
}

/** `Cannot read NAME: WHAT.` */
export function unreadable(name: string, what: string, hint: string, cause?: unknown): IqeError {
  return new IqeError('unreadable', `Cannot read ${name}: ${what}.`, { hint, cause });
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.trim() ?? '';
}
