import { throwIfAborted } from '../base/errors.js';
import type { PixelMap, RasterImage } from '../base/image.js';
import { imagePlanes } from '../clip/preprocess.js';
import { resize } from '../clip/resize.js';
import { type Augmentation, augment } from '../data/augment.js';

/** A labelled image; it is asked for when it is needed, and may be asked for again. */
export interface LabelledImage {
  readonly image: () => Promise<RasterImage>;
  readonly label: 0 | 1;
  /** 1 where abnormal, at the image's size; null where nobody knows. */
  readonly mask: (size: { width: number; height: number }) => Promise<PixelMap | null>;
}

/** A support image as it is, or turned, mirrored or moved. */
export interface View {
  readonly label: 0 | 1;
  readonly augmentation: Augmentation;
  /** [3, S, S] in 0…1 */
  readonly planes: () => Float32Array;
  /** [S, S], 1 where abnormal; none where only the label is known. */
  readonly mask: Uint8Array | undefined;
}

/**
 * All views of all support images, at the size of the model.
 *
 * @throws {IqeError} `interrupted`
 */
export async function supportViews(
  support: readonly LabelledImage[],
  size: number,
  augmentations: readonly Augmentation[],
  signal?: AbortSignal,
): Promise<View[]> {
  const views: View[] = [];
  for (const { image, label, mask } of support) {
    throwIfAborted(signal);
    const picture = await image();
    const planes = imagePlanes(picture, size);
    const ownMask = await mask(picture);
    const small = ownMask ? squareMask(ownMask, size) : undefined;
    for (const augmentation of augmentations) {
      views.push({
        label,
        augmentation,
        planes: () => augmented(planes, 3, size, augmentation),
        mask: small && binary(augmented(Float32Array.from(small), 1, size, augmentation)),
      });
    }
  }
  return views;
}

function augmented(
  data: Float32Array,
  channels: number,
  size: number,
  augmentation: Augmentation,
): Float32Array {
  return augment({ channels, height: size, width: size, data }, augmentation).data;
}

function binary(values: Float32Array): Uint8Array {
  return Uint8Array.from(values, (value) => (value > 0.5 ? 1 : 0));
}

/** A mask at the size of the anomaly map [S, S], nearest pixel. */
export function squareMask(mask: PixelMap, size: number): Uint8Array {
  const { width, height } = mask;
  const data = new Uint8Array(mask.data.length);
  for (let i = 0; i < data.length; i++) data[i] = mask.data[i]! > 0.5 ? 255 : 0;
  const resized = resize({ width, height, channels: 1, data }, size, size, 'nearest');
  return resized.data.map((value) => (value > 127 ? 1 : 0));
}
