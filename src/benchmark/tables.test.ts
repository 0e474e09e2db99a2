import { describe, expect, it } from 'vitest';
import { parseBenchmark } from './config.js';
import { benchmarkFigures } from './figures.js';
import type { CellResult } from './results.js';
import { allResults, benchmarkTables } from './tables.js';

const benchmark = (changes: object = {}) =>
  parseBenchmark(
    {
      title: 'Test',
      sets: [{ name: 'A' }, { name: 'B' }, { name: 'C' }],
      methods: ['ours', 'other'],
      protocols: [{ kind: 'few-shot', shots: [2, 4] }],
      seeds: [0, 1],
      metrics: ['image.auroc', 'pixel.auroc'],
      published: [
        {
          source: 'A paper',
          setting: '4-shot',
          values: { ours: { A: [90, 80] }, theirs: { B: 70 } },
        },
      ],
      ...changes,
    },
    'test.yaml',
  );

const cell = (
  setting: string,
  set: string,
  method: string,
  seed: number,
  image: number | null,
  pixel?: number,
): CellResult => ({
  setting,
  set,
  method,
  seed,
  folder: '',
  metrics:
    image === null
      ? null
      : { 'image.auroc': image, ...(pixel !== undefined && { 'pixel.auroc': pixel }) },
  intervals: { 'image.auroc': [0.1, 0.9] },
  resampled: 'patients',
  n: null,
  dataHash: null,
  skipped: null,
  failure: image === null ? 'No such luck.' : null,
  failedImages: 0,
});

const results = [0, 1].flatMap((seed) => [
  cell('4-shot', 'A', 'ours', seed, 0.8 + 0.1 * seed, 0.7),
  cell('4-shot', 'B', 'ours', seed, 0.6),
  cell('4-shot', 'C', 'ours', seed, 0.5),
  cell('2-shot', 'A', 'ours', seed, 0.7, 0.6),
  cell('4-shot', 'A', 'other', seed, seed === 0 ? null : 0.5),
  cell('4-shot', 'B', 'other', seed, 0.4),
  cell('4-shot', 'C', 'other', seed, 0.6),
]);

describe('benchmarkTables', () => {
  const [, fourShot] = benchmarkTables(benchmark(), results);
  const row = (method: string) => fourShot!.rows.find(([name]) => name === method)!;

  it('has a table for each setting, with the sets and their mean as groups of columns', () => {
    expect(fourShot!.title).toBe('Results: Few-shot, K = 4');
    expect(fourShot!.columns.map(({ group, name }) => `${group ?? ''}/${name}`)).toEqual([
      '/Method',
      'A/Image AUROC',
      'A/Pixel AUROC',
      'B/Image AUROC',
      'C/Image AUROC',
      'Mean of sets/Image AUROC',
      'Mean of sets/Pixel AUROC',
    ]);
  });

  it('puts mean and deviation over seeds beside the published number', () => {
    const [, image, pixel, , , mean] = row('ours');
    expect(image).toMatchObject({ published: 0.9, failure: null });
    const estimate = (image as { estimate: { value: number; deviation: number } }).estimate;
    expect(estimate.value).toBeCloseTo(0.85);
    expect(estimate.deviation).toBeCloseTo(Math.SQRT1_2 / 10);
    expect(pixel).toMatchObject({ estimate: { value: 0.7, deviation: 0 }, published: 0.8 });
    // (0.8 + 0.6 + 0.5) / 3 and (0.9 + 0.6 + 0.5) / 3
    expect((mean as { estimate: { value: number } }).estimate.value).toBeCloseTo(0.65);
  });

  it('has rows of methods that are only published, and none of methods that are neither', () => {
    expect(row('theirs')[3]).toMatchObject({ estimate: null, published: 0.7 });
    const [twoShot] = benchmarkTables(benchmark(), results);
    expect(twoShot!.rows.map(([name]) => name)).toEqual(['ours']);
  });

  it('says once that seeds failed, and gives no mean without them', () => {
    const [, image, pixel, , , mean] = row('other');
    expect(image).toMatchObject({
      estimate: { value: 0.5, interval: [0.1, 0.9] },
      failure: '1 of 2 seeds: No such luck.',
    });
    expect(pixel).toMatchObject({ failure: null });
    // Of the one seed that was measured everywhere.
    expect(mean).toMatchObject({ estimate: { value: 0.5 } });
    const withoutC = results.filter(({ set, method }) => set !== 'C' || method !== 'other');
    const [, table] = benchmarkTables(benchmark(), withoutC);
    // Others have a value on C.
    expect(table!.rows.find(([name]) => name === 'other')![5]).toMatchObject({ estimate: null });
  });

  it('groups columns by settings where it is told to', () => {
    const one = benchmark({ sets: [{ name: 'A' }], tables: [{ title: 'T', columns: 'settings' }] });
    const [table] = benchmarkTables(one, results);
    expect(table!.columns.map(({ group }) => group)).toEqual([
      undefined,
      'Few-shot, K = 2',
      'Few-shot, K = 2',
      'Few-shot, K = 4',
      'Few-shot, K = 4',
    ]);
  });
});

describe('allResults', () => {
  it('has a row for every method on every set in every setting', () => {
    const { rows } = allResults(benchmark(), results);
    expect(rows.map((row) => row.slice(0, 3).join(' '))).toEqual([
      '4-shot A ours',
      '4-shot B ours',
      '4-shot C ours',
      '2-shot A ours',
      '4-shot A other',
      '4-shot B other',
      '4-shot C other',
    ]);
  });
});

describe('benchmarkFigures', () => {
  it('draws curves over shots and charts over three sets and more', () => {
    const { fewShot, radar } = benchmarkFigures(benchmark(), results);
    expect(fewShot.map(({ title, metric }) => `${title} ${metric}`)).toEqual([
      'A Image AUROC',
      'A Pixel AUROC',
    ]);
    expect(fewShot[0]!.series[0]!.points.map(({ shots }) => shots)).toEqual([2, 4]);
    expect(radar).toMatchObject([
      { title: 'Few-shot, K = 4', metric: 'Image AUROC', sets: ['A', 'B', 'C'] },
    ]);
  });
});
