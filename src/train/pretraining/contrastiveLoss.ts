import { add, exp, multiply, negate } from '../../graph/elementwise.js';
import { transposeLast, unsqueeze } from '../../graph/layout.js';
import { matmul } from '../../graph/matmul.js';
import { l2Normalize, logSoftmax } from '../../graph/normalization.js';
import { sumAll } from '../../graph/sum.js';
import type { Tensor } from '../../graph/tensor.js';
import { crossEntropy } from '../../nn/losses.js';

/**
 * CLIP's symmetric contrastive loss (Radford et al. 2021): with L = e^s · cos(xᵢ, tⱼ), the mean of
 * the cross-entropies of the rows of L and of the rows of Lᵀ against `targets`.
 *
 * @param images x [N, C], of any length
 * @param texts t [N, C], of any length
 * @param logScale s, a scalar
 * @param targets [N, N], symmetric, each row sums to 1: which pairs belong together. The identity
 *   in CLIP; images with the same caption share their weight, see {@link captionTargets}.
 */
export function contrastiveLoss(
  images: Tensor,
  texts: Tensor,
  logScale: Tensor,
  targets: Tensor,
): Tensor {
  const cosines = matmul(l2Normalize(images), transposeLast(l2Normalize(texts))); // [N, N]
  const logits = multiply(cosines, exp(logScale));
  const byImage = crossEntropy(logits, targets);
  const byText = crossEntropy(transposeLast(logits), targets);
  return multiply(add(byImage, byText), 0.5);
}

/**
 * Cross-entropy of telling two states by their texts: −Σ w_{bks} · ln softmax_s(e^s · cos(x_bk, t_s)).
 *
 * @param tokens x [B, K, C], of any length
 * @param states t [2, C]: normal, abnormal
 * @param logScale s, a scalar
 * @param weights w [B, K, 2], which sum to 1: how much each token counts as each state
 */
export function stateLoss(
  tokens: Tensor,
  states: Tensor,
  logScale: Tensor,
  weights: Tensor,
): Tensor {
  const cosines = matmul(l2Normalize(tokens), transposeLast(l2Normalize(states))); // [B, K, 2]
  const logits = multiply(cosines, exp(logScale));
  return negate(sumAll(multiply(weights, logSoftmax(logits))));
}

/** {@link stateLoss} of whole images: x [B, C], w [B, 2]. */
export function imageStateLoss(
  images: Tensor,
  states: Tensor,
  logScale: Tensor,
  weights: Tensor,
): Tensor {
  return stateLoss(unsqueeze(images, 1), states, logScale, unsqueeze(weights, 1));
}

/** Targets of {@link contrastiveLoss}: each image belongs in equal shares to all equal captions. */
export function captionTargets(captions: readonly string[]): Float32Array {
  const count = captions.length;
  const times = new Map<string, number>();
  for (const caption of captions) times.set(caption, (times.get(caption) ?? 0) + 1);
  const targets = new Float32Array(count * count);
  for (let row = 0; row < count; row++) {
    for (let column = 0; column < count; column++) {
      if (captions[row] !== captions[column]) continue;
      targets[row * count + column] = 1 / (times.get(captions[row]!) as number);
    }
  }
  return targets;
}
