import { constant, type Tensor } from '../graph/tensor.js';
import type { Checkpoint } from './checkpoint.js';
import type { ClipConfig } from './config.js';
import { gridSize, type ImageTowerStart, imageTower, resizePositions } from './imageTower.js';

/** Another activation than the checkpoint's, for both towers; see the GELU note in the presets. */
export function withActivation(
  config: ClipConfig,
  activation: 'checkpoint' | 'gelu' | 'quick_gelu',
): ClipConfig {
  if (activation === 'checkpoint') return config;
  return {
    ...config,
    vision: { ...config.vision, activation },
    text: { ...config.text, activation },
  };
}

/** The image tower on a checkpoint's frozen weights, with positions for the size of `pixelValues`. */
export async function frozenImageTower(
  checkpoint: Checkpoint,
  pixelValues: Tensor,
  config: ClipConfig = checkpoint.config,
) {
  const start = await frozenImageStart(checkpoint, pixelValues.shape[3] as number);
  return imageTower({ pixelValues, ...start }, checkpoint.tensors.weights, config);
}

/**
 * The first weights of the image tower for images of `imageSize`.
 *
 * @param interpolation How positions are resized, where it is not CLIP's own way.
 */
export async function frozenImageStart(
  { config, tensors }: Checkpoint,
  imageSize: number,
  interpolation?: Parameters<typeof resizePositions>[3],
): Promise<ImageTowerStart> {
  const { width, patchSize } = config.vision;
  const grid = gridSize(config, imageSize);
  const ownGrid = gridSize(config, config.vision.imageSize);
  const name = 'vision_model.embeddings.position_embedding.weight';
  const own = await tensors.read(name, [1 + ownGrid ** 2, width]);
  const resized = resizePositions(own, width, grid, interpolation);
  const patchEmbedding = tensors.reshaped(
    'vision_model.embeddings.patch_embedding.weight',
    [width, 3, patchSize, patchSize],
    [width, 3 * patchSize * patchSize],
  );
  return { positions: constant(resized, [1 + grid ** 2, width]), patchEmbedding };
}
