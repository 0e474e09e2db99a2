import type { RasterImage } from '../../base/image.js';
import type { ImageFile } from '../imageFile.js';
import { expectNo, type ImagePart } from '../imagePart.js';
import type { ReadingOptions } from '../readingSettings.js';
import type { DicomCodecs } from './codecs.js';
import { decodeDicom, readDicomHeader } from './decodeDicom.js';

/** The frames of a DICOM file, each an image. */
export class DicomImages implements ImageFile {
  readonly format = 'dicom';
  readonly #bytes: Uint8Array;
  readonly #options: ReadingOptions;
  readonly #codecs: DicomCodecs;
  readonly #frames: number;

  /** @throws {IqeError} `unreadable`: not a DICOM image, or damaged. */
  constructor(bytes: Uint8Array, options: ReadingOptions, codecs: DicomCodecs) {
    this.#bytes = bytes;
    this.#options = options;
    this.#codecs = codecs;
    this.#frames = readDicomHeader(bytes).frames;
  }

  parts(wanted: ImagePart): ImagePart[] {
    if (wanted.frame !== undefined) return [wanted];
    if (this.#frames === 1) return [{}];
    const { frame } = this.#options;
    if (frame !== undefined) return [{ frame }];
    return Array.from({ length: this.#frames }, (_, index) => ({ frame: index }));
  }

  resolve(wanted: ImagePart): ImagePart {
    expectNo('slice', wanted, 'a DICOM file');
    const several = this.#frames > 1 ? this.#options.frame : 0;
    return { frame: wanted.frame ?? several ?? Math.floor(this.#frames / 2) };
  }

  async image(wanted: ImagePart): Promise<RasterImage> {
    return (await this.#decode(this.resolve(wanted))).display;
  }

  /** Marked is what has a value other than 0. */
  async mask({ frame }: ImagePart): Promise<RasterImage> {
    const wanted = this.#frames > 1 && frame !== undefined ? { frame } : {};
    const { width, height, values, samplesPerPixel } = await this.#decode(this.resolve(wanted));
    const data = Uint8Array.from(values, (value) => (value === 0 ? 0 : 255));
    return { width, height, channels: samplesPerPixel, data };
  }

  #decode({ frame = 0 }: ImagePart) {
    const { window } = this.#options;
    const codecs = this.#codecs;
    return decodeDicom(this.#bytes, { frame, codecs, ...(window !== undefined && { window }) });
  }
}
