import { describe, expect, it } from 'vitest';
import type { DataSet, Sample, Split } from './layout.js';
import { SealedDataSet } from './sealedDataSet.js';

const sample = (split: Split | null, name: string, patient: string | null = null): Sample => ({
  id: `${split}/${name}`,
  imagePath: `/set/${split}/${name}`,
  label: name.startsWith('b') ? 1 : 0,
  maskPath: null,
  split,
  patient,
  className: null,
});

const dataSet = (...samples: Sample[]): DataSet => ({
  name: 'set',
  root: '/set',
  layout: 'benchmark',
  samples,
  hasMasks: samples.some(({ maskPath }) => maskPath !== null),
  patients: 'none',
  problems: [],
});

describe('SealedDataSet', () => {
  const samples = [
    sample('train', 'a1'),
    sample('valid', 'a2', 'p1'),
    sample('valid', 'b1', 'p2'),
    { ...sample('test', 'a3', 'p1'), maskPath: '/m' },
    { ...sample('test', 'b2', 'p3'), label: null },
  ];

  it('gives to training all but the test split', () => {
    const { development } = new SealedDataSet(dataSet(...samples));
    expect(development.samples).toEqual(samples.slice(0, 3));
    expect(development.hasMasks).toBe(false);
  });

  it('opens the test split for a finished run only', () => {
    const sealed = new SealedDataSet(dataSet(...samples));
    expect(() => sealed.testSplit({ finished: false })).toThrow(/closed during training/);
    expect(sealed.testSplit({ finished: true }).samples).toEqual([samples[3]]);
    expect(sealed.testSplitForSelection()).toEqual([samples[3]]);
  });

  it('refuses a set without a test split, or one without labels', () => {
    expect(() => new SealedDataSet(dataSet(sample(null, 'a1')))).toThrow(/no test split/);
    const unlabelled = new SealedDataSet(dataSet({ ...sample('test', 'a1'), label: null }));
    expect(() => unlabelled.testSplit({ finished: true })).toThrow(/no labelled images/);
  });

  it('names the patients on both sides', () => {
    expect(new SealedDataSet(dataSet(...samples)).patientsOnBothSides()).toEqual(['p1']);
  });
});
