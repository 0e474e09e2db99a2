import { atLeast, divide } from '../../graph/elementwise.js';
import { concat, reshape, slice, unsqueeze } from '../../graph/layout.js';
import { matmul } from '../../graph/matmul.js';
import { type Dimension, times } from '../../graph/shape.js';
import { expand } from '../../graph/sum.js';
import { constant, type Tensor } from '../../graph/tensor.js';

/** Patches [W, k²] that each k × k window of a G × G grid covers, stride 1, all row by row. */
export function windowPatches(grid: number, k: number): number[][] {
  const along = grid - k + 1;
  return Array.from({ length: along * along }, (_, window) => {
    const corner = Math.floor(window / along) * grid + (window % along);
    return Array.from({ length: k * k }, (_, i) => corner + Math.floor(i / k) * grid + (i % k));
  });
}

/**
 * Each window as a sequence of its own: the class token, then the window's patches.
 *
 * @param tokens Class token first [B, 1 + G², D].
 * @returns [B·W, 1 + k², D]
 */
export function windowSequences(tokens: Tensor, grid: number, k: number): Tensor {
  const [batch, , width] = tokens.shape as [Dimension, number, number];
  const along = grid - k + 1;
  const count = along * along;
  const image = reshape(slice(tokens, 1, 1, 1 + grid * grid), [batch, grid, grid, width]);
  const covered = Array.from({ length: k * k }, (_, i) => {
    const [row, column] = [Math.floor(i / k), i % k];
    const shifted = slice(slice(image, 1, row, row + along), 2, column, column + along);
    return reshape(shifted, [batch, count, 1, width]);
  });
  const classToken = unsqueeze(slice(tokens, 1, 0, 1), 2); // [B, 1, 1, D]
  const classTokens = expand(classToken, [batch, count, 1, width]);
  const sequences = concat([classTokens, ...covered], 2); // [B, W, 1 + k², D]
  return reshape(sequences, [times(batch, count), 1 + k * k, width]);
}

/** Below this, 1/s of one window would drown all others beyond what float32 can add. */
const smallest = 1e-12;

/**
 * The harmonic mean of the windows that contain each patch: n_j / Σ_{w ∋ j} 1/s_w.
 *
 * @param scores [B, W], 0 or more
 * @returns [B, G²]
 */
export function windowsToPatches(scores: Tensor, grid: number, k: number): Tensor {
  const windows = windowPatches(grid, k);
  const contains = new Float32Array(windows.length * grid * grid);
  const counts = new Float32Array(grid * grid);
  for (const [window, patches] of windows.entries()) {
    for (const patch of patches) {
      contains[window * grid * grid + patch] = 1;
      counts[patch]! += 1;
    }
  }
  const inverse = divide(1, atLeast(scores, smallest));
  const sums = matmul(inverse, constant(contains, [windows.length, grid * grid]));
  return divide(constant(counts, [grid * grid]), sums);
}
