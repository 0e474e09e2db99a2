import { expect, it } from 'vitest';
import { expectClose } from '../../test/support/close.js';
import { evaluate, host } from '../../test/support/evaluate.js';
import { recordedTensors } from '../../test/support/safetensors.js';
import { describeWith, goldenFolder, goldenJson } from '../../test/support/shared.js';
import { grad } from '../graph/gradient.js';
import { take } from '../graph/layout.js';
import { constant, input, type Tensor } from '../graph/tensor.js';
import {
  agreement,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  diceLoss,
  focalLoss,
} from './losses.js';

interface LossCase {
  readonly name: string;
  readonly loss: string;
  readonly smooth?: number;
}

const losses: Record<string, (x: Tensor, target: Tensor, smooth?: number) => Tensor> = {
  BCELoss: binaryCrossEntropy,
  BCEWithLogitsLoss: binaryCrossEntropyWithLogits,
  FocalLoss: (x, target, smooth) =>
    focalLoss(agreement(take(x, 1, 1), take(target, 1, 0), take(x, 1, 0), smooth)),
  BinaryDiceLoss: diceLoss,
};

/** Cases whose gradients span many orders of magnitude are compared entry by entry. */
const entrywise = new Set(['bce_saturated', 'focal_saturated']);

describeWith(`${goldenFolder}/losses.json`, 'losses against recorded values', () => {
  const { cases } = goldenJson<{ cases: LossCase[] }>('losses.json');
  const recorded = recordedTensors('losses.safetensors');

  it.each(cases)('$name', async ({ name, loss, smooth }) => {
    const values = recorded[`${name}.input`]!;
    const target = recorded[`${name}.target`]!;
    const x = input('x', values.shape);
    const y = losses[loss]!(x, constant(target.data as Float32Array, target.shape), smooth);
    const [dx] = grad(y, [x]);
    const result = await evaluate(
      { y, dx: dx! },
      { x: host(values.data as Float32Array, values.shape) },
    );
    expectClose(result.y!.data, recorded[`${name}.y`]!.data as Float32Array, 1e-6, name);
    const gradient = recorded[`${name}.d_input`]!.data as Float32Array;
    if (!entrywise.has(name)) {
      expectClose(result.dx!.data, gradient, 1e-6, `${name} gradient`);
      return;
    }
    for (const [index, expected] of gradient.entries()) {
      if (Math.abs(expected) < 1e-12) continue;
      const actual = result.dx!.data[index]!;
      expect(
        Math.abs(actual / expected - 1),
        `${name} gradient at ${index}: ${actual} for ${expected}`,
      ).toBeLessThan(1e-5);
    }
  });
});
