import { throwIfAborted } from '../base/errors.js';
import type { ProgressCallback } from '../base/progress.js';
import type { Checkpoint } from '../clip/checkpoint.js';
import { normalizePlanes } from '../clip/preprocess.js';
import type { HostTensor, HostTensors, TensorData } from '../graph/session.js';
import type { Method } from '../methods/method.js';
import type { FeatureEncoder } from './featureEncoder.js';

/** Keeps the features of single images (batch 1) by key; a missing or damaged entry is `undefined`. */
export interface FeatureStore {
  get(key: string): Promise<HostTensors | undefined>;
  put(key: string, features: HostTensors): Promise<void>;
}

/** Features in memory: for browsers, and where nothing should be written. */
export class MemoryFeatureStore implements FeatureStore {
  readonly #features = new Map<string, HostTensors>();

  async get(key: string): Promise<HostTensors | undefined> {
    return this.#features.get(key);
  }

  async put(key: string, features: HostTensors): Promise<void> {
    this.#features.set(key, features);
  }
}

/** Everything that the features of an image depend on, besides its pixels. */
export type FeatureSettings = Readonly<Record<string, unknown>>;

/** What the features of a method on a backbone depend on. */
export function featureSettings(checkpoint: Checkpoint, method: Method): FeatureSettings {
  const { imageSize, inputNormalization } = method;
  return {
    backbone: checkpoint.imageTowerIdentity,
    imageSize,
    inputNormalization,
    ...method.featureSettings,
  };
}

/** Changes whenever the computation of features changes, so that old entries are not used. */
const formatVersion = 2;

/**
 * The key of an image's features: SHA-256 of the settings, of its name among the views of the image,
 * and of the pixels that the tower is given.
 */
export async function featureKey(settings: FeatureSettings, planes: Float32Array): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify([formatVersion, settings]));
  const pixels = new Uint8Array(planes.buffer, planes.byteOffset, planes.byteLength);
  const bytes = new Uint8Array(text.length + pixels.length);
  bytes.set(text);
  bytes.set(pixels, text.length);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export interface ExtractOptions {
  readonly settings: FeatureSettings;
  readonly method: Pick<Method, 'imageSize' | 'inputNormalization'>;
  readonly store: FeatureStore;
  /** Called once, and only if features are missing: loading a large tower takes seconds. Released here. */
  readonly encoder: () => Promise<FeatureEncoder>;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressCallback | undefined;
}

/**
 * Makes sure that the features of all images are in the store.
 *
 * @param images Their planes [3, S, S] in 0…1 (`imagePlanes`, possibly augmented).
 * @returns The key of each image.
 * @throws {IqeError} `interrupted`
 */
export async function extractFeatures(
  images: readonly (() => Promise<Float32Array>)[],
  options: ExtractOptions,
): Promise<string[]> {
  const { settings, method, store, signal, onProgress } = options;
  const keys: string[] = [];
  let encoder: FeatureEncoder | undefined;
  const size = method.imageSize;
  const pixelValues: HostTensor = {
    data: new Float32Array(3 * size * size),
    shape: [1, 3, size, size],
  };
  try {
    for (const image of images) {
      throwIfAborted(signal);
      const planes = await image();
      const key = await featureKey(settings, planes);
      if ((await store.get(key)) === undefined) {
        encoder ??= await options.encoder();
        normalizePlanes(planes, method.inputNormalization, pixelValues.data as Float32Array);
        await store.put(key, await encoder.encode(pixelValues));
      }
      keys.push(key);
      onProgress?.({ stage: 'features', done: keys.length, total: images.length, unit: 'images' });
    }
    return keys;
  } finally {
    // The tower takes more memory than anything that follows.
    await encoder?.release();
  }
}

/** Copies the features of single images into the rows of batch tensors. */
export function stackFeatures(features: readonly HostTensors[], into: HostTensors): void {
  for (const [row, image] of features.entries()) {
    for (const [name, { data }] of Object.entries(into)) copyRow(image[name]!.data, data, row);
  }
}

function copyRow(from: TensorData, to: TensorData, row: number): void {
  (to as Float32Array).set(from as Float32Array, row * from.length);
}
