import { gelu, quickGelu, silu } from '../../src/graph/activation.js';
import { batchNorm, batchNormOfBatch } from '../../src/graph/batchNorm.js';
import {
  convolve,
  convolveSame,
  convolveTransposed,
  patches,
} from '../../src/graph/convolution.js';
import * as elementwise from '../../src/graph/elementwise.js';
import { gatherRows, permuteLast } from '../../src/graph/gather.js';
import { concat, pad, reshape, slice, take, transpose } from '../../src/graph/layout.js';
import { linear, matmul } from '../../src/graph/matmul.js';
import {
  cosineMatrix,
  cosineSimilarity,
  l2Normalize,
  layerNorm,
  logSoftmax,
  softmax,
} from '../../src/graph/normalization.js';
import { averagePool, globalAveragePool, maxPool } from '../../src/graph/pooling.js';
import { max, mean } from '../../src/graph/reduce.js';
import { B } from '../../src/graph/shape.js';
import { expand, sum } from '../../src/graph/sum.js';
import { integers, type Tensor } from '../../src/graph/tensor.js';

/** An operation whose gradient is compared with differences. */
export interface Operation {
  readonly name: string;
  /** Sizes of the operands for sizes drawn at random; the first axis of 'B' operands is symbolic. */
  readonly operands: (n: number, m: number) => (readonly (number | 'B')[])[];
  readonly apply: (...operands: Tensor[]) => Tensor;
  /** Values are drawn from [low, high] at least `apart` from each other where the op has kinks. */
  readonly range?: readonly [number, number];
  readonly apart?: number;
}

export const operations: Operation[] = [
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
