import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { operations } from '../../test/support/differentiableOperations.js';
import { evaluate, host } from '../../test/support/evaluate.js';
import { Random } from '../base/random.js';
import * as elementwise from './elementwise.js';
import { gatherRows } from './gather.js';
import { grad, stopGradient, withGradient } from './gradient.js';
import { flattenRows, reshape } from './layout.js';
import { matmul } from './matmul.js';
import { compile } from './onnx.js';
import { meanAll } from './reduce.js';
import { nodeRuntime } from './runtime.node.js';
import { B, type Shape } from './shape.js';
import { sumAll } from './sum.js';
import { constant, input, integers, type Tensor } from './tensor.js';

const runtime = nodeRuntime({ threads: 1 });

/** Distinct values, none nearer to another or to 0 than `apart`. */
function draw(
  count: number,
  random: Random,
  [low, high]: readonly [number, number],
  apart: number,
): Float32Array {
  if (apart === 0) return Float32Array.from({ length: count }, () => random.between(low, high));
  const ladder = Array.from({ length: count }, (_, index) => apart * (1 + 1.5 * index));
  return Float32Array.from(random.shuffle(ladder), (value) =>
    random.uniform() < 0.5 ? -value : value,
  );
}

describe('gradients against central differences, over random shapes', () => {
  /** Those that are applied before a reshape of what they are given, see `beforeReshape`. */
  const movable = operations
    .filter(({ name }) =>
      /^(subtract|multiply|absolute|tanh|erf|relu|gelu|silu|layerNorm)$/.test(name),
    )
    .map((operation) => ({
      ...operation,
      name: `${operation.name}, of what was reshaped`,
      apply: (...operands: Tensor[]) => operation.apply(...operands.map(productAndReshape)),
    }));
  const logarithm = operations.find(({ name }) => name === 'log')!;
  movable.push({
    ...logarithm,
    name: 'log, of what was reshaped',
    apply: (x) => elementwise.log(elementwise.add(elementwise.square(productAndReshape(x!)), 1)),
  });

  it.each([...operations, ...movable])('$name', async (operation) => {
    const { range = [-2, 2], apart = 0 } = operation;
    const shapes = fc.tuple(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer(),
    );
    await fc.assert(
      fc.asyncProperty(shapes, async ([n, m, batch, seed]) => {
        const random = new Random(seed);
        const sizes = operation.operands(n, m);
        const inputs = sizes.map((size, index) =>
          input(`x${index}`, size.map((axis) => (axis === 'B' ? B : axis)) as Shape),
        );
        const y = operation.apply(...inputs);
        const weightShape = y.shape.map((size) =>
          typeof size === 'number' ? size : size.coefficient * batch,
        );
        const weightSize = weightShape.reduce((a, b) => a * b, 1);
        const loss = sumAll(elementwise.multiply(y, input('w', y.shape)));
        const gradients = grad(loss, inputs);
        const outputs = Object.fromEntries(
          gradients.map((gradient, index) => [`d${index}`, gradient]),
        );
        const session = await runtime.createSession(compile({ loss, ...outputs }));
        const feeds = Object.fromEntries(
          sizes.map((size, index) => {
            const shape = size.map((axis) => (axis === 'B' ? batch : axis));
            const count = shape.reduce((a, b) => a * b, 1);
            return [`x${index}`, { data: draw(count, random, range, apart), shape }];
          }),
        );
        const all = { ...feeds, w: host(draw(weightSize, random, [-1, 1], 0), weightShape) };
        const analytic = (await session.run(all)) as Record<string, { data: Float32Array }>;
        const step = apart > 0 ? apart / 4 : 1e-2;
        for (const [index, feed] of Object.values(feeds).entries()) {
          for (let i = 0; i < feed.data.length; i++) {
            const start = feed.data[i]!;
            const at = async (value: number) => {
              feed.data[i] = value;
              const { loss: result } = await session.run(all, {}, ['loss']);
              return result.data[0] as number;
            };
            const numeric = ((await at(start + step)) - (await at(start - step))) / (2 * step);
            feed.data[i] = start;
            const value = analytic[`d${index}`]!.data[i]!;
            expect(
              Math.abs(value - numeric),
              `${operation.name} d${index}[${i}]: ${value}, numeric ${numeric}`,
            ).toBeLessThan(3e-3 * Math.max(1, Math.abs(numeric)) + 2e-3);
          }
        }
        await session.release();
      }),
      { numRuns: 6, seed: 7 },
    );
  });
});

/** `x` as it comes out of a matrix product and a reshape; vectors as they are. */
function productAndReshape(x: Tensor): Tensor {
  if (x.rank < 2) return x;
  const width = x.shape.at(-1) as number;
  const unit = Array.from({ length: width ** 2 }, (_, at) => (at % (width + 1) === 0 ? 1 : 0));
  return reshape(matmul(flattenRows(x), constant(unit, [width, width])), x.shape);
}

describe('grad', () => {
  it('adds the contributions of several uses', async () => {
    const x = input('x', [3]);
    const [dx] = grad(sumAll(elementwise.multiply(x, elementwise.add(x, elementwise.exp(x)))), [x]);
    const values = [0.5, -1, 2];
    const { d } = await evaluate({ d: dx! }, { x: host(values, [3]) });
    for (const [index, v] of values.entries()) {
      expect(d!.data[index]).toBeCloseTo(2 * v + Math.exp(v) * (1 + v), 4);
    }
  });

  it('stops at stopGradient, and takes the products of withGradient', async () => {
    const x = input('x', [2]);
    const stopped = elementwise.multiply(x, stopGradient(x));
    const replaced = withGradient(
      elementwise.square(x),
      [x],
      [(dy) => elementwise.multiply(dy, 7)],
    );
    const [dx] = grad(sumAll(elementwise.add(stopped, replaced)), [x]);
    const { d } = await evaluate({ d: dx! }, { x: host([3, 4], [2]) });
    expect([...d!.data]).toEqual([3 + 7, 4 + 7]);
  });

  it('differentiates gradients again', async () => {
    const x = input('x', []);
    const cube = elementwise.multiply(elementwise.square(x), x);
    const [first] = grad(cube, [x]);
    const [second] = grad(first!, [x]);
    const { d } = await evaluate({ d: second! }, { x: host([2], []) });
    expect(d!.data[0]).toBeCloseTo(12, 4);
  });

  it('adds every row of a repeated id, on several threads', async () => {
    const ids = Array.from({ length: 4000 }, (_, i) => i % 7);
    const table = input('table', [7, 192]);
    const [gradient] = grad(sumAll(gatherRows(table, integers(ids))), [table]);
    const session = await nodeRuntime({ threads: 4 }).createSession(
      compile({ gradient: gradient! }),
    );
    const feeds = { table: host(new Float32Array(7 * 192), [7, 192]) };
    for (let run = 0; run < 5; run++) {
      const { gradient: result } = await session.run(feeds);
      const total = (result!.data as Float32Array).reduce((a, b) => a + b, 0);
      expect(total).toBe(4000 * 192);
    }
    await session.release();
  });

  it('names a parameter that the loss does not depend on, and refuses a loss that is no scalar', () => {
    const x = input('x', [2]);
    const other = input('other', [2]);
    expect(() => grad(meanAll(x), [other])).toThrow("'other'");
    expect(() => grad(x, [x])).toThrow('needs a scalar loss, got [2]');
  });

  it('sums over a batch that is only known at run time', async () => {
    const x = input('x', [B, 2]);
    const w = input('w', [2]);
    const loss = meanAll(elementwise.multiply(x, w));
    const [dw] = grad(loss, [w]);
    const { d } = await evaluate(
      { d: dw! },
      { x: host([1, 2, 3, 4, 5, 6], [3, 2]), w: host([1, 1], [2]) },
    );
    expect(d!.data[0]).toBeCloseTo(9 / 6, 5);
    expect(d!.data[1]).toBeCloseTo(12 / 6, 5);
  });
});
