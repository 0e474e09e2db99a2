import { throwIfAborted } from '../base/errors.js';
import type { PixelMap, RasterImage } from '../base/image.js';
import { type DecodeOptions, naming, openImageFile } from './decode.node.js';
import type { ImageFile } from './imageFile.js';
import { imageName, splitImageName } from './imagePart.js';
import type { DataSet, Sample } from './layout.js';
import { emptyMask, maskFromImage, type PixelSize } from './mask.js';

/** An image and the mask of it may be slices of two volumes, both wanted again for the next slice. */
const filesKept = 2;

/**
 * Reads many images in one way. It keeps the files that it opened last, so that the slices of a
 * volume, one after the other, cost little more than the first.
 *
 * An image is named by the path of its file; of a file with several by that and a part,
 * `scan.nii.gz#axial=57` or `cine.dcm#frame=3` (see `splitImageName`), else it is the one of the
 * options, else the middle one.
 */
export class ImageReader {
  readonly #options: DecodeOptions;
  readonly #files = new Map<string, ImageFile>();

  constructor(options: DecodeOptions = {}) {
    this.#options = options;
  }

  /**
   * The names of the images in a file: of those that the name itself or the options say, else of all.
   *
   * @throws {IqeError} as `readImage`
   */
  async names(name: string): Promise<string[]> {
    const { file, part } = splitImageName(name);
    const opened = await this.#open(file);
    return opened.parts(part).map((found) => imageName(file, found));
  }

  /** @throws {IqeError} as `readImage` */
  async image(name: string): Promise<RasterImage> {
    const { file, part } = splitImageName(name);
    const opened = await this.#open(file);
    return naming(name, () => opened.image(part));
  }

  /**
   * The binary mask in an image file, at the size of the image that it belongs to: 1 where a picture
   * is above half of its full scale (16 bits count in full, never by percentiles) or a DICOM or NIfTI
   * mask is not 0, see {@link maskFromImage}.
   *
   * The mask of a slice or frame in a file of the same format is the same frame or, where the two
   * volumes say that the slice is; unless the mask's own name has a part.
   *
   * @param image Its size, and its name if it is in a file.
   *
   * @throws {IqeError} `unreadable` as `readImage`; `data` where the mask has another aspect than its
   *   image; `interrupted`.
   */
  async mask(name: string, image: PixelSize & { readonly path?: string }): Promise<PixelMap> {
    const picture = await this.maskPicture(name, image.path);
    return maskFromImage(picture, image, { mask: name, image: image.path ?? 'the image' });
  }

  /**
   * The same mask as a picture, at its own size: more than half of full scale where it is 1.
   *
   * @param image The name of the image that it belongs to, if it is in a file.
   * @throws {IqeError} as `readImage`
   */
  async maskPicture(name: string, image?: string): Promise<RasterImage> {
    const { file, part } = splitImageName(name);
    const opened = await this.#open(file);
    let wanted = part;
    let like: ImageFile | undefined;
    if (opened.format !== 'picture' && file === name && image !== undefined) {
      const own = splitImageName(image);
      const owner = await this.#open(own.file);
      if (owner.format === opened.format) {
        wanted = owner.resolve(own.part);
        like = owner;
      }
    }
    return naming(name, () => opened.mask(wanted, like));
  }

  /**
   * The mask of one of a data set's images at the image's size: its own, an empty one for a normal
   * image of a set that has masks, null where nobody knows.
   *
   * @throws {IqeError} As {@link mask}.
   */
  async sampleMask(
    sample: Sample,
    { hasMasks }: Pick<DataSet, 'hasMasks'>,
    size: PixelSize,
  ): Promise<PixelMap | null> {
    if (sample.maskPath !== null) {
      return this.mask(sample.maskPath, { ...size, path: sample.imagePath });
    }
    return hasMasks && sample.label === 0 ? emptyMask(size) : null;
  }

  async #open(path: string): Promise<ImageFile> {
    throwIfAborted(this.#options.signal);
    const opened = this.#files.get(path) ?? (await openImageFile(path, this.#options));
    // Last in the order of the map is last used.
    this.#files.delete(path);
    this.#files.set(path, opened);
    const [oldest] = this.#files.keys();
    if (this.#files.size > filesKept) this.#files.delete(oldest as string);
    return opened;
  }
}
