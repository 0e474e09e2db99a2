import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectClose, expectRelative, expectWithin } from '../../test/support/close.js';
import { evaluate, host } from '../../test/support/evaluate.js';
import { Random } from '../base/random.js';
import { grad } from '../graph/gradient.js';
import { take } from '../graph/layout.js';
import { B, type Shape } from '../graph/shape.js';
import { input, type Tensor } from '../graph/tensor.js';
import {
  agreement,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  crossEntropy,
  diceLoss,
  focalLoss,
} from './losses.js';

type Rows = readonly (readonly number[])[];

interface LossCase {
  readonly name: string;
  /** Of the input and of the target, for a batch of B. */
  readonly shapes: readonly [Shape, Shape];
  readonly loss: (x: Tensor, target: Tensor) => Tensor;
  /** In float64, rows being the entries of the batch. */
  readonly formula: (x: Rows, target: Rows) => number;
  readonly range: readonly [number, number];
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const pairs = (x: Rows, target: Rows) =>
  x.flatMap((row, i) => row.map((value, j) => [value, target[i]![j]!] as const));

/** The authors' focal loss, γ = 2, s = 1e-5. */
function focal(abnormal: Rows, normal: Rows, mask: Rows): number {
  const s = 1e-5;
  const code = (value: number) => Math.min(Math.max(value, s), 1 - s);
  const terms = pairs(abnormal, normal).map(([one, other], index) => {
    const t = mask.flat()[index]!;
    const p = code(1 - t) * other + code(t) * one + s;
    return -((1 - p) ** 2) * Math.log(p);
  });
  return mean(terms);
}

const cases: LossCase[] = [
  {
    name: 'binaryCrossEntropy',
    shapes: [
      [B, 6],
      [B, 6],
    ],
    loss: binaryCrossEntropy,
    formula: (x, target) =>
      mean(pairs(x, target).map(([p, t]) => -t * Math.log(p) - (1 - t) * Math.log(1 - p))),
    range: [0.05, 0.95],
  },
  {
    name: 'binaryCrossEntropyWithLogits',
    shapes: [
      [B, 6],
      [B, 6],
    ],
    loss: binaryCrossEntropyWithLogits,
    formula: (x, target) =>
      mean(pairs(x, target).map(([z, t]) => Math.log(1 + Math.exp(z)) - z * t)),
    range: [-5, 5],
  },
  {
    name: 'focalLoss of two channels',
    shapes: [
      [B, 2, 6],
      [B, 6],
    ],
    loss: (x, mask) => focalLoss(agreement(take(x, 1, 1), mask, take(x, 1, 0))),
    formula: (x, target) =>
      focal(
        x.map((row) => row.slice(6)),
        x.map((row) => row.slice(0, 6)),
        target,
      ),
    range: [0.05, 0.95],
  },
  {
    name: 'focalLoss of the abnormal channel',
    shapes: [
      [B, 6],
      [B, 6],
    ],
    loss: (x, mask) => focalLoss(agreement(x, mask)),
    formula: (x, target) =>
      focal(
        x,
        x.map((row) => row.map((value) => 1 - value)),
        target,
      ),
    range: [0.05, 0.95],
  },
  {
    name: 'diceLoss',
    shapes: [
      [B, 2, 3],
      [B, 2, 3],
    ],
    loss: diceLoss,
    formula: (x, target) =>
      1 -
      mean(
        x.map((row, i) => {
          const t = target[i]!;
          const overlap = sum(row.map((value, j) => value * t[j]!));
          return (2 * overlap + 1) / (sum(row) + sum([...t]) + 1);
        }) as number[],
      ),
    range: [0, 1],
  },
  {
    name: 'crossEntropy',
    shapes: [
      [B, 6],
      [B, 6],
    ],
    loss: crossEntropy,
    formula: (x, target) =>
      mean(
        x.map((row, i) => {
          const total = Math.log(sum(row.map(Math.exp)));
          return -sum(row.map((value, j) => target[i]![j]! * (value - total)));
        }),
      ),
    range: [-3, 3],
  },
];

/** `x` as rows of the batch. */
const rows = (data: ArrayLike<number>, batch: number): Rows => {
  const width = data.length / batch;
  return Array.from({ length: batch }, (_, i) =>
    Array.from({ length: width }, (_, j) => data[i * width + j]!),
  );
};

describe('losses in float64, with gradients by central differences', () => {
  it.each(cases)('$name', async ({ shapes, loss, formula, range }) => {
    const [x, target] = shapes.map((shape, index) => input(`${index}`, shape)) as [Tensor, Tensor];
    const y = loss(x, target);
    const [dx] = grad(y, [x]);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.integer(), async (batch, seed) => {
        const random = new Random(seed);
        const draw = (shape: Shape, value: () => number) => {
          const sizes = shape.map((axis) => (typeof axis === 'number' ? axis : batch));
          const length = sizes.reduce((product, axis) => product * axis, 1);
          return host(Float32Array.from({ length }, value), sizes);
        };
        const feeds = {
          0: draw(shapes[0], () => random.between(...range)),
          1: draw(shapes[1], () => random.integer(2)),
        };
        const results = await evaluate({ y, dx: dx! }, feeds);
        const values = Float64Array.from(feeds[0].data as Float32Array);
        const targets = rows(feeds[1].data as Float32Array, batch);
        expect(results.y!.data[0]).toBeCloseTo(formula(rows(values, batch), targets), 5);
        const numeric = values.map((start, index) => {
          const at = (value: number) => formula(rows(values.with(index, value), batch), targets);
          return (at(start + 1e-5) - at(start - 1e-5)) / 2e-5;
        });
        expectClose(results.dx!.data, numeric, 1e-5);
      }),
      { numRuns: 8, seed: 3 },
    );
  });
});

describe('at the ends of their ranges', () => {
  const value = async (loss: Tensor, feeds: Record<string, number[]>) => {
    const parameters = Object.keys(feeds).map((name) => inputs[name]!);
    const gradients = grad(loss, parameters.slice(0, 1));
    const hosts = Object.entries(feeds).map(([name, data]) => [name, host(data, [2, 2])]);
    const results = await evaluate({ y: loss, dx: gradients[0]! }, Object.fromEntries(hosts));
    return { y: results.y!.data[0]!, dx: results.dx!.data };
  };
  const inputs: Record<string, Tensor> = { x: input('x', [B, 2]), t: input('t', [B, 2]) };
  const { x, t } = inputs as { x: Tensor; t: Tensor };

  it('a perfect match costs nothing', async () => {
    const match = { x: [0, 1, 1, 0], t: [0, 1, 1, 0] };
    expect((await value(diceLoss(x, t), match)).y).toBeCloseTo(0, 6);
    expect((await value(binaryCrossEntropy(x, t), match)).y).toBeCloseTo(0, 6);
    const empty = { x: [0, 0, 0, 0], t: [0, 0, 0, 0] };
    expect((await value(diceLoss(x, t), empty)).y).toBeCloseTo(0, 6);
    const sure = { x: [-90, 90, 90, -90], t: [0, 1, 1, 0] };
    expect((await value(binaryCrossEntropyWithLogits(x, t), sure)).y).toBeCloseTo(0, 6);
  });

  it('the opposite costs the most, and stays finite with its gradient', async () => {
    const opposite = { x: [1, 0, 0, 1], t: [0, 1, 1, 0] };
    const cross = await value(binaryCrossEntropy(x, t), opposite);
    expect(cross.y).toBe(100);
    expectWithin(cross.dx, [2.5e11, -2.5e11, -2.5e11, 2.5e11], 1e5);
    const dice = await value(diceLoss(x, t), opposite);
    expect(dice.y).toBeCloseTo(1 - 1 / 3, 6);
    const wrong = { x: [90, -90, -90, 90], t: [0, 1, 1, 0] };
    const logits = await value(binaryCrossEntropyWithLogits(x, t), wrong);
    expect(logits.y).toBe(90);
    expectWithin(logits.dx, [0.25, -0.25, -0.25, 0.25], 1e-6);
  });

  it('focal loss is that of p = 2s where the abnormal channel is as wrong as can be', async () => {
    const worst = -((1 - 2e-5) ** 2) * Math.log(2e-5);
    const slope = -(1 - 2e-5) * ((1 - 2e-5) / 2e-5 - 2 * Math.log(2e-5));
    const abnormal = { x: [0, 0, 0, 0], t: [1, 1, 1, 1] };
    const missed = await value(focalLoss(agreement(x, t)), abnormal);
    expect(missed.y).toBeCloseTo(worst, 4);
    expectRelative(missed.dx, new Array(4).fill((slope * (1 - 2e-5)) / 4), 1e-5);
    // Here 1 − x has no more than 24 bits.
    const normal = { x: [1, 1, 1, 1], t: [0, 0, 0, 0] };
    const invented = await value(focalLoss(agreement(x, t)), normal);
    expect(invented.y).toBeCloseTo(worst, 2);
    expectRelative(invented.dx, new Array(4).fill((-slope * (1 - 2e-5)) / 4), 2e-3);
  });
});
