import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Connectivity, connectedComponents } from './connectedComponents.js';

fc.configureGlobal({ seed: 1 });

const mask = (rows: readonly string[]) => ({
  width: rows[0]?.length ?? 0,
  height: rows.length,
  data: Uint8Array.from(rows.join(''), (mark) => (mark === '#' ? 1 : 0)),
});

describe('connectedComponents', () => {
  it('joins corners with 8 neighbours and not with 4', () => {
    const diagonal = mask(['#..#', '.#..', '..##']);
    expect(connectedComponents(diagonal, 8).sizes).toEqual([4, 1]);
    expect(connectedComponents(diagonal, 4).sizes).toEqual([1, 1, 1, 2]);
  });

  it('does not join the end of a row with the start of the next', () => {
    const ends = mask(['..##', '#...']);
    expect(connectedComponents(ends, 8).sizes).toEqual([2, 1]);
  });

  it('takes 255 as well as 1, and interpolated masks from one half on', () => {
    expect(connectedComponents({ width: 2, height: 1, data: Uint8Array.of(255, 0) }).sizes).toEqual(
      [1],
    );
    const data = Float32Array.of(0.49, 0.5, 1);
    expect([...connectedComponents({ width: 3, height: 1, data }).labels]).toEqual([0, 1, 1]);
  });

  it('gives two anomalous pixels one label exactly where a path joins them', () => {
    const grids = fc
      .tuple(fc.integer({ min: 1, max: 6 }), fc.array(fc.boolean(), { maxLength: 30 }))
      .map(([width, marks]) => {
        const height = Math.max(1, Math.ceil(marks.length / width));
        return {
          width,
          height,
          data: Uint8Array.from({ length: width * height }, (_, i) => (marks[i] ? 1 : 0)),
        };
      });
    fc.assert(
      fc.property(grids, fc.constantFrom<Connectivity>(4, 8), (grid, connectivity) => {
        const { labels, sizes } = connectedComponents(grid, connectivity);
        const expected = spreadLabels(grid, connectivity);
        for (let a = 0; a < labels.length; a++) {
          expect(labels[a] === 0).toBe(grid.data[a] === 0);
          for (let b = 0; b < a; b++) {
            if (labels[a] === 0 || labels[b] === 0) continue;
            expect(labels[a] === labels[b]).toBe(expected[a] === expected[b]);
          }
        }
        for (const [region, size] of sizes.entries()) {
          expect(labels.filter((label) => label === region + 1)).toHaveLength(size);
        }
      }),
    );
  });

  /** Every pixel takes the least label around it, until nothing changes. */
  function spreadLabels(
    { width, height, data }: { width: number; height: number; data: Uint8Array },
    connectivity: Connectivity,
  ): number[] {
    const labels = [...data.keys()];
    for (let changed = true; changed; ) {
      changed = false;
      for (let a = 0; a < labels.length; a++) {
        for (let b = 0; b < labels.length; b++) {
          const dx = Math.abs((a % width) - (b % width));
          const dy = Math.abs(Math.floor(a / width) - Math.floor(b / width));
          const touch = connectivity === 8 ? Math.max(dx, dy) === 1 : dx + dy === 1;
          if (!touch || data[a] === 0 || data[b] === 0) continue;
          if ((labels[b] as number) < (labels[a] as number)) {
            labels[a] = labels[b] as number;
            changed = true;
          }
        }
      }
    }
    expect(labels).toHaveLength(width * height);
    return labels;
  }
});
