import sharp, { type Metadata, type Sharp, type SharpOptions } from 'sharp';
import { IqeError, throwIfAborted } from '../base/errors.js';
import type { RasterImage } from '../base/image.js';
import { undecodable, unreadable } from './decodeErrors.node.js';
import { DEFAULT_INTENSITY_RANGE, type IntensityRange, toEightBits } from './decodeRange.js';
import type { ImageFile, ImageHeader } from './imageFile.js';
import { expectNo, type ImagePart } from './imagePart.js';

export interface PictureOptions {
  readonly signal?: AbortSignal | undefined;
  /** Refuse larger pictures, by their header and before anything is decoded. */
  readonly maxPixels: number;
  /** How grey values deeper than 8 bits become 8 bits. */
  readonly range?: IntensityRange | undefined;
}

const FORMATS: ReadonlySet<string | undefined> = new Set(['png', 'jpeg', 'tiff', 'webp', 'gif']);

const BITS: Readonly<Record<string, number>> = {
  uchar: 8,
  char: 8,
  ushort: 16,
  short: 16,
  uint: 32,
  int: 32,
  float: 32,
  double: 64,
};

/** As what samples are taken from sharp; all others as floats. */
const RAW_DEPTHS: Readonly<Record<string, 'uchar' | 'ushort'>> = {
  uchar: 'uchar',
  ushort: 'ushort',
  short: 'ushort',
};

/** Channels besides transparency in the colour spaces whose stored samples we know how to show. */
const CHANNELS: Readonly<Record<string, number>> = {
  'b-w': 1,
  grey16: 1,
  srgb: 3,
  rgb16: 3,
  cmyk: 4,
};

/**
 * Everything is taken as stored: no colour management, no rotation, and what libjpeg or libpng
 * merely warn of is an error, since a half-decoded medical image is worse than none. The size is
 * checked here, not by sharp.
 */
const AS_STORED: SharpOptions = { ignoreIcc: true, failOn: 'warning', limitInputPixels: false };

/**
 * The image in a PNG, JPEG, TIFF, WebP or GIF file, as Pillow's `Image.open(path).convert('RGB')`
 * gives it, sample for sample, with one channel where the three would be the same everywhere.
 *
 * - Palettes are looked up; 1, 2 and 4 bits are widened to 0…255.
 * - Alpha is dropped, not composited: the colour stored under transparent pixels is what counts.
 * - CMYK: R = (255 − C)(255 − K) / 255 and so on, no colour profile. Embedded profiles are ignored.
 * - EXIF orientation is ignored: pixels stay where the file has them, and so do masks and maps.
 * - More than 8 bits, colour: the high byte. More than 8 bits, grey, where Pillow would clip at 255:
 *   see {@link IntensityRange}; by default the central 99 % of the image's values.
 * - Of several pages or frames, the first.
 *
 * @throws {IqeError} `unreadable` for what is no such image, damaged, cut short, or larger than
 *   `maxPixels`; `interrupted`.
 */
export async function decodePicture(
  bytes: Uint8Array,
  name: string,
  options: PictureOptions,
): Promise<RasterImage> {
  const { signal, maxPixels, range = DEFAULT_INTENSITY_RANGE } = options;
  throwIfAborted(signal);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  try {
    const metadata = await sharp(buffer, AS_STORED).metadata();
    checkHeader(metadata, name, maxPixels);
    throwIfAborted(signal);
    const image = await decode(sharp(buffer, AS_STORED), metadata, range);
    throwIfAborted(signal);
    return image;
  } catch (error) {
    throw asReadingError(error, name, buffer);
  }
}

/**
 * A picture's format and size, without decoding it.
 *
 * @param whole Reads the file: its bytes tell what is wrong, if something is.
 * @throws {IqeError} `unreadable`, as {@link decodePicture}; damage behind the header goes unseen.
 */
export async function readPictureHeader(
  path: string,
  whole: () => Promise<Buffer>,
  maxPixels: number,
): Promise<ImageHeader> {
  let metadata: Metadata;
  try {
    metadata = await sharp(path, AS_STORED).metadata();
  } catch (error) {
    throw asReadingError(error, path, await whole());
  }
  checkHeader(metadata, path, maxPixels);
  const { format, width, height, depth } = metadata;
  return { format, width, height, bits: BITS[depth] ?? 8, images: 1 };
}

/** A PNG, JPEG, TIFF, WebP or GIF file: one image. */
export class Picture implements ImageFile {
  readonly format = 'picture';
  readonly #bytes: Uint8Array;
  readonly #name: string;
  readonly #options: PictureOptions;

  /** Nothing is decoded here. `name` stands for the file in errors. */
  constructor(bytes: Uint8Array, name: string, options: PictureOptions) {
    this.#bytes = bytes;
    this.#name = name;
    this.#options = options;
  }

  parts(wanted: ImagePart): ImagePart[] {
    return [wanted];
  }

  resolve(wanted: ImagePart): ImagePart {
    expectNo('frame', wanted, 'a picture');
    expectNo('slice', wanted, 'a picture');
    return wanted;
  }

  async image(wanted: ImagePart): Promise<RasterImage> {
    this.resolve(wanted);
    return decodePicture(this.#bytes, this.#name, this.#options);
  }

  /** 16 bits count in full, never by percentiles. */
  async mask(wanted: ImagePart): Promise<RasterImage> {
    this.resolve(wanted);
    return decodePicture(this.#bytes, this.#name, { ...this.#options, range: 'full' });
  }
}

function checkHeader(metadata: Metadata, name: string, maxPixels: number): void {
  const { format, width, height, space, depth, channels, hasAlpha } = metadata;
  if (!FORMATS.has(format)) {
    throw unreadable(
      name,
      `${format} pictures are not supported`,
      'Convert it to PNG or TIFF first.',
    );
  }
  if (width * height > maxPixels) {
    throw unreadable(
      name,
      `it has ${width}×${height} pixels, more than the limit of ${maxPixels / 1e6} million`,
      'Scale it down or cut it into parts, or raise the limit if this is right.',
    );
  }
  if (CHANNELS[space] !== channels - Number(hasAlpha) || (space === 'cmyk' && depth !== 'uchar')) {
    throw unreadable(
      name,
      `it has ${channels} channels of type ${depth} in colour space ${space}`,
      'Expected is grey, RGB or 8-bit CMYK; convert it first.',
    );
  }
}

async function decode(
  pipeline: Sharp,
  { space, depth }: Metadata,
  range: IntensityRange,
): Promise<RasterImage> {
  // Naming the space that the file has keeps sharp from converting to another.
  if (space === 'cmyk') pipeline.pipelineColourspace('cmyk');
  // Signed 16-bit values are moved up to unsigned ones, or sharp would clip them at 0.
  if (depth === 'short') pipeline.linear(1, 2 ** 15);
  const rawDepth = RAW_DEPTHS[depth] ?? 'float';
  const { data, info } = await pipeline
    .removeAlpha()
    .toColourspace(space)
    .raw({ depth: rawDepth })
    .toUint8Array();
  const { width, height } = info;
  const channels = CHANNELS[space];
  const stored = eightBits(data, rawDepth, channels === 1 ? range : 'full');
  if (channels === 1) return { width, height, channels, data: stored };
  return greyWhereEqual(width, height, space === 'cmyk' ? cmykToRgb(stored) : stored);
}

function eightBits(
  { buffer, byteOffset, length }: Uint8Array,
  depth: 'uchar' | 'ushort' | 'float',
  range: IntensityRange,
): Uint8Array {
  switch (depth) {
    case 'uchar':
      return new Uint8Array(buffer, byteOffset, length);
    case 'ushort':
      return toEightBits(new Uint16Array(buffer, byteOffset, length / 2), range);
    case 'float':
      return toEightBits(new Float32Array(buffer, byteOffset, length / 4), range);
  }
}

/** (255 − C)(255 − K) / 255 and so on, rounded as Pillow rounds. */
function cmykToRgb(cmyk: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((cmyk.length / 4) * 3);
  for (let from = 0, to = 0; from < cmyk.length; from += 4) {
    const light = 255 - (cmyk[from + 3] as number);
    for (let ink = 0; ink < 3; ink++) {
      const product = (cmyk[from + ink] as number) * light + 128;
      rgb[to++] = Math.max(0, light - (((product >> 8) + product) >> 8));
    }
  }
  return rgb;
}

function greyWhereEqual(width: number, height: number, rgb: Uint8Array): RasterImage {
  for (let i = 0; i < rgb.length; i += 3) {
    if (rgb[i] !== rgb[i + 1] || rgb[i] !== rgb[i + 2]) {
      return { width, height, channels: 3, data: rgb };
    }
  }
  const grey = new Uint8Array(width * height);
  for (let i = 0; i < grey.length; i++) grey[i] = rgb[3 * i] as number;
  return { width, height, channels: 1, data: grey };
}

function asReadingError(error: unknown, name: string, bytes: Buffer): IqeError {
  return error instanceof IqeError ? error : undecodable(name, bytes, error);
}
