import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DataSet, Sample } from './layout.js';
import { parseShotFile, selectShots, shotsFromFile } from './shots.js';

function sample(id: string, label: Sample['label'], split: Sample['split']): Sample {
  return { id, imagePath: id, label, maskPath: null, split, patient: null, className: null };
}

function dataSet(samples: readonly Sample[]): DataSet {
  return {
    name: 'Some_AD',
    root: '/',
    layout: 'benchmark',
    samples,
    hasMasks: false,
    patients: 'none',
    problems: [],
  };
}

/** Ten normal and six abnormal images in `valid`, others in `test`. */
const SET = dataSet([
  ...Array.from({ length: 10 }, (_, i) => sample(`valid/good/img/${i}.png`, 0, 'valid')),
  ...Array.from({ length: 6 }, (_, i) => sample(`valid/Ungood/img/${i}.png`, 1, 'valid')),
  ...Array.from({ length: 20 }, (_, i) => sample(`test/good/img/${i}.png`, 0, 'test')),
  ...Array.from({ length: 20 }, (_, i) => sample(`test/Ungood/img/${i}.png`, 1, 'test')),
]);

const ids = (samples: readonly Sample[]) => samples.map(({ id }) => id);

describe('selectShots', () => {
  it('takes K different images of each label from valid', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer(), (k, seed) => {
        const { normal, abnormal } = selectShots(SET, k, seed);
        for (const [samples, label] of [
          [normal, 0],
          [abnormal, 1],
        ] as const) {
          expect(new Set(ids(samples)).size).toBe(k);
          for (const one of samples) expect(one).toMatchObject({ label, split: 'valid' });
        }
      }),
    );
  });

  it('depends on the seed and not on the order of the samples', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...SET.samples], { minLength: 56 }), (samples) => {
        expect(selectShots(dataSet(samples), 4, 7)).toEqual(selectShots(SET, 4, 7));
      }),
    );
    const choices = new Set(
      [0, 1, 2, 3].map((seed) => ids(selectShots(SET, 4, seed).normal).join()),
    );
    expect(choices.size).toBeGreaterThan(1);
  });

  it('takes fewer shots out of more', () => {
    const four = selectShots(SET, 4, 3);
    const two = selectShots(SET, 2, 3);
    expect(two.normal).toEqual(four.normal.slice(0, 2));
    expect(two.abnormal).toEqual(four.abnormal.slice(0, 2));
  });

  it('takes each image about as often', () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 600; seed++) {
      for (const id of ids(selectShots(SET, 2, seed).abnormal)) {
        counts.set(id, (counts.get(id) ?? 0) + 1);
      }
    }
    // 200 expected of each, with a deviation of 11.5.
    for (const count of counts.values()) expect(Math.abs(count - 200)).toBeLessThan(60);
    expect(counts.size).toBe(6);
  });

  it('takes from all images where there are no splits', () => {
    const set = dataSet([sample('a.png', 0, null), sample('b.png', 1, null)]);
    expect(selectShots(set, 1, 0)).toEqual({
      normal: [set.samples[0]],
      abnormal: [set.samples[1]],
    });
  });

  it.each([
    ['more abnormal than there are', SET, 7, /7 wanted, 6 found in the split 'valid' of Some_AD/],
    ['more normal than there are', SET, 11, /Too few normal images: 11 wanted, 10 found/],
    [
      'no abnormal ones',
      dataSet([sample('a.png', 0, null)]),
      1,
      /Too few abnormal images: 1 wanted, 0 found among the images/,
    ],
    ['no labels', dataSet([sample('a.png', null, null)]), 1, /Too few normal images/],
    ['no valid split', dataSet([sample('a.png', 0, 'test')]), 1, /0 found in the split 'valid'/],
    ['no shots', SET, 0, /The number of shots is 0/],
    ['half a shot', SET, 1.5, /The number of shots is 1\.5/],
  ])('refuses %s', (_, set, k, says) => {
    expect(() => selectShots(set, k, 0)).toThrow(says);
  });
});

describe('parseShotFile', () => {
  it.each([
    'a-0: 1.png 2.png\nn-0: 3.png 4.png\n',
    'n-0: 3.png 4.png\na-0: 1.png 2.png',
    '\uFEFFn-0:3.png\t4.png \r\n\r\n  a-0 :  1.png  2.png\r\n',
  ])('reads %j', (text) => {
    expect(parseShotFile(text)).toEqual({
      abnormal: [['1.png', '2.png']],
      normal: [['3.png', '4.png']],
    });
  });

  it('reads several draws', () => {
    const text = 'a-1: c\nn-0: b\na-0: a\nn-1: d';
    expect(parseShotFile(text)).toEqual({ abnormal: [['a'], ['c']], normal: [['b'], ['d']] });
  });

  it.each([
    ['', /lacks/],
    ['a-0: 1.png', /lacks the "a-" or the "n-" line/],
    ['a-1: 1.png\nn-1: 2.png', /lacks/],
    ['a-0: 1\nn-0: 2\nn-1: 3', /lacks/],
    ['a-0: 1.png\nhello', /line 2: "hello"/],
    ['a-0: 1.png\nn-0:', /line 2: "n-0:"/],
    ['a-0: 1.png\na-0: 2.png', /line 2: "a-0: 2\.png"/],
  ])('refuses %j', (text, says) => {
    expect(() => parseShotFile(text)).toThrow(says);
  });
});

describe('shotsFromFile', () => {
  it('finds names below the folder of their label, in their order', () => {
    const { normal, abnormal } = shotsFromFile(SET, 'a-0: 3.png 1.png\nn-0: 9.png 3.png');
    expect(ids(abnormal)).toEqual(['valid/Ungood/img/3.png', 'valid/Ungood/img/1.png']);
    expect(ids(normal)).toEqual(['valid/good/img/9.png', 'valid/good/img/3.png']);
  });

  it('takes the draw that is asked for', () => {
    const text = 'a-0: 0.png\nn-0: 0.png\na-1: 1.png\nn-1: 2.png';
    expect(ids(shotsFromFile(SET, text, 1).normal)).toEqual(['valid/good/img/2.png']);
    expect(() => shotsFromFile(SET, text, 2)).toThrow(/no draw 2/);
  });

  it('lists all names that are not there', () => {
    const text = 'a-0: 6.png 1.png\nn-0: x.png 19.png';
    expect(() => shotsFromFile(SET, text)).toThrow(
      /not found in the split 'valid' of Some_AD: x\.png \(normal\), 19\.png \(normal\), 6\.png \(abnormal\)\./,
    );
  });

  it('takes no name that several images have', () => {
    const set = dataSet([
      sample('p1/1.png', 0, null),
      sample('p2/1.png', 0, null),
      sample('2.png', 1, null),
    ]);
    expect(() => shotsFromFile(set, 'a-0: 2.png\nn-0: 1.png')).toThrow(
      /1\.png \(normal, 2 of the name/,
    );
    expect(ids(shotsFromFile(set, 'a-0: 2.png\nn-0: p2/1.png').normal)).toEqual(['p2/1.png']);
  });
});
