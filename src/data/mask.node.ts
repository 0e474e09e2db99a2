import type { PixelMap } from '../base/image.js';
import { readImage } from './decode.node.js';
import type { DataSet, Sample } from './layout.js';
import { emptyMask, maskFromImage, type PixelSize } from './mask.js';

/**
 * The binary mask in an image file, at the size of the image that it belongs to: 1 where it is above
 * half of its full scale, see {@link maskFromImage}. 16 bits count in full, never by percentiles.
 *
 * @param image The image's size, and its path for the error.
 * @throws {IqeError} `unreadable` as `readImage`; `data` where the mask has another aspect than its
 *   image; `interrupted`.
 */
export async function readMask(
  path: string,
  image: PixelSize & { readonly path: string },
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<PixelMap> {
  const mask = await readImage(path, { signal: options.signal, range: 'full' });
  return maskFromImage(mask, image, { mask: path, image: image.path });
}

/**
 * The mask of one of a data set's images at the image's size: its own, an empty one for a normal
 * image of a set that has masks, null where nobody knows.
 *
 * @throws {IqeError} As {@link readMask}.
 */
export async function readSampleMask(
  sample: Sample,
  { hasMasks }: Pick<DataSet, 'hasMasks'>,
  size: PixelSize,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<PixelMap | null> {
  if (sample.maskPath !== null) {
    return readMask(sample.maskPath, { ...size, path: sample.imagePath }, options);
  }
  return hasMasks && sample.label === 0 ? emptyMask(size) : null;
}
