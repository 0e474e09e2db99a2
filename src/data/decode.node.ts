import { readFile, stat } from 'node:fs/promises';
import { IqeError, messageOf, throwIfAborted } from '../base/errors.js';
import type { RasterImage } from '../base/image.js';
import { unopenable, unreadable } from './decodeErrors.node.js';
import { wasmCodecs } from './dicom/codecs.node.js';
import { readDicomHeader } from './dicom/decodeDicom.js';
import { isDicom } from './dicom/dicomFile.js';
import { DicomImages } from './dicom/dicomImages.js';
import { readFileStart } from './fileStart.node.js';
import type { ImageFile, ImageHeader } from './imageFile.js';
import { splitImageName } from './imagePart.js';
import { isNifti, readNiftiFileHeader } from './nifti/decodeNifti.js';
import { zlibGunzip } from './nifti/gunzip.node.js';
import { NiftiImages } from './nifti/niftiImages.js';
import { niftiSliceGrid } from './nifti/niftiSlice.js';
import { Picture, readPictureHeader } from './picture.node.js';
import type { ReadingOptions } from './readingSettings.js';

/** Pixels that an image may have unless its reader says otherwise: 100 million. */
export const DEFAULT_MAX_PIXELS = 100_000_000;

export interface DecodeOptions extends ReadingOptions {
  readonly signal?: AbortSignal | undefined;
  /** Refuse larger images, by their header and before anything is decoded. */
  readonly maxPixels?: number | undefined;
}

/**
 * An image from a file of any kind, told by its content: PNG, JPEG, TIFF, WebP, GIF (see
 * `Picture`), DICOM or NIfTI. Of a file with several images it is the one that the path names
 * (`scan.nii.gz#axial=57`, see `splitImageName`), else the one of the options, else the middle one.
 *
 * @throws {IqeError} `unreadable` for what is no such image, damaged, cut short, larger than
 *   `maxPixels` or not there; `interrupted`. No message holds a patient's data.
 */
export async function readImage(path: string, options: DecodeOptions = {}): Promise<RasterImage> {
  const { file, part } = splitImageName(path);
  const opened = await openImageFile(file, options);
  return naming(path, () => opened.image(part));
}

/**
 * The same from the bytes of a file. `name` stands for it in errors.
 *
 * @throws {IqeError} As {@link readImage}.
 */
export async function decodeImage(
  bytes: Uint8Array,
  name: string,
  options: DecodeOptions = {},
): Promise<RasterImage> {
  return naming(name, () => openBytes(bytes, name, formatOf(bytes), options).image({}));
}

/**
 * Opens an image file. Of pictures and DICOM nothing is decoded yet.
 *
 * @param path Of the file itself, without a part.
 * @throws {IqeError} As {@link readImage}.
 */
export async function openImageFile(path: string, options: DecodeOptions = {}): Promise<ImageFile> {
  throwIfAborted(options.signal);
  const format = formatOf(await readFileStart(path));
  const bytes = await readBytes(path, format, options);
  return naming(path, async () => openBytes(bytes, path, format, options));
}

/**
 * An image's format and size, without decoding it.
 *
 * @throws {IqeError} `unreadable`, as {@link readImage}; damage behind the header goes unseen.
 */
export async function readImageHeader(
  path: string,
  options: DecodeOptions = {},
): Promise<ImageHeader> {
  const { file, part } = splitImageName(path);
  throwIfAborted(options.signal);
  const start = await readFileStart(file);
  const format = formatOf(start);
  const whole = () => readBytes(file, format, options);
  if (format === 'picture') {
    return readPictureHeader(file, whole, options.maxPixels ?? DEFAULT_MAX_PIXELS);
  }
  return naming(path, async () => {
    if (format === 'dicom') {
      const { columns, rows, bitsAllocated, frames } = readDicomHeader(await whole());
      return {
        format,
        width: columns,
        height: rows,
        bits: Math.max(8, bitsAllocated),
        images: frames,
      };
    }
    const header = readNiftiFileHeader(start, zlibGunzip);
    const axis = part.axis ?? options.axis ?? 'axial';
    const { width, height, count } = niftiSliceGrid(header, axis);
    const { bytes, channels } = header.dataType;
    return { format, width, height, bits: (8 * bytes) / channels, images: count };
  });
}

type Format = ImageFile['format'];

/** By the file's content alone: names may lie, and DICOM files often have none that tells. */
function formatOf(start: Uint8Array): Format {
  if (isDicom(start)) return 'dicom';
  return isNifti(start, zlibGunzip) ? 'nifti' : 'picture';
}

function openBytes(
  bytes: Uint8Array,
  name: string,
  format: Format,
  options: DecodeOptions,
): ImageFile {
  const limited = { ...options, maxPixels: options.maxPixels ?? DEFAULT_MAX_PIXELS };
  if (format === 'picture') return new Picture(bytes, name, limited);
  return format === 'dicom'
    ? new DicomImages(bytes, options, wasmCodecs)
    : new NiftiImages(bytes, { ...limited, gunzip: zlibGunzip });
}

async function readBytes(path: string, format: Format, options: DecodeOptions): Promise<Buffer> {
  const { signal, maxPixels = DEFAULT_MAX_PIXELS } = options;
  throwIfAborted(signal);
  try {
    const { size } = await stat(path);
    // Eight bytes a pixel is more than any picture needs; Node reads no more than 2 GiB at once.
    const most = format === 'picture' ? 8 * maxPixels + 2 ** 26 : 2 ** 31 - 1;
    if (size > most) {
      throw unreadable(
        path,
        `it has ${size} bytes, more than the limit of ${most}`,
        format === 'picture' ? 'Raise the limit of pixels if this is right.' : 'Cut it into parts.',
      );
    }
    return await readFile(path, signal === undefined ? {} : { signal });
  } catch (error) {
    throwIfAborted(signal);
    throw error instanceof IqeError ? error : unopenable(path, error);
  }
}

const again = 'Copy the file again; if that does not help, convert it to PNG or TIFF.';

/**
 * Puts the file's name to errors about its content. Nothing but their message is kept of other
 * errors: what a damaged file leads to is not known, nor what is in it.
 */
export async function naming<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof IqeError)) {
      throw unreadable(name, `it is damaged (${messageOf(error).split('\n', 1)[0]})`, again);
    }
    if (error.code === 'interrupted' || error.message.startsWith(`Cannot read ${name}: `)) {
      throw error;
    }
    const what = error.message.replace(/^(This|The|A|There)\b/, (word) => word.toLowerCase());
    throw unreadable(name, what.replace(/\.$/, ''), error.hint ?? again);
  }
}
