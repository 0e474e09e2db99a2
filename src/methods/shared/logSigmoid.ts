import { absolute, add, atLeast, exp, log, negate } from '../../graph/elementwise.js';
import type { Tensor } from '../../graph/tensor.js';

/** −ln σ(x) = ln(1 + e^(−|x|)) + max(−x, 0): the loss of flows on log-likelihoods. */
export function negativeLogSigmoid(x: Tensor): Tensor {
  return add(log(add(exp(negate(absolute(x))), 1)), atLeast(negate(x), 0));
}
