import { IqeError } from '../../base/errors.js';
import type { RasterImage } from '../../base/image.js';
import type { ImageFile } from '../imageFile.js';
import type { ImagePart } from '../imagePart.js';
import type { ReadingOptions } from '../readingSettings.js';
import { decodeNifti, type Gunzip, type NiftiVolume, readNiftiFileHeader } from './decodeNifti.js';
import type { NiftiHeader } from './niftiHeader.js';
import { niftiMaskSlice, niftiSlice, niftiSliceGrid } from './niftiSlice.js';
import { type NiftiWindow, niftiRange, type ValueRange } from './niftiWindow.js';

export interface NiftiImagesOptions extends ReadingOptions {
  /** Refuse larger slices. */
  readonly maxPixels: number;
  /** How gzipped files are expanded. Default: in JavaScript. */
  readonly gunzip?: Gunzip | undefined;
}

/** The slices of a NIfTI volume, each an image; of a file of several volumes, those of one. */
export class NiftiImages implements ImageFile {
  readonly format = 'nifti';
  readonly header: NiftiHeader;
  readonly #bytes: Uint8Array;
  readonly #options: NiftiImagesOptions;
  readonly #hasVolumes: boolean;
  /** The volume that was used last: decoding it takes longer than slicing. */
  #last: ShownVolume | undefined;

  /** @throws {IqeError} `unreadable`: not NIfTI, or its header is damaged. */
  constructor(bytes: Uint8Array, options: NiftiImagesOptions) {
    this.#bytes = bytes;
    this.#options = options;
    this.header = readNiftiFileHeader(bytes, options.gunzip);
    this.#hasVolumes = this.header.shape.slice(3).some((size) => size > 1);
  }

  parts(wanted: ImagePart): ImagePart[] {
    if (wanted.slice !== undefined) return [wanted];
    const { axis = 'axial', slice } = this.#options;
    const { count } = niftiSliceGrid(this.header, axis);
    if (count === 1) return [wanted];
    if (slice !== undefined) return [{ ...wanted, axis, slice }];
    // What is wrong with the volume is told once, not of every slice.
    this.#shown(this.resolve(wanted).frame);
    return Array.from({ length: count }, (_, index) => ({ ...wanted, axis, slice: index }));
  }

  resolve(wanted: ImagePart): Required<ImagePart> {
    const { axis: usual = 'axial', slice, frame } = this.#options;
    const { axis = usual } = wanted;
    const { count } = niftiSliceGrid(this.header, axis);
    return {
      frame: wanted.frame ?? (this.#hasVolumes ? frame : 0) ?? 0,
      axis,
      slice: wanted.slice ?? (count > 1 ? slice : 0) ?? Math.floor(count / 2),
    };
  }

  async image(wanted: ImagePart): Promise<RasterImage> {
    const { frame, axis, slice } = this.resolve(wanted);
    const { width, height } = niftiSliceGrid(this.header, axis);
    const { maxPixels } = this.#options;
    if (width * height > maxPixels) {
      throw new IqeError(
        'unreadable',
        `A slice has ${width}×${height} pixels, more than the limit of ${maxPixels / 1e6} million.`,
      );
    }
    const shown = this.#shown(frame);
    shown.range ??= niftiRange(shown.volume, niftiWindow(this.#options));
    return niftiSlice(shown.volume, axis, slice, { window: shown.range }).display;
  }

  /**
   * Marked is what has a value other than 0. As the mask of a slice of another volume it is taken at
   * the same places in the patient, whatever its own grid is.
   */
  async mask(wanted: ImagePart, like?: ImageFile): Promise<RasterImage> {
    const { frame, axis, slice } = this.resolve(wanted);
    const { volume } = this.#shown(this.#hasVolumes ? frame : 0);
    const grid = like instanceof NiftiImages ? { like } : {};
    const { width, height, data } = niftiMaskSlice(volume, axis, slice, grid);
    return { width, height, channels: 1, data: Uint8Array.from(data, (value) => 255 * value) };
  }

  #shown(frame: number): ShownVolume {
    if (this.#last?.volume.volume !== frame) {
      this.#last = {
        volume: decodeNifti(this.#bytes, { volume: frame, gunzip: this.#options.gunzip }),
      };
    }
    return this.#last;
  }
}

/** A volume and, once it is known, the range of it that is shown. */
interface ShownVolume {
  readonly volume: NiftiVolume;
  range?: ValueRange;
}

/** A window by its ends, else a range of the volume's own values. */
function niftiWindow({ window, range }: ReadingOptions): NiftiWindow | undefined {
  if (window === 'full' || (window === undefined && range === 'full')) {
    return { percentiles: [0, 100] };
  }
  if (typeof window !== 'object') return window ?? (range as Exclude<typeof range, 'full'>);
  const { center, width } = window;
  return { low: center - width / 2, high: center + width / 2 };
}
