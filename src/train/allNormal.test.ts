import { describe, expect, it } from 'vitest';
import type { DataSet, Sample, Split } from '../data/layout.js';
import { allNormalImages } from './allNormal.js';

const images = (split: Split, label: 0 | 1, count: number): Sample[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `${split}/${label}/${index}`,
    imagePath: `/set/${split}/${label}/${index}`,
    label,
    maskPath: null,
    split,
    patient: null,
    className: null,
  }));

const dataSet = (...samples: Sample[][]): DataSet => ({
  name: 'set',
  root: '/set',
  layout: 'benchmark',
  samples: samples.flat(),
  hasMasks: false,
  patients: 'none',
  problems: [],
});

const valid = [...images('valid', 0, 10), ...images('valid', 1, 6)];
const test = images('test', 0, 5);

describe('allNormalImages', () => {
  it('are those of train, with valid for the threshold', () => {
    const train = images('train', 0, 20);
    const { shots, validation } = allNormalImages(dataSet(train, valid, test), 0);
    expect(shots).toEqual({ normal: train, abnormal: [] });
    expect(validation).toEqual(valid);
  });

  it('are those of valid without a train split, but for a fifth that chooses the threshold', () => {
    const { shots, validation } = allNormalImages(dataSet(valid, test), 0);
    expect(shots.normal).toHaveLength(8);
    expect(validation.map(({ label }) => label)).toEqual([0, 0, 1, 1, 1, 1, 1, 1]);
    expect(new Set([...shots.normal, ...validation])).toEqual(new Set(valid));
  });

  it('holds back whole patients, but images of a patient who is the only one', () => {
    const of = (patients: number) =>
      valid.map((sample, index) => ({ ...sample, patient: `${index % patients}` }));
    const several = allNormalImages(dataSet(of(5)), 0);
    const learned = new Set(several.shots.normal.map(({ patient }) => patient));
    const heldBack = several.validation.filter(({ label }) => label === 0);
    expect(heldBack).toHaveLength(2);
    expect(heldBack.some(({ patient }) => learned.has(patient))).toBe(false);
    const one = allNormalImages(dataSet(of(1)), 0);
    expect(one.shots.normal).toHaveLength(8);
    expect(one.validation.map(({ label }) => label)).toEqual([0, 0, 1, 1, 1, 1, 1, 1]);
    expect([...one.shots.normal, ...one.validation].every(({ patient }) => patient === '0')).toBe(
      true,
    );
  });

  it('are at most so many, another choice for another seed', () => {
    const of = (seed: number) =>
      allNormalImages(dataSet(images('train', 0, 50), valid), seed, 5).shots.normal;
    expect(of(1)).toHaveLength(5);
    expect(of(1)).toEqual(of(1));
    expect(of(1)).not.toEqual(of(2));
  });
});
