import { add, subtract } from '../../graph/elementwise.js';
import { reshape, transpose } from '../../graph/layout.js';
import { cosineSimilarity } from '../../graph/normalization.js';
import { type Dimension, product } from '../../graph/shape.js';
import type { Tensor } from '../../graph/tensor.js';
import { upsample } from '../../nn/interpolation.js';

/*
 * What a student's feature maps differ from a teacher's by: two lists of maps [B, C, h, w] of the same
 * shapes.
 */

/** 1 − cos of each image's whole map, all values as one vector: [B]. */
export function mapDistance(a: Tensor, b: Tensor): Tensor {
  const flat = (x: Tensor) => reshape(x, [x.shape[0]!, product(x.shape.slice(1))]);
  return subtract(1, cosineSimilarity(flat(a), flat(b)));
}

/** 1 − cos of the channels at each place: [B, h, w]. */
export function placeDistance(a: Tensor, b: Tensor): Tensor {
  const last = (x: Tensor) => transpose(x, [0, 2, 3, 1]);
  return subtract(1, cosineSimilarity(last(a), last(b)));
}

/** Σ of maps [B, h_l, w_l], each bilinear with aligned corners at S × S. */
export function summedAtSize(maps: readonly Tensor[], imageSize: number): Tensor {
  return maps.map((map) => upsample(map, imageSize, imageSize)).reduce(add);
}

/** The values of a map as rows, a place each: [B, C, h, w] → [B·h·w, C]. */
export function placeRows(map: Tensor): Tensor {
  const [batch, channels, height, width] = map.shape as [Dimension, number, number, number];
  const places = product([batch, height, width]);
  return reshape(transpose(map, [0, 2, 3, 1]), [places, channels]);
}
