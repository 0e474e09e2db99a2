import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate, host, hostIntegers } from '../../test/support/evaluate.js';
import { Random } from '../base/random.js';
import { gelu, quickGelu, silu } from './activation.js';
import { batchNorm, batchNormOfBatch } from './batchNorm.js';
import { convolve, convolveSame, convolveTransposed, patches } from './convolution.js';
import * as elementwise from './elementwise.js';
import { gatherRows, permuteLast } from './gather.js';
import { grad, stopGradient, withGradient } from './gradient.js';
import {
  concat,
  flattenRows,
  pad,
  reshape,
  slice,
  take,
  transpose,
  transposeLast,
} from './layout.js';
import { linear, matmul } from './matmul.js';
import {
  cosineMatrix,
  cosineSimilarity,
  l2Normalize,
  layerNorm,
  logSoftmax,
  softmax,
} from './normalization.js';
import { compile } from './onnx.js';
import { averagePool, globalAveragePool, maxPool } from './pooling.js';
import { max, mean, meanAll } from './reduce.js';
import { nodeRuntime } from './runtime.node.js';
import { B, type Shape } from './shape.js';
import { expand, sum, sumAll } from './sum.js';
import { constant, input, integers, type Tensor } from './tensor.js';

const runtime = nodeRuntime({ threads: 1 });

interface Operation {
  readonly name: string;
  /** Sizes of the operands for sizes drawn at random; the first axis of 'B' operands is symbolic. */
  readonly operands: (n: number, m: number) => (readonly (number | 'B')[])[];
  readonly apply: (...operands: Tensor[]) => Tensor;
  /** Values are drawn from [low, high] at least `apart` from each other where the op has kinks. */
  readonly range?: readonly [number, number];
  readonly apart?: number;
}

const operations: Operation[] = [
  { name: 'add', operands: (n, m) => [['B', n, m], [m]], apply: elementwise.add },
  {
    name: 'subtract',
    operands: (n, m) => [
      ['B', 1, m],
      [n, 1],
    ],
    apply: elementwise.subtract,
  },
  {
    name: 'multiply',
    operands: (n) => [
      ['B', n],
      ['B', n],
    ],
    apply: elementwise.multiply,
  },
  {
    name: 'multiply, broadcast',
    operands: (n, m) => [
      ['B', n, 1],
      [n, m],
    ],
    apply: elementwise.multiply,
  },
  {
    name: 'divide',
    operands: (n, m) => [
      ['B', n, m],
      [n, 1],
    ],
    apply: elementwise.divide,
    range: [0.5, 2],
  },
  { name: 'negate', operands: (n) => [['B', n]], apply: elementwise.negate },
  { name: 'exp', operands: (n) => [['B', n]], apply: elementwise.exp, range: [-1, 1] },
  { name: 'log', operands: (n) => [['B', n]], apply: elementwise.log, range: [0.5, 3] },
  { name: 'sqrt', operands: (n) => [['B', n]], apply: elementwise.sqrt, range: [0.5, 3] },
  { name: 'square', operands: (n) => [['B', n]], apply: elementwise.square },
  { name: 'absolute', operands: (n) => [['B', n]], apply: elementwise.absolute, apart: 0.1 },
  { name: 'tanh', operands: (n) => [['B', n]], apply: elementwise.tanh },
  { name: 'erf', operands: (n) => [['B', n]], apply: elementwise.erf },
  { name: 'sigmoid', operands: (n) => [['B', n]], apply: elementwise.sigmoid },
  { name: 'relu', operands: (n) => [['B', n]], apply: elementwise.relu, apart: 0.1 },
  {
    name: 'atLeast',
    operands: (n) => [['B', n]],
    apply: (x) => elementwise.atLeast(x, 0),
    apart: 0.1,
  },
  { name: 'gelu', operands: (n) => [['B', n]], apply: gelu },
  { name: 'quickGelu', operands: (n) => [['B', n]], apply: quickGelu },
  { name: 'silu', operands: (n) => [['B', n]], apply: silu },
  { name: 'sum', operands: (n, m) => [['B', n, m]], apply: (x) => sum(x, [0, -1]) },
  { name: 'sum, axes kept', operands: (n, m) => [['B', n, m]], apply: (x) => sum(x, [1], true) },
  { name: 'mean over the batch', operands: (n, m) => [['B', n, m]], apply: (x) => mean(x, [0, 1]) },
  { name: 'mean', operands: (n, m) => [['B', n, m]], apply: (x) => mean(x, [2], true) },
  {
    name: 'expand',
    operands: (n, m) => [
      [1, n],
      ['B', m],
    ],
    apply: (x, y) =>
      elementwise.multiply(expand(x, [B, ...x.shape.slice(1)], y), sum(y, [1], true)),
  },
  { name: 'max', operands: (n, m) => [['B', n, m]], apply: (x) => max(x, 1), apart: 0.05 },
  {
    name: 'max, first',
    operands: (n, m) => [['B', n, m]],
    apply: (x) => max(x, 2, 'first'),
    apart: 0.05,
  },
  {
    name: 'reshape',
    operands: (n, m) => [['B', n, m]],
    apply: (x) => reshape(x, [B, x.shape[2]!, x.shape[1]!]),
  },
  { name: 'transpose', operands: (n, m) => [['B', n, m]], apply: (x) => transpose(x, [2, 0, 1]) },
  {
    name: 'concat',
    operands: (n, m) => [
      ['B', n, 2],
      ['B', m, 2],
    ],
    apply: (x, y) => concat([x, y, x], 1),
  },
  { name: 'slice', operands: (n, m) => [['B', n + 2, m]], apply: (x) => slice(x, 1, 1, 3) },
  {
    name: 'slice, every third',
    operands: (n, m) => [['B', n + 6, m]],
    apply: (x) => slice(x, 1, 1, x.shape[1] as number, 3),
  },
  { name: 'take', operands: (n, m) => [['B', n, m]], apply: (x) => take(x, 1, -1) },
  { name: 'pad', operands: (n, m) => [['B', n, m]], apply: (x) => pad(x, 1, 2, 1) },
  {
    name: 'matmul',
    operands: (n, m) => [
      ['B', 2, n],
      ['B', n, m],
    ],
    apply: matmul,
  },
  {
    name: 'matmul, broadcast',
    operands: (n, m) => [
      ['B', 2, m, n],
      [2, n, 3],
    ],
    apply: matmul,
  },
  { name: 'linear', operands: (n, m) => [['B', 2, n], [m, n], [m]], apply: linear },
  { name: 'convolveSame', operands: (n, m) => [['B', n + 2], [m, 1, 3], [m]], apply: convolveSame },
  { name: 'patches', operands: (n, m) => [['B', n, 5, 2 * m]], apply: (x) => patches(x, 2) },
  {
    name: 'convolve',
    operands: (n, m) => [['B', n, 3, m + 1], [2, n, 3, 2], [2]],
    apply: (x, w, b) => convolve(x, w, b, { padding: 1 }),
  },
  {
    name: 'convolve, strided, uneven padding',
    operands: (n, m) => [
      ['B', 2, n + 3, m + 4],
      [m, 2, 3, 3],
    ],
    apply: (x, w) => convolve(x, w, undefined, { stride: 2, padding: [0, 1, 1, 2] }),
  },
  {
    name: 'convolve, in groups',
    operands: (n, m) => [
      ['B', 2 * n, 3, 3],
      [2 * m, n, 2, 2],
    ],
    apply: (x, w) => convolve(x, w, undefined, { groups: 2 }),
  },
  {
    name: 'convolve, depthwise',
    operands: (n, m) => [['B', n, 4, m + 2], [n, 1, 3, 3], [n]],
    apply: (x, w, b) => convolve(x, w, b, { stride: 2, padding: 1, groups: x.shape[1] as number }),
  },
  {
    name: 'convolveTransposed',
    operands: (n, m) => [['B', n, 2, m], [n, m, 2, 2], [m]],
    apply: (x, w, b) => convolveTransposed(x, w, b, { stride: 2 }),
  },
  {
    name: 'convolveTransposed, in groups, padded',
    operands: (n, m) => [
      ['B', 2 * n, 2, 2],
      [2 * n, m, 3, 3],
    ],
    apply: (x, w) =>
      convolveTransposed(x, w, undefined, { stride: 2, padding: 1, groups: 2, outputPadding: 1 }),
  },
  {
    name: 'batchNorm',
    operands: (n, m) => [['B', n, m, 2], [n], [n], [n], [n]],
    apply: (x, g, b, mean, variance) => batchNorm(x, g, b, { mean, variance }, 0.5),
    range: [0.5, 2],
  },
  {
    name: 'batchNormOfBatch',
    operands: (n, m) => [['B', n, m + 1, 2], [n], [n]],
    apply: (x, g, b) => batchNormOfBatch(x, g, b, 0.5).y,
  },
  {
    name: 'batchNormOfBatch, rows',
    operands: (n) => [['B', n], [n], [n]],
    apply: (x, g, b) => batchNormOfBatch(x, g, b, 0.5).y,
  },
  {
    name: 'maxPool',
    operands: (n, m) => [['B', 1, n + 1, 2 * m]],
    apply: (x) => maxPool(x, { kernel: 2 }),
    apart: 0.05,
  },
  {
    name: 'maxPool, overlapping',
    operands: (n, m) => [['B', 1, n + 2, m + 3]],
    apply: (x) => maxPool(x, { kernel: 3, stride: 2, padding: 1 }),
    apart: 0.05,
  },
  {
    name: 'averagePool',
    operands: (n, m) => [['B', n, m + 1, 5]],
    apply: (x) => averagePool(x, { kernel: 2, stride: 3, padding: 1 }),
  },
  {
    name: 'averagePool, overlapping',
    operands: (n, m) => [['B', n, m + 2, 4]],
    apply: (x) => averagePool(x, { kernel: 3, stride: 1, padding: 1 }),
  },
  { name: 'globalAveragePool', operands: (n, m) => [['B', n, m, 3]], apply: globalAveragePool },
  { name: 'softmax', operands: (n, m) => [['B', n, m + 1]], apply: (x) => softmax(x, -1) },
  {
    name: 'softmax, middle axis',
    operands: (n, m) => [['B', n + 1, m]],
    apply: (x) => softmax(x, 1),
  },
  { name: 'logSoftmax', operands: (n) => [['B', n + 1]], apply: (x) => logSoftmax(x) },
  {
    name: 'layerNorm',
    operands: (n) => [['B', 2, n + 3], [n + 3], [n + 3]],
    apply: (x, g, b) => layerNorm(x, g, b, 1e-2),
  },
  {
    name: 'l2Normalize',
    operands: (n) => [['B', n + 1]],
    apply: (x) => l2Normalize(x),
    range: [0.3, 2],
  },
  {
    name: 'cosineMatrix',
    operands: (n, m) => [
      ['B', n, 4],
      ['B', m, 4],
    ],
    apply: cosineMatrix,
    range: [0.3, 2],
  },
  {
    name: 'cosineSimilarity',
    operands: (n) => [
      ['B', n + 1],
      ['B', n + 1],
    ],
    apply: cosineSimilarity,
    range: [0.3, 2],
  },
  {
    name: 'gatherRows',
    operands: (n) => [[4, n]],
    apply: (x) => gatherRows(x, integers([3, 0, 3, 1, 3])),
  },
  {
    name: 'permuteLast',
    operands: (n) => [['B', n, 4]],
    apply: (x) => permuteLast(x, [2, 0, 3, 1]),
  },
];

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

describe('shape errors are thrown while a graph is built, with the op and both shapes', () => {
  const x = input('x', [B, 3, 4]);
  const cases: [string, () => unknown, string[]][] = [
    ['add', () => elementwise.add(x, input('y', [5])), ['add', '[B, 3, 4]', '[5]']],
    ['matmul', () => matmul(x, input('y', [3, 2])), ['matmul', '[B, 3, 4]', '[3, 2]']],
    ['linear', () => linear(x, input('y', [2, 3])), ['linear', '[B, 3, 4]', '[2, 3]']],
    [
      'linear bias',
      () => linear(x, input('y', [2, 4]), input('b', [3])),
      ['linear', '[3]', '[2, 4]'],
    ],
    ['reshape', () => reshape(x, [B, 13]), ['reshape', '[B, 3, 4]', '[B, 13]']],
    ['concat', () => concat([x, input('y', [B, 3, 5])], 1), ['concat', '[B, 3, 4]', '[B, 3, 5]']],
    ['slice', () => slice(x, 1, 2, 9), ['slice', '2…9', '[B, 3, 4]']],
    ['transpose', () => transpose(x, [0, 1]), ['transpose', '[0,1]', '[B, 3, 4]']],
    ['expand', () => expand(x, [B, 3, 5]), ['expand', '[B, 3, 4]', '[B, 3, 5]']],
    [
      'layerNorm',
      () => layerNorm(x, input('g', [3]), input('b', [3]), 1e-5),
      ['layerNorm', '[3]', '[B, 3, 4]'],
    ],
    [
      'two batch axes',
      () => matmul(input('p', [B, 2]), transposeLast(input('q', [B, 2]))),
      ['[B, B]'],
    ],
    ['sum', () => sum(x, [3]), ['sum', 'axis 3', '[B, 3, 4]']],
    [
      'convolve',
      () => convolve(input('i', [B, 3, 8, 8]), input('k', [4, 2, 3, 3])),
      ['convolve', '[B, 3, 8, 8]', '[4, 2, 3, 3]'],
    ],
    [
      'convolveTransposed',
      () =>
        convolveTransposed(input('i', [B, 3, 8, 8]), input('k', [3, 2, 3, 3]), undefined, {
          outputPadding: 1,
        }),
      ['convolveTransposed', '[B, 3, 8, 8]', '[3, 2, 3, 3]'],
    ],
    [
      'batchNormOfBatch',
      () => batchNormOfBatch(x, input('g', [4]), input('b', [3]), 1e-5),
      ['batchNorm', '[4]', '[B, 3, 4]'],
    ],
    [
      'maxPool',
      () => maxPool(input('i', [B, 3, 2, 8]), { kernel: 3 }),
      ['maxPool', '[B, 3, 2, 8]', '3 × 3'],
    ],
    ['patches', () => patches(input('i', [B, 3, 8, 8]), 16), ['patches', '[B, 3, 8, 8]']],
  ];

  it.each(cases)('%s', (_, build, parts) => {
    for (const part of parts) expect(build).toThrow(part);
  });
});

describe('compile', () => {
  it('writes equal nodes once', () => {
    const x = input('x', [B, 2]);
    const once = compile({ y: elementwise.exp(x) }).body.length;
    const twice = compile({ y: elementwise.multiply(elementwise.exp(x), elementwise.exp(x)) }).body
      .length;
    expect(twice - once).toBeLessThan(60);
  });

  it('runs an input that is an output, and one tensor under two names', async () => {
    const x = input('x', [2]);
    const y = elementwise.add(x, constant([1, 2], [2]));
    const result = await evaluate({ x, a: y, b: y }, { x: host([5, 6], [2]) });
    expect([...result.x!.data]).toEqual([5, 6]);
    expect([...result.a!.data]).toEqual([6, 8]);
    expect([...result.b!.data]).toEqual([6, 8]);
  });

  it('refuses feeds that do not fit, with the name and the shape', async () => {
    const ids = input('ids', [B], 'int64');
    const table = input('table', [4, 2]);
    const outputs = { y: gatherRows(table, ids) };
    await expect(evaluate(outputs, { ids: hostIntegers([1], [1]) })).rejects.toThrow(
      "'table' needs [4, 2], got nothing",
    );
    await expect(
      evaluate(outputs, { ids: hostIntegers([1], [1]), table: host([1, 2], [1, 2]) }),
    ).rejects.toThrow('got [1, 2]');
  });
});
