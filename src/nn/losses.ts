import {
  absolute,
  add,
  atLeast,
  divide,
  exp,
  log,
  multiply,
  negate,
  relu,
  sigmoid,
  square,
  subtract,
} from '../graph/elementwise.js';
import { withGradient } from '../graph/gradient.js';
import { reshape } from '../graph/layout.js';
import { logSoftmax } from '../graph/normalization.js';
import { batchSize, mean, meanAll } from '../graph/reduce.js';
import { type Dimension, product, type Shape } from '../graph/shape.js';
import { sum, sumAll } from '../graph/sum.js';
import { scalar, type Tensor } from '../graph/tensor.js';

/**
 * Binary cross-entropy of probabilities, mean over all elements:
 * −t · ln p − (1 − t) · ln(1 − p), each logarithm no less than −100; its gradient
 * (p − t) / max(p (1 − p), 1e−12), both as in PyTorch.
 */
export function binaryCrossEntropy(p: Tensor, target: Tensor): Tensor {
  const clamped = (x: Tensor) => atLeast(log(x), -100);
  const each = negate(
    add(multiply(target, clamped(p)), multiply(subtract(1, target), clamped(subtract(1, p)))),
  );
  const slope = divide(subtract(p, target), atLeast(multiply(p, subtract(1, p)), 1e-12));
  return meanAll(withGradient(each, [p], [(dy) => multiply(dy, slope)]));
}

/**
 * Binary cross-entropy of logits, mean over all elements: max(x, 0) − x·t + ln(1 + e^(−|x|));
 * its gradient σ(x) − t.
 */
export function binaryCrossEntropyWithLogits(x: Tensor, target: Tensor): Tensor {
  const each = add(subtract(relu(x), multiply(x, target)), log(add(exp(negate(absolute(x))), 1)));
  return meanAll(withGradient(each, [x], [(dy) => multiply(dy, subtract(sigmoid(x), target))]));
}

/**
 * Focal loss, the authors' form with γ = 2: the mean over pixels of −(1 − p)² · ln p, p from
 * {@link agreement}; its gradient 2 (1 − p) ln p − (1 − p)² / p.
 */
export function focalLoss(p: Tensor): Tensor {
  const q = subtract(1, p);
  const logarithm = log(p);
  const each = negate(multiply(square(q), logarithm));
  const slope = () => multiply(q, subtract(multiply(logarithm, 2), divide(q, p)));
  return meanAll(withGradient(each, [p], [(dy) => multiply(slope(), dy)]));
}

/**
 * Probability that a pixel's prediction agrees with its mask, as the authors' focal loss smooths it:
 * p = Σ_c code_c · probability_c + s with the mask's one-hot code clamped to [s, 1 − s].
 *
 * @param abnormal Probability of the abnormal channel, any shape.
 * @param mask 1 where abnormal, else 0, the same shape.
 * @param normal Probability of the other channel, where it is not 1 − abnormal.
 */
export function agreement(
  abnormal: Tensor,
  mask: Tensor,
  normal?: Tensor,
  smoothing = 1e-5,
): Tensor {
  const contrast = 1 - 2 * smoothing;
  const code = (target: Tensor) => add(multiply(target, contrast), smoothing);
  if (normal) {
    const sum = add(multiply(code(subtract(1, mask)), normal), multiply(code(mask), abnormal));
    return add(sum, smoothing);
  }
  // The same, as a + b · abnormal: 1 + (2s − 1) · m where normal, 2s + (1 − 2s) · m where not. a as a sum
  // of two parts, since 1 − (1 − 2s) would lose most digits of s.
  const a = add(subtract(1, mask), multiply(mask, 2 * smoothing));
  const b = multiply(subtract(multiply(mask, 2), 1), contrast);
  return add(a, multiply(b, abnormal));
}

/**
 * Dice loss, the authors' form: 1 − mean over images of (2 Σ m·t + 1) / (Σ m + Σ t + 1).
 *
 * @param map [B, ...] in 0…1
 * @param mask [B, ...] in 0…1
 */
export function diceLoss(map: Tensor, mask: Tensor, smoothing = 1): Tensor {
  const flat: Shape = [map.shape[0]!, product(map.shape.slice(1))];
  const m = reshape(map, flat);
  const t = reshape(mask, flat);
  const overlap = add(multiply(sum(multiply(m, t), [1]), 2), smoothing);
  const extent = add(add(sum(m, [1]), sum(t, [1])), smoothing);
  return subtract(scalar(1), mean(divide(overlap, extent), [0]));
}

/**
 * Cross-entropy of logits with a one-hot (or soft) target, mean over rows: −Σ_c t_c · ln softmax(x)_c.
 *
 * @param logits [N, C]
 * @param target [N, C]
 */
export function crossEntropy(logits: Tensor, target: Tensor): Tensor {
  const total = negate(sumAll(multiply(target, logSoftmax(logits, -1))));
  return divide(total, rowCount(logits));
}

function rowCount(x: Tensor): Tensor {
  const rows: Dimension = x.shape[0]!;
  return typeof rows === 'number' ? scalar(rows) : multiply(batchSize(x), rows.coefficient);
}
