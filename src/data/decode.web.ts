import { IqeError, messageOf } from '../base/errors.js';
import type { RasterImage } from '../base/image.js';
import { portableCodecs } from './dicom/codecs.js';
import { isDicom } from './dicom/dicomFile.js';
import { DicomImages } from './dicom/dicomImages.js';
import { isSixteenBitGreyPng, withoutJpegExif } from './encodedPicture.js';
import type { ImageFile } from './imageFile.js';
import { isNifti } from './nifti/decodeNifti.js';
import { NiftiImages } from './nifti/niftiImages.js';
import type { ReadingOptions } from './readingSettings.js';

/**
 * An image in a browser: a file (what is dropped on a page, or fetched), pixels, or what a canvas has.
 * Files are told by their content: what the browser itself shows (PNG, JPEG, WebP, GIF), DICOM or NIfTI.
 */
export type WebImageSource = Blob | ImageBitmap | ImageData | RasterImage;

/** Larger images are refused, as canvases that large fail in some browsers. */
const maxPixels = 100_000_000;

/**
 * The pixels of an image. Of a file with several images it is the one that the options say, else the
 * middle one.
 *
 * Pictures are taken as Node takes them: no colour management, no EXIF orientation. Two things differ:
 * half-transparent colours are rounded by the browser, and lossy JPEGs may differ by a level or two.
 *
 * @throws {IqeError} `unreadable` for what is no such image, damaged or too large, and for grey PNGs of
 *   16 bits, of which browsers give the high byte alone.
 */
export async function webImage(
  source: WebImageSource,
  options: ReadingOptions = {},
): Promise<RasterImage> {
  if (source instanceof Blob) return fromFile(source, options, (file) => file.image({}));
  if (source instanceof ImageBitmap) return fromBitmap(source);
  return 'channels' in source ? source : fromRgba(source);
}

/** {@link webImage} of a mask: in DICOM and NIfTI files marked is what is not 0. */
export async function webMaskPicture(
  source: WebImageSource,
  options: ReadingOptions = {},
): Promise<RasterImage> {
  if (source instanceof Blob) return fromFile(source, options, (file) => file.mask({}));
  return webImage(source, options);
}

async function fromFile(
  blob: Blob,
  options: ReadingOptions,
  take: (file: ImageFile) => Promise<RasterImage>,
): Promise<RasterImage> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  if (isDicom(bytes)) return take(new DicomImages(bytes, options, portableCodecs));
  if (isNifti(bytes)) return take(new NiftiImages(bytes, { ...options, maxPixels }));
  if (isSixteenBitGreyPng(bytes)) {
    throw new IqeError('unreadable', 'This is a grey PNG of 16 bits, which browsers cut to 8.', {
      hint: 'Convert it to 8 bits, or give the DICOM or NIfTI file that it came from.',
    });
  }
  return fromBitmap(await bitmapOf(withoutJpegExif(bytes), blob.type));
}

async function bitmapOf(bytes: Uint8Array, type: string): Promise<ImageBitmap> {
  try {
    const blob = new Blob([bytes as Uint8Array<ArrayBuffer>], { type });
    return await createImageBitmap(blob, {
      colorSpaceConversion: 'none',
      premultiplyAlpha: 'none',
    });
  } catch (cause) {
    throw new IqeError(
      'unreadable',
      `This is no image that the browser can read: ${messageOf(cause)}`,
      {
        hint: 'Expected is PNG, JPEG, WebP, GIF, DICOM or NIfTI.',
        cause,
      },
    );
  }
}

function fromBitmap(bitmap: ImageBitmap): RasterImage {
  const { width, height } = bitmap;
  if (width * height > maxPixels) {
    throw new IqeError(
      'unreadable',
      `This image has ${width}×${height} pixels, more than the limit of ${maxPixels / 1e6} million.`,
      { hint: 'Scale it down or cut it into parts.' },
    );
  }
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context)
    throw new IqeError('unreadable', `The browser has no canvas of ${width}×${height}.`);
  context.drawImage(bitmap, 0, 0);
  return fromRgba(context.getImageData(0, 0, width, height));
}

function fromRgba({ width, height, data }: ImageData): RasterImage {
  const rgb = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < rgb.length; from += 4) {
    rgb[to++] = data[from] as number;
    rgb[to++] = data[from + 1] as number;
    rgb[to++] = data[from + 2] as number;
  }
  return { width, height, channels: 3, data: rgb };
}
