import { IqeError } from '../base/errors.js';
import type { Random } from '../base/random.js';
import { normalizePlanes } from '../clip/preprocess.js';
import type { HostTensors } from '../graph/session.js';
import type { Method } from '../methods/method.js';
import type { FeatureEncoder } from './featureEncoder.js';
import type { FeatureStore } from './features.js';

/** What a training step is given of one image. */
export interface LoadedExample {
  /** Of a batch of one. */
  readonly features: HostTensors;
  /** 1 where abnormal, else 0; methods may have more labels for images that they make. */
  readonly label: number;
  /** [S, S], 1 where abnormal; none where only the label is known. */
  readonly mask: ArrayLike<number> | undefined;
}

/** One image, or one view of it, to learn from. */
export interface TrainingExample {
  /** Whether it has a mask: a batch has examples of one kind. */
  readonly hasMask: boolean;
  /** @param random For what is drawn anew each time: the same in a run that goes on. */
  load(random: Random): Promise<LoadedExample>;
}

/** An image whose features are in `store`. */
export function storedExample(
  store: FeatureStore,
  key: string,
  label: 0 | 1,
  mask: Uint8Array | undefined,
): TrainingExample {
  return {
    hasMask: mask !== undefined,
    async load() {
      const features = await store.get(key);
      if (features) return { features, label, mask };
      throw new IqeError('runtime', 'The cached features of an image are gone.', {
        hint: 'Something removed them during the run: repeat the command.',
      });
    },
  };
}

/**
 * Images into which the method draws an anomaly each time that they are used: their features are
 * computed on the spot.
 *
 * @param normal Planes [3, S, S] in 0…1 of all normal images.
 * @param withMasks Whether the loss is told where the anomaly is.
 */
export function synthesisedExamples(
  method: Method,
  normal: readonly Float32Array[],
  encoder: FeatureEncoder,
  withMasks: boolean,
): TrainingExample[] {
  const { imageSize: size, inputNormalization, synthesisedLabel } = method;
  return normal.map((_, index) => ({
    hasMask: withMasks,
    async load(random) {
      const { planes, mask } = method.synthesise!(normal, index, random);
      const data = new Float32Array(planes.length);
      normalizePlanes(planes, inputNormalization, data);
      const features = await encoder.encode({ data, shape: [1, 3, size, size] });
      const label = synthesisedLabel ?? (mask.some((value) => value > 0) ? 1 : 0);
      return { features, label, mask: withMasks ? mask : undefined };
    },
  }));
}

/**
 * Puts the examples of an epoch into batches.
 *
 * @param random Of this epoch.
 */
export type BatchOrder = (
  examples: readonly TrainingExample[],
  batchSize: number,
  random: Random,
) => readonly (readonly TrainingExample[])[];

/** All examples in a random order; the last batch has what is left. */
export const shuffledBatches: BatchOrder = (examples, batchSize, random) => {
  const order = random.shuffle(examples);
  const count = Math.ceil(order.length / batchSize);
  return Array.from({ length: count }, (_, batch) =>
    order.slice(batch * batchSize, (batch + 1) * batchSize),
  );
};
