import { atLeast, divide, subtract } from '../../graph/elementwise.js';
import { take } from '../../graph/layout.js';
import type { Tensor } from '../../graph/tensor.js';

/**
 * (x − low) / (high − low): a quantity scaled by the range that it has over other images.
 *
 * @param range low, high [2]
 */
export function scaledToRange(x: Tensor, range: Tensor): Tensor {
  const low = take(range, 0, 0);
  const width = subtract(take(range, 0, 1), low);
  return divide(subtract(x, low), atLeast(width, 1e-12));
}
