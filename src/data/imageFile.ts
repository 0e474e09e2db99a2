import type { RasterImage } from '../base/image.js';
import type { ImagePart } from './imagePart.js';

/** An image file that was opened: the images in it, as they are shown. */
export interface ImageFile {
  readonly format: 'picture' | 'dicom' | 'nifti';

  /**
   * The images in the file that `wanted` and the options of reading leave: one where they name it,
   * else all. The only image of a file is `{}`.
   *
   * @throws {IqeError} `unreadable` where none of them can be read.
   */
  parts(wanted: ImagePart): ImagePart[];

  /** The one image that is meant by `wanted`: the middle one where it could be several. */
  resolve(wanted: ImagePart): ImagePart;

  /** @throws {IqeError} `unreadable` where there is no such image, or it is damaged. */
  image(wanted: ImagePart): Promise<RasterImage>;

  /**
   * An image that is a mask, as a picture: more than half of full scale where something is marked.
   *
   * @param like The file that the image is in whose mask is wanted, if it is of the same format;
   *   `wanted` is then a part of that file.
   * @throws {IqeError} as {@link image}
   */
  mask(wanted: ImagePart, like?: ImageFile): Promise<RasterImage>;
}

/** What the header of an image file says of the image that would be read. */
export interface ImageHeader {
  readonly format: string;
  readonly width: number;
  readonly height: number;
  /** Bits per sample as stored, 8 or more. */
  readonly bits: number;
  /** How many images the file has, of which this is one. */
  readonly images: number;
}
