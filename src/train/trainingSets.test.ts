import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../base/random.js';
import type { DataSet, Sample, Split } from '../data/layout.js';
import { holdBack, trainingSamples } from './trainingSets.js';

const sample = (
  split: Split | null,
  name: string,
  label: 0 | 1 | null,
  patient: string | null = null,
): Sample => ({
  id: `${split}/${name}`,
  imagePath: `/set/${split}/${name}`,
  label,
  maskPath: null,
  split,
  patient,
  className: null,
});

const dataSet = (samples: Sample[]): DataSet => ({
  name: 'set',
  root: '/set',
  layout: 'benchmark',
  samples,
  hasMasks: false,
  patients: 'none',
  problems: [],
});

describe('trainingSamples', () => {
  const valid = [sample('valid', 'a', 0), sample('valid', 'b', 1)];
  const train = [sample('train', 'c', 0), sample('train', 'd', 0)];
  const rest = [sample('test', 'e', 0), sample('test', 'f', 1), sample('valid', 'g', null)];

  it('are the labelled ones of splits with both kinds, never of test', () => {
    expect(trainingSamples(dataSet([...train, ...valid, ...rest]))).toEqual(valid);
    expect(trainingSamples(dataSet([...train, ...rest]))).toEqual(train);
    const whole = [sample(null, 'a', 0), sample(null, 'b', 1)];
    expect(trainingSamples(dataSet(whole))).toEqual(whole);
  });

  it('have to be there', () => {
    expect(() => trainingSamples(dataSet(rest))).toThrow(/no labelled images outside/);
  });
});

describe('holdBack', () => {
  const samples = fc
    .array(fc.tuple(fc.constantFrom(0, 1), fc.option(fc.constantFrom('p', 'q', 'r', 's'))), {
      minLength: 1,
      maxLength: 40,
    })
    .map((list) =>
      list.map(([label, patient], i) => sample('valid', `${i}`, label as 0 | 1, patient)),
    );

  it('parts the images, no patient on both sides, each kind left to learn from', () => {
    fc.assert(
      fc.property(samples, fc.nat(), (all, seed) => {
        const { training, heldBack } = holdBack(all, 0.25, new Random(seed));
        expect([...training, ...heldBack].sort((a, b) => +a.id - +b.id)).toHaveLength(all.length);
        const known = new Set(training.flatMap(({ patient }) => patient ?? []));
        expect(heldBack.some(({ patient }) => patient !== null && known.has(patient))).toBe(false);
        expect(training.length).toBeGreaterThan(0);
        if (all.some(({ label }) => label === 1)) {
          expect(training.some(({ label }) => label === 1)).toBe(true);
        }
      }),
    );
  });

  it('takes the share that is asked for, but not more than the limit', () => {
    const all = Array.from({ length: 80 }, (_, i) => sample('valid', `${i}`, i % 2 === 0 ? 0 : 1));
    const count = (most?: number) => holdBack(all, 0.25, new Random(1), most).heldBack.length;
    expect(count()).toBe(20);
    expect(count(8)).toBe(8);
    const { heldBack } = holdBack(all, 0.25, new Random(1));
    expect(heldBack.filter(({ label }) => label === 1)).toHaveLength(10);
    expect(holdBack(all, 0.25, new Random(1))).toEqual(holdBack(all, 0.25, new Random(1)));
  });
});
