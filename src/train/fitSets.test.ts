import { describe, expect, it } from 'vitest';
import { Random } from '../base/random.js';
import type { TrainingExample } from './examples.js';
import { batchesOfSets } from './fitSets.js';

const example = (hasMask: boolean): TrainingExample => ({
  hasMask,
  load: async () => ({ features: {}, label: 0, mask: undefined }),
});

describe('batchesOfSets', () => {
  const setOf = new Map([
    ...Array.from({ length: 7 }, () => [example(true), 'a'] as const),
    ...Array.from({ length: 3 }, () => [example(false), 'a'] as const),
    ...Array.from({ length: 5 }, () => [example(true), 'b'] as const),
  ]);
  const batches = (seed: number) => batchesOfSets(setOf)([...setOf.keys()], 3, new Random(seed));

  it('uses every example once, in batches of one set and one kind', () => {
    const made = batches(1);
    expect(new Set(made.flat())).toEqual(new Set(setOf.keys()));
    expect(made.flat()).toHaveLength(setOf.size);
    expect(made.map(({ length }) => length).sort()).toEqual([1, 2, 3, 3, 3, 3]);
    for (const batch of made) {
      expect(new Set(batch.map((one) => `${setOf.get(one)} ${one.hasMask}`)).size).toBe(1);
    }
  });

  it('mixes the sets, the same for the same seed', () => {
    expect(batches(1)).toEqual(batches(1));
    const orders = [1, 2, 3, 4, 5, 6].map((seed) =>
      batches(seed)
        .map(([first]) => setOf.get(first!))
        .join(''),
    );
    expect(new Set(orders).size).toBeGreaterThan(1);
  });
});
