import { describe, expect, it } from 'vitest';
import { parseBenchmark } from './config.js';
import { folderName, planCells, sourcesOf } from './plan.js';

const benchmark = (changes: object = {}) =>
  parseBenchmark(
    {
      title: 'Test',
      sets: [{ name: 'A' }, { name: 'B' }],
      methods: [
        'iqe-clip',
        { name: 'α = 0', method: 'iqe-clip', settings: { model: { alpha: 0 } } },
      ],
      protocols: [{ kind: 'few-shot', shots: [2, 4], settings: { training: { epochs: 7 } } }],
      seeds: [0, 5],
      settings: { training: { epochs: 9, batchSize: 3 } },
      ...changes,
    },
    'test.yaml',
  );

describe('planCells', () => {
  it('combines settings, sets, methods and seeds, each in a folder of its own', () => {
    const cells = planCells(benchmark());
    expect(cells).toHaveLength(2 * 2 * 2 * 2);
    expect(new Set(cells.map(({ folder }) => folder)).size).toBe(cells.length);
    expect(cells[0]).toMatchObject({ folder: 'cells/2-shot/A/iqe-clip/seed-0', seed: 0 });
  });

  it('lays what was said over the method, that over the protocol, that over the benchmark', () => {
    const alpha = planCells(benchmark()).at(-1)!;
    expect(alpha.config).toMatchObject({
      seed: 5,
      method: 'iqe-clip',
      model: { alpha: 0 },
      training: { epochs: 7, batchSize: 3 },
    });
    const said = { training: { epochs: 1 }, model: { alpha: 0.5 }, seed: 9 };
    expect(planCells(benchmark(), said).at(-1)!.config).toMatchObject({
      seed: 5,
      model: { alpha: 0.5 },
      training: { epochs: 1, batchSize: 3 },
    });
  });

  it('leaves out methods that cannot learn so, and sets that may not be learned from', () => {
    const zeroShot = benchmark({
      methods: ['iqe-clip', 'clip', 'patchcore', 'mediclip'],
      sets: [
        { name: 'A', modality: 'CT' },
        { name: 'B', modality: 'CT' },
        { name: 'C', modality: 'MR' },
      ],
      protocols: [
        { kind: 'zero-shot' },
        { kind: 'zero-shot', leaveOut: 'modality', selectOn: 'test' },
        { kind: 'normal-only', shots: [4] },
        { kind: 'few-shot' },
      ],
      seeds: [0],
    });
    const methodsOf = (id: string) =>
      planCells(zeroShot).flatMap(({ setting, set, method }) =>
        setting.id === id && set.name === 'A' ? method.name : [],
      );
    expect(methodsOf('zero-shot')).toEqual(['iqe-clip', 'clip']);
    expect(methodsOf('zero-shot-modality-authors')).toEqual(['iqe-clip', 'clip']);
    expect(methodsOf('4-normal')).toEqual(['patchcore', 'mediclip']);
    expect(methodsOf('4-shot')).toEqual(['iqe-clip', 'patchcore', 'mediclip']);
    const names = (leaveOut: 'set' | 'modality') =>
      sourcesOf(zeroShot, zeroShot.sets[0]!, leaveOut).map(({ name }) => name);
    expect(names('set')).toEqual(['B', 'C']);
    expect(names('modality')).toEqual(['C']);
  });

  it('gives all normal images to methods that take no others, and runs methods where they are wanted', () => {
    const cells = planCells(
      benchmark({
        methods: [
          'iqe-clip',
          { name: 'all', method: 'patchcore', protocols: ['all-normal'] },
          { name: 'few', method: 'patchcore', protocols: ['normal-only'] },
        ],
        sets: [{ name: 'A' }],
        protocols: [{ kind: 'all-normal', most: 9 }, { kind: 'normal-only' }, { kind: 'few-shot' }],
        seeds: [0],
      }),
    );
    expect(cells.map(({ setting, method }) => `${setting.id} ${method.name}`)).toEqual([
      'all-normal all',
      '4-normal few',
      '4-shot iqe-clip',
    ]);
  });

  it('measures on the sets that are named, and learns from all others', () => {
    const some = benchmark({ measure: ['B'], protocols: [{ kind: 'zero-shot' }] });
    const cells = planCells(some);
    expect(new Set(cells.map(({ set }) => set.name))).toEqual(new Set(['B']));
    expect(sourcesOf(some, cells[0]!.set, 'set').map(({ name }) => name)).toEqual(['A']);
  });

  it('refuses settings that are none before anything is done', () => {
    expect(() => planCells(benchmark({ settings: { modle: {} } }))).toThrow(/modle/);
  });
});

describe('parseBenchmark', () => {
  it.each([
    [{ sets: [{ name: 'A' }, { name: 'A' }] }, /sets: A is there twice/],
    [{ measure: ['A', 'D'] }, /measure: there is no set D/],
    [{ seeds: [1, 1] }, /seeds: 1 is there twice/],
    [{ protocols: [{ kind: 'few-shot', shots: [0] }] }, /protocols\.0\.shots\.0/],
    [{ protocol: [] }, /protocol/],
    [{ protocols: [{ kind: 'zero-shot', leaveOut: 'modality' }] }, /A has no modality/],
  ])('refuses %j', (changes, message) => {
    expect(() => benchmark(changes)).toThrow(message);
  });
});

describe('folderName', () => {
  it('is a name of a folder, another one for another name', () => {
    const names = ['a b', 'a/b', 'a_b', '..', 'α = 0.8', 'w/o IQM', 'w_o IQM'];
    const folders = names.map(folderName);
    expect(new Set(folders).size).toBe(names.length);
    for (const name of folders) expect(name).toMatch(/^[^./\\ ][^/\\ ]*$/);
    expect(folderName('4-shot')).toBe('4-shot');
  });
});
