import { describe, expect, it } from 'vitest';
import { batchNormOfBatch } from './batchNorm.js';
import { convolve, convolveTransposed, patches } from './convolution.js';
import * as elementwise from './elementwise.js';
import { concat, reshape, slice, transpose, transposeLast } from './layout.js';
import { linear, matmul } from './matmul.js';
import { layerNorm } from './normalization.js';
import { maxPool } from './pooling.js';
import { B } from './shape.js';
import { expand, sum } from './sum.js';
import { input } from './tensor.js';

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
