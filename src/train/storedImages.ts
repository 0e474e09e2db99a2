import type { ProgressCallback } from '../base/progress.js';
import { imagePlanes } from '../clip/preprocess.js';
import type { Runtime } from '../graph/session.js';
import type { Method } from '../methods/method.js';
import type { ValidationImage } from './epochSelection.js';
import { FeatureEncoder } from './featureEncoder.js';
import { extractFeatures, type FeatureStore, featureSettings } from './features.js';
import type { Backbone } from './openMethod.js';
import { type LabelledImage, squareMask } from './supportViews.js';

/** An image whose features are in a store. */
export interface StoredImage {
  readonly set: string;
  readonly key: string;
  readonly label: 0 | 1;
  /** [S, S], 1 where abnormal; none where only the label is known. */
  readonly mask: Uint8Array | undefined;
}

/** An image of a set, with or without regard to its mask. */
export interface ImageOfSet {
  readonly set: { readonly name: string; readonly hasMasks: boolean };
  readonly image: LabelledImage;
}

/**
 * Makes sure that the features of images are in the store, and reads their masks at the model's size.
 *
 * @throws {IqeError} `interrupted`
 */
export async function storeImages(
  images: readonly ImageOfSet[],
  {
    backbone,
    method,
    store,
    runtime,
    options,
  }: {
    readonly backbone: Backbone;
    readonly method: Method;
    readonly store: FeatureStore;
    readonly runtime: Runtime;
    readonly options: {
      readonly signal?: AbortSignal | undefined;
      readonly onProgress?: ProgressCallback | undefined;
    };
  },
): Promise<StoredImage[]> {
  const { imageSize } = method;
  // All normal images share it.
  const none = new Uint8Array(imageSize * imageSize);
  const masks: (Uint8Array | undefined)[] = [];
  const keys = await extractFeatures(
    images.map(({ set, image }) => async () => {
      const picture = await image.image();
      const own = set.hasMasks ? await image.mask(picture) : null;
      masks.push(own ? (image.label === 0 ? none : squareMask(own, imageSize)) : undefined);
      return imagePlanes(picture, imageSize);
    }),
    {
      settings: featureSettings(backbone.checkpoint, method),
      method,
      store,
      encoder: () => FeatureEncoder.create(method, backbone.checkpoint.sessionOptions, runtime),
      signal: options.signal,
      onProgress: options.onProgress,
    },
  );
  return images.map(({ set, image }, index) => ({
    set: set.name,
    key: keys[index]!,
    label: image.label,
    mask: masks[index],
  }));
}

/** Stored images to validate on. */
export function validationImages(
  images: readonly StoredImage[],
  store: FeatureStore,
): ValidationImage[] {
  return images.map(({ set, key, label, mask }) => ({
    set,
    label,
    mask,
    features: async () => (await store.get(key))!,
  }));
}
