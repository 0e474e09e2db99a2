import type { RasterImage } from '../base/image.js';
import type { ReadingSettings } from '../data/readingSettings.js';
import type { writePictures } from '../report/pictures.node.js';
import type { PictureKind } from '../report/predictions.js';
import type { PreparedImage } from '../train/detector.js';

/** How images are read. */
export interface PixelOptions {
  readonly reading: ReadingSettings;
  /** S, the side of the square that the model takes. */
  readonly size: number;
  /** Whether pictures of the images will be drawn. */
  readonly areDrawn: boolean;
}

/** An image that was read. */
export interface ReadImage extends PreparedImage {
  /** Its pixels, where pictures of it will be drawn. */
  readonly image: RasterImage | undefined;
  /** What reading it took. */
  readonly milliseconds: number;
}

/** What is found in the files that are to be looked at, one after the other; `input` counts those from 0. */
export type Found =
  | { readonly kind: 'file'; readonly input: number; readonly images: number; readonly of: number }
  | {
      readonly kind: 'image';
      readonly input: number;
      readonly name: string;
      readonly read: ReadImage;
    }
  | {
      readonly kind: 'failure';
      readonly input: number;
      readonly name: string;
      readonly error: unknown;
    };

/** The files that were written of an image, by kind, relative to the folder. */
export type Outputs = Readonly<Partial<Record<PictureKind, string>>>;

/** Reads images for the model and draws what it says of them. */
export interface PixelWork {
  /**
   * The images in files: one of a picture, frames of a DICOM file and slices of a volume as names or
   * settings say, else a choice of them (`imagesToScore`).
   */
  images(paths: readonly string[], options: PixelOptions): AsyncIterable<Found>;
  /** As {@link writePictures}. */
  draw(...words: Parameters<typeof writePictures>): Promise<Outputs>;
  /** Says that an image which was read is no longer needed. */
  release(read: ReadImage): void;
  /** Ends it, once what it is doing is done. */
  close(): Promise<void>;
}

/** What an image takes in memory until it is released, in numbers: its pixels, and the model's. */
export function numbersOf({ width, height, planes }: PreparedImage): number {
  return width * height + planes.length;
}
