import { subtract } from '../../graph/elementwise.js';
import { transpose } from '../../graph/layout.js';
import { matmul } from '../../graph/matmul.js';
import { l2Normalize } from '../../graph/normalization.js';
import { max } from '../../graph/reduce.js';
import type { Tensor } from '../../graph/tensor.js';

/**
 * The cosine distance of each token to the nearest one in memory: min_r 1 − cos(x, r).
 *
 * @param tokens [B, N, C]
 * @param memory [R, C]
 * @returns [B, N], 0…2
 */
export function nearestDistance(tokens: Tensor, memory: Tensor): Tensor {
  const rows = transpose(l2Normalize(memory), [1, 0]); // [C, R]
  return subtract(1, max(matmul(l2Normalize(tokens), rows), -1));
}
