import { IqeError } from '../../base/errors.js';
import { add, subtract } from '../../graph/elementwise.js';
import type { Tensor } from '../../graph/tensor.js';
import { agreement, diceLoss, focalLoss } from '../../nn/losses.js';

/**
 * Focal(P, Y) + Dice(P_abnormal, Y): the loss of one map in most of these systems.
 *
 * @param abnormal P_abnormal [B, S, S]; P_normal is 1 − P_abnormal
 * @param masks Y [B, S, S], 1 where abnormal
 * @param bothClasses Whether Dice(P_normal, 1 − Y) is added.
 */
export function pixelLoss(abnormal: Tensor, masks: Tensor, bothClasses = false): Tensor {
  const loss = add(focalLoss(agreement(abnormal, masks)), diceLoss(abnormal, masks));
  if (!bothClasses) return loss;
  return add(loss, diceLoss(subtract(1, abnormal), subtract(1, masks)));
}

/**
 * The masks of a method that cannot learn without.
 *
 * @throws {IqeError} `data` if there are none.
 */
export function neededMasks(masks: Tensor | undefined, method: string): Tensor {
  if (masks) return masks;
  throw new IqeError('data', `${method} learns from masks, and these images have none.`, {
    hint: 'Give a mask for each abnormal image, or choose a method that learns from labels.',
  });
}
