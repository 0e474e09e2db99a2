import type { Checkpoint } from '../../src/clip/checkpoint.js';
import type { HostTensor, Runtime } from '../../src/graph/session.js';
import { clipFeatures } from '../../src/methods/shared/clipFeatures.js';
import { FeatureEncoder } from '../../src/train/featureEncoder.js';

/**
 * What the frozen image tower says of images, as features are kept: the patch tokens of stages in half
 * precision, and the projected class token.
 *
 * @param stages Blocks, counted from 1.
 * @param pixelValues Normalised pixels [B, 3, S, S].
 */
export async function towerFeatures(
  checkpoint: Checkpoint,
  stages: readonly number[],
  pixelValues: HostTensor,
  runtime: Runtime,
): Promise<{ stages: HostTensor[]; embedding: HostTensor }> {
  const imageSize = pixelValues.shape[3] as number;
  const features = await clipFeatures(checkpoint, checkpoint.config, imageSize, stages);
  const encoder = await FeatureEncoder.create(
    { imageSize, features },
    checkpoint.sessionOptions,
    runtime,
  );
  try {
    const values = await encoder.encode(pixelValues);
    return {
      stages: stages.map((_, index) => values[`stage${index}`]!),
      embedding: values.embedding!,
    };
  } finally {
    await encoder.release();
  }
}
