import { patches } from '../graph/convolution.js';
import { add } from '../graph/elementwise.js';
import { concat, take } from '../graph/layout.js';
import { linear } from '../graph/matmul.js';
import type { Dimension } from '../graph/shape.js';
import { expand } from '../graph/sum.js';
import type { Tensor } from '../graph/tensor.js';
import { cubicInterpolation, interpolateChannels } from '../nn/interpolation.js';
import { layerNormLayer, projection } from '../nn/layers.js';
import type { Weights } from '../nn/parameters.js';
import { block } from './block.js';
import type { ClipConfig } from './config.js';

/** The parts of an image tower that depend on the image size. */
export interface ImageTowerInputs {
  /** Normalised pixels [B, 3, S, S]. */
  readonly pixelValues: Tensor;
  /** [1 + G², D], for the grid of this image size. */
  readonly positions: Tensor;
  /** Patch embedding, flattened: [D, 3 · patch · patch]. */
  readonly patchEmbedding: Tensor;
}

export interface ImageTowerOutputs {
  /** Input of the first block, then the raw output of each block: [B, 1 + G², D], class token first. */
  readonly hidden: readonly Tensor[];
  /** Class token after the last layer norm [B, D]. */
  readonly pooled: Tensor;
  /** x_cls: the pooled class token, projected, not normalised [B, C]. */
  readonly embedding: Tensor;
}

/**
 * CLIP's image tower (Radford et al. 2021), as Hugging Face's `CLIPVisionModelWithProjection` names
 * and computes it.
 */
export function imageTower(
  inputs: ImageTowerInputs,
  weights: Weights,
  config: ClipConfig,
): ImageTowerOutputs {
  const { vision } = config;
  const { width, layerNormEpsilon } = vision;
  const tower = weights.at('vision_model');
  const patchTokens = linear(patches(inputs.pixelValues, vision.patchSize), inputs.patchEmbedding);
  const batch: Dimension = patchTokens.shape[0]!;
  const classToken = expand(
    tower.at('embeddings').get('class_embedding', [width]),
    [batch, 1, width],
    patchTokens,
  );
  const embedded = add(concat([classToken, patchTokens], 1), inputs.positions); // [B, 1 + G², D]
  let x = layerNormLayer(embedded, tower.at('pre_layrnorm'), layerNormEpsilon);
  const hidden = [x];
  for (let layer = 0; layer < vision.layers; layer++) {
    x = block(x, tower.at('encoder').at('layers').at(layer), vision);
    hidden.push(x);
  }
  const pooled = layerNormLayer(take(x, 1, 0), tower.at('post_layernorm'), layerNormEpsilon);
  const embedding = projection(pooled, weights.at('visual_projection'), config.embeddingWidth);
  return { hidden, pooled, embedding };
}

/** Patches along one side of an image of `imageSize` pixels; a remainder is not looked at. */
export function gridSize(config: ClipConfig, imageSize: number): number {
  return Math.floor(imageSize / config.vision.patchSize);
}

/**
 * Position embeddings for another image size: the class token's is kept, the grid's are resized by
 * bicubic interpolation with antialiasing.
 *
 * @param positions [1 + g², D] of the checkpoint's own grid
 * @returns [1 + G², D]
 */
export function resizePositions(
  positions: Float32Array,
  width: number,
  grid: number,
): Float32Array {
  const ownGrid = Math.round(Math.sqrt(positions.length / width - 1));
  if (ownGrid === grid) return positions;
  const along = cubicInterpolation(ownGrid, grid);
  const resized = interpolateChannels(positions.subarray(width), width, along, along);
  const result = new Float32Array(width + resized.length);
  result.set(positions.subarray(0, width));
  result.set(resized, width);
  return result;
}
