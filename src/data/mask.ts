import { IqeError } from '../base/errors.js';
import type { PixelMap, RasterImage } from '../base/image.js';
import { resize } from '../clip/resize.js';

/** Width and height in pixels. */
export interface PixelSize {
  readonly width: number;
  readonly height: number;
}

/**
 * A binary mask from a picture of it, at the size of its image: 1 where L / 255 > ½, else 0.
 *
 * L is Pillow's luma, (19595 R + 38470 G + 7471 B + 2¹⁵) >> 16. A mask of another size but the same
 * aspect (scaling one to the width or the height of the other and rounding gives the other) takes
 * its nearest sample at each pixel, as the references do. Any other mask belongs to another image.
 *
 * @param names The files that the mask and its image came from, for the error.
 * @throws {IqeError} `data` where the aspects differ.
 */
export function maskFromImage(
  mask: RasterImage,
  size: PixelSize,
  names: { readonly mask: string; readonly image: string },
): PixelMap {
  if (!sameAspect(mask, size)) {
    throw new IqeError(
      'data',
      `Mask and image have other sizes: ${names.mask} has ${inPixels(mask)} pixels, ` +
        `${names.image} has ${inPixels(size)}.`,
      { hint: 'Give the mask of this image, of its size or scaled evenly.' },
    );
  }
  const { width, height } = size;
  const { channels, data } = resize(mask, width, height, 'nearest');
  const binary = new Float32Array(width * height);
  for (let i = 0; i < binary.length; i++) {
    const luma = channels === 1 ? (data[i] as number) : lumaAt(data, 3 * i);
    binary[i] = luma > 127 ? 1 : 0;
  }
  return { width, height, data: binary };
}

/** The mask of an image with nothing abnormal. */
export function emptyMask({ width, height }: PixelSize): PixelMap {
  return { width, height, data: new Float32Array(width * height) };
}

/** `640×480`. */
export function inPixels({ width, height }: PixelSize): string {
  return `${width}×${height}`;
}

/** Whether one size is the other scaled evenly, up to rounding. */
export function sameAspect(a: PixelSize, b: PixelSize): boolean {
  const [small, large] = a.width * a.height <= b.width * b.height ? [a, b] : [b, a];
  return (
    Math.round((large.height * small.width) / large.width) === small.height ||
    Math.round((large.width * small.height) / large.height) === small.width
  );
}

function lumaAt(data: Uint8Array, i: number): number {
  const [red, green, blue] = [data[i] as number, data[i + 1] as number, data[i + 2] as number];
  return (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16;
}
