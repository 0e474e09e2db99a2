import {
  absolute,
  add,
  atLeast,
  divide,
  multiply,
  negate,
  subtract,
} from '../../graph/elementwise.js';
import { reshape, slice, unsqueeze } from '../../graph/layout.js';
import { max } from '../../graph/reduce.js';
import type { Dimension } from '../../graph/shape.js';
import { sum } from '../../graph/sum.js';
import { createNode, integers, type Tensor } from '../../graph/tensor.js';

/** Gradients above this share of the pixels are as good as the largest. */
const percentile = 0.99;

/**
 * Where the score depends on the image: Σ over channels of |∂score/∂x|, scaled by its minimum and its
 * 99th percentile, clipped to 0…1.
 *
 * @param gradient [B, 3, S, S]
 * @returns [B, S, S]
 */
export function sensitivity(gradient: Tensor): Tensor {
  const [batch, , height, width] = gradient.shape as [Dimension, number, number, number];
  const pixels = reshape(sum(absolute(gradient), [1]), [batch, height * width]);
  const low = unsqueeze(negate(max(negate(pixels), 1)), 1);
  const high = percentileOf(pixels, percentile);
  const scaled = divide(subtract(pixels, low), atLeast(subtract(high, low), 1e-30));
  const clipped = negate(atLeast(negate(scaled), -1));
  return reshape(clipped, [batch, height, width]);
}

/** NumPy's percentile, linear between neighbours: [B, N] → [B, 1]. */
function percentileOf(x: Tensor, share: number): Tensor {
  const [batch, count] = x.shape as [Dimension, number];
  const position = share * (count - 1);
  const below = Math.floor(position);
  const kept = count - below; // the largest ones, from the one below the position on
  const shape = [batch, kept];
  // The second output, where they lie, has another type than declared; nothing reads it.
  const [largest] = createNode({
    op: 'TopK',
    inputs: [x, integers([kept])],
    attributes: { axis: 1, sorted: 1 },
    shape,
    moreOutputs: [shape],
  });
  const lower = slice(largest, 1, kept - 1, kept);
  if (kept === 1) return lower;
  const upper = slice(largest, 1, kept - 2, kept - 1);
  const part = position - below;
  return add(multiply(lower, 1 - part), multiply(upper, part));
}
