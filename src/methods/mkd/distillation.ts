import { add, multiply, square, subtract } from '../../graph/elementwise.js';
import { reshape } from '../../graph/layout.js';
import { mean, meanAll } from '../../graph/reduce.js';
import { type Dimension, product } from '../../graph/shape.js';
import type { Tensor } from '../../graph/tensor.js';
import { mapDistance } from '../shared/distillation.js';

/*
 * MKD (Salehi et al. 2021): a small student agrees with a frozen teacher at four critical layers, in the
 * direction and, times λ, in the values of their maps.
 */

/** Σ_l mean over images of 1 − cos(t_l, s_l) + λ · mean over all values of (t_l − s_l)²: a scalar. */
export function distillationLoss(
  teacher: readonly Tensor[],
  student: readonly Tensor[],
  lambda: number,
): Tensor {
  return teacher
    .map((map, l) => {
      const direction = mean(mapDistance(map, student[l]!), [0]);
      const values = meanAll(square(subtract(map, student[l]!)));
      return add(direction, multiply(values, lambda));
    })
    .reduce(add);
}

/** The same for each image, over the last three layers: [B]. */
export function distillationScore(
  teacher: readonly Tensor[],
  student: readonly Tensor[],
  lambda: number,
): Tensor {
  return teacher
    .slice(-3)
    .map((map, i) => {
      const own = student.slice(-3)[i]!;
      const difference = square(subtract(map, own));
      const flat: readonly Dimension[] = [map.shape[0]!, product(map.shape.slice(1))];
      const values = mean(reshape(difference, flat), [1]);
      return add(mapDistance(map, own), multiply(values, lambda));
    })
    .reduce(add);
}
