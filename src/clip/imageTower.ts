import { patches } from '../graph/convolution.js';
import { add } from '../graph/elementwise.js';
import { concat, take } from '../graph/layout.js';
import { linear } from '../graph/matmul.js';
import type { Dimension } from '../graph/shape.js';
import { expand } from '../graph/sum.js';
import type { Tensor } from '../graph/tensor.js';
import {
  cubicInterpolation,
  type InterpolationMatrix,
  interpolateChannels,
} from '../nn/interpolation.js';
import { layerNormLayer, projection } from '../nn/layers.js';
import type { Weights } from '../nn/parameters.js';
import { block } from './block.js';
import type { ClipConfig } from './config.js';

/** What an image tower begins with. */
export interface ImageTowerInputs extends ImageTowerStart {
  /** Normalised pixels [B, 3, S, S]. */
  readonly pixelValues: Tensor;
}

/** Its first weights, of which the positions depend on the image size. */
export interface ImageTowerStart {
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
  const hidden = [normalizeEmbedded(embedImage(inputs, weights, config), weights, config)];
  for (let layer = 0; layer < config.vision.layers; layer++) {
    hidden.push(imageBlock(hidden[layer]!, layer, weights, config));
  }
  return { hidden, ...imageHead(take(hidden.at(-1)!, 1, 0), weights, config) };
}

/** Class and patch tokens with their positions [B, 1 + G², D], before the first layer norm. */
export function embedImage(
  { pixelValues, patchEmbedding, positions }: ImageTowerInputs,
  weights: Weights,
  { vision: { width, patchSize } }: ClipConfig,
): Tensor {
  const patchTokens = linear(patches(pixelValues, patchSize), patchEmbedding);
  const batch: Dimension = patchTokens.shape[0]!;
  const classToken = expand(
    weights.at('vision_model').at('embeddings').get('class_embedding', [width]),
    [batch, 1, width],
    patchTokens,
  );
  return add(concat([classToken, patchTokens], 1), positions);
}

/** The layer norm before the first block. */
export function normalizeEmbedded(x: Tensor, weights: Weights, { vision }: ClipConfig): Tensor {
  return layerNormLayer(x, weights.at('vision_model').at('pre_layrnorm'), vision.layerNormEpsilon);
}

/** Block `layer`, counted from 0: [B, N, D] → [B, N, D]. */
export function imageBlock(
  x: Tensor,
  layer: number,
  weights: Weights,
  { vision }: ClipConfig,
): Tensor {
  return block(x, weights.at('vision_model').at('encoder').at('layers').at(layer), vision);
}

/** The last layer norm and the projection into the shared space: [..., D] → [..., D], [..., C]. */
export function imageHead(
  x: Tensor,
  weights: Weights,
  { vision, embeddingWidth }: ClipConfig,
): Pick<ImageTowerOutputs, 'pooled' | 'embedding'> {
  const norm = weights.at('vision_model').at('post_layernorm');
  const pooled = layerNormLayer(x, norm, vision.layerNormEpsilon);
  const embedding = projection(pooled, weights.at('visual_projection'), embeddingWidth);
  return { pooled, embedding };
}

/** Patches along one side of an image of `imageSize` pixels; a remainder is not looked at. */
export function gridSize(config: ClipConfig, imageSize: number): number {
  return Math.floor(imageSize / config.vision.patchSize);
}

/**
 * Position embeddings for another image size: the class token's is kept, the grid's are resized.
 *
 * @param positions [1 + g², D] of the checkpoint's own grid
 * @param interpolation Along each axis: bicubic with antialiasing, unless a method has its own.
 * @returns [1 + G², D]
 */
export function resizePositions(
  positions: Float32Array,
  width: number,
  grid: number,
  interpolation: (source: number, target: number) => InterpolationMatrix = cubicInterpolation,
): Float32Array {
  const ownGrid = Math.round(Math.sqrt(positions.length / width - 1));
  if (ownGrid === grid) return positions;
  const along = interpolation(ownGrid, grid);
  const resized = interpolateChannels(positions.subarray(width), width, along, along);
  const result = new Float32Array(width + resized.length);
  result.set(positions.subarray(0, width));
  result.set(resized, width);
  return result;
}
