import type { PixelMap } from '../base/image.js';
import type { DecodeOptions } from './decode.node.js';
import { ImageReader } from './imageReader.node.js';
import type { PixelSize } from './mask.js';

/**
 * The binary mask in an image file, at the size of the image that it belongs to.
 *
 * @param image The image's size, and its path if it is in a file: of a mask in a volume the slice
 *   follows from it.
 * @throws {IqeError} As `ImageReader.mask`.
 */
export async function readMask(
  path: string,
  image: PixelSize & { readonly path?: string },
  options: DecodeOptions = {},
): Promise<PixelMap> {
  return new ImageReader(options).mask(path, image);
}
