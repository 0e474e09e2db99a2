import { describe, expect, it } from 'vitest';
import { phantomAt, phantomSet } from './phantomSet.js';

const options = { seed: 5, size: 32 } as const;

describe('phantomSet', () => {
  it('gives picture i whatever else is drawn', () => {
    const inOrder = [...phantomSet(options, 6)];
    for (const index of [4, 0, 2]) expect(phantomAt(options, index)).toEqual(inOrder[index]);
    expect(phantomAt({ ...options, seed: 6 }, 0)).not.toEqual(inOrder[0]);
  });

  it('keeps the share of abnormal pictures and the chosen modalities', () => {
    const set = [...phantomSet({ ...options, abnormalShare: 0.25, modalities: ['head-ct'] }, 200)];
    const abnormal = set.filter(({ lesion }) => lesion !== null).length;
    expect(abnormal).toBeGreaterThan(30);
    expect(abnormal).toBeLessThan(70);
    expect(new Set(set.map(({ modality }) => modality))).toEqual(new Set(['head-ct']));
    const normals = [...phantomSet({ ...options, abnormalShare: 0 }, 10)];
    expect(normals.every(({ lesion }) => lesion === null)).toBe(true);
  });

  it('refuses options that make no set', () => {
    expect(() => phantomAt({ ...options, modalities: [] }, 0)).toThrowError(/modality/);
    expect(() => phantomAt({ ...options, abnormalShare: 1.5 }, 0)).toThrowError(/1.5/);
  });
});
