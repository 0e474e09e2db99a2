import { describe, expect, it } from 'vitest';
import type { Sample } from '../data/layout.js';
import { comparedImages } from './cellRecorder.node.js';

const sample = (id: string, label: 0 | 1, masked: boolean) =>
  ({ id, label, maskPath: masked ? `${id}.mask` : null }) as Sample;

describe('comparedImages', () => {
  const samples = Array.from({ length: 30 }, (_, index) =>
    sample(`${index}`, index % 2 ? 1 : 0, index % 3 === 0),
  );

  it('takes abnormal images with masks, others only where there is none', () => {
    const ids = comparedImages(samples, 0);
    expect(ids).toHaveLength(4);
    for (const id of ids) expect(Number(id) % 6).toBe(3);
    const unmasked = samples.map(({ id, label }) => sample(id, label ?? 0, false));
    const labelled = comparedImages(unmasked, 0);
    expect(labelled).toHaveLength(4);
    for (const id of labelled) expect(Number(id) % 2).toBe(1);
  });

  it('takes the same for the same seed, and has none where nothing is abnormal', () => {
    expect(comparedImages(samples, 1)).toEqual(comparedImages(samples, 1));
    const seeds = Array.from({ length: 5 }, (_, seed) => comparedImages(samples, seed).join());
    expect(new Set(seeds).size).toBeGreaterThan(1);
    expect(
      comparedImages(
        samples.filter(({ label }) => label === 0),
        0,
      ),
    ).toEqual([]);
  });
});
