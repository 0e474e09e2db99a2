import { expect, it } from 'vitest';
import { expectWithin } from '../../../test/support/close.js';
import { evaluate, host } from '../../../test/support/evaluate.js';
import { B } from '../../graph/shape.js';
import { input } from '../../graph/tensor.js';
import { neededMasks, pixelLoss } from './pixelLoss.js';

const map = input('map', [B, 1, 2]);
const mask = input('mask', [B, 1, 2]);
const feeds = { map: host([0.2, 0.9, 0.4, 0.6], [2, 1, 2]), mask: host([0, 1, 1, 1], [2, 1, 2]) };

it('adds focal and Dice loss, of one class or both', async () => {
  const results = await evaluate(
    { one: pixelLoss(map, mask), both: pixelLoss(map, mask, true) },
    feeds,
  );
  const right = [0.8, 0.9, 0.4, 0.6];
  const focal = right.reduce((sum, p) => sum - (1 - p) ** 2 * Math.log(p), 0) / 4;
  const dice = 1 - ((2 * 0.9 + 1) / (1.1 + 1 + 1) + (2 * 1 + 1) / (1 + 2 + 1)) / 2;
  const normalDice = 1 - ((2 * 0.8 + 1) / (0.9 + 1 + 1) + 1 / (1 + 0 + 1)) / 2;
  expectWithin(results.one!.data, [focal + dice], 1e-4);
  expectWithin(results.both!.data, [focal + dice + normalDice], 1e-4);
});

it('says which method has no masks', () => {
  expect(neededMasks(mask, 'x')).toBe(mask);
  expect(() => neededMasks(undefined, 'some-method')).toThrow('some-method learns from masks');
});
