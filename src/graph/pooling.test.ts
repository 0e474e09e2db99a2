import { expect, it } from 'vitest';
import { evaluate, host } from '../../test/support/evaluate.js';
import { grad } from './gradient.js';
import { averagePool, maxPool } from './pooling.js';
import { sumAll } from './sum.js';
import { input } from './tensor.js';

const x = input('x', [1, 1, 3, 3]);
const values = host([5, 5, 1, 0, 5, 2, 3, 3, -1], [1, 1, 3, 3]);

it('gives the gradient of equal maxima to the first of each window, and none to the padding', async () => {
  const inner = maxPool(x, { kernel: 2, stride: 1 });
  const padded = maxPool(x, { kernel: 3, stride: 2, padding: 1 });
  const outputs = {
    inner,
    padded,
    dInner: grad(sumAll(inner), [x])[0]!,
    dPadded: grad(sumAll(padded), [x])[0]!,
  };
  const results = await evaluate(outputs, { x: values });
  expect([...results.inner!.data]).toEqual([5, 5, 5, 5]);
  expect([...results.dInner!.data]).toEqual([1, 1, 0, 0, 2, 0, 0, 0, 0]);
  expect([...results.padded!.data]).toEqual([5, 5, 5, 5]);
  expect([...results.dPadded!.data]).toEqual([1, 1, 0, 0, 2, 0, 0, 0, 0]);
  const negative = await evaluate(outputs, { x: host(new Array(9).fill(-7), [1, 1, 3, 3]) });
  expect([...negative.padded!.data]).toEqual([-7, -7, -7, -7]);
});

it('counts the padding in means', async () => {
  const y = averagePool(x, { kernel: 2, stride: 2, padding: 1 });
  const { mean } = await evaluate({ mean: y }, { x: values });
  expect([...mean!.data]).toEqual([1.25, 1.5, 0.75, 2.25]);
});
