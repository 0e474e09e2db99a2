import { add, multiply, subtract } from '../graph/elementwise.js';
import { l2Normalize } from '../graph/normalization.js';
import { mean } from '../graph/reduce.js';
import { expand } from '../graph/sum.js';
import type { Tensor } from '../graph/tensor.js';
import { projection } from '../nn/layers.js';
import type { Weights } from '../nn/parameters.js';
import { type BertConfig, bert } from './bert.js';
import { resnet, resnetConfigs, resnetPooled } from './resnet.js';

/*
 * MedCLIP (Wang et al. 2022) with its ResNet-50: chest X-rays and reports in one space of 512 values.
 */

/** Width of the space that images and texts share. */
export const medClipWidth = 512;

/** Mean and deviation of its training images, which are grey. */
export const medClipMean = 0.5862785803043838;
export const medClipDeviation = 0.27950088968644304;

/**
 * Images as MedCLIP is given them: the mean of the channels, standardised, on all three.
 *
 * @param x Red, green, blue in 0…1 [B, 3, H, W].
 */
export function medClipPixels(x: Tensor): Tensor {
  const grey = multiply(subtract(mean(x, [1], true), medClipMean), 1 / medClipDeviation);
  return expand(grey, x.shape, x);
}

/**
 * Unit image embeddings [B, 512].
 *
 * @param pixels (grey − mean) / deviation on all three channels [B, 3, H, W].
 * @param weights Of a ResNet-50 whose last layer, `fc`, goes into the shared space.
 */
export function medClipImage(pixels: Tensor, weights: Weights): Tensor {
  const pooled = resnetPooled(resnet(pixels, weights, resnetConfigs.resnet50));
  return l2Normalize(projection(pooled, weights.at('fc'), medClipWidth));
}

/**
 * Unit text embeddings [B, 512]: hidden states after layers 1, 2 and the last, averaged over all
 * positions (padding counts) and over the three, projected.
 *
 * @param ids Tokens, int64 [B, N].
 * @param mask 1 where a token counts [B, N].
 */
export function medClipText(
  ids: Tensor,
  mask: Tensor,
  weights: { readonly bert: Weights; readonly projection: Weights },
  config: BertConfig,
): { pooled: Tensor; embedding: Tensor } {
  const hidden = bert(ids, mask, weights.bert, config);
  const states = [hidden[1]!, hidden[2]!, hidden.at(-1)!];
  const pooled = multiply(states.map((x) => mean(x, [1])).reduce(add), 1 / 3);
  return { pooled, embedding: l2Normalize(projection(pooled, weights.projection, medClipWidth)) };
}
