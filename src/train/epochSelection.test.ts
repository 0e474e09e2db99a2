import { describe, expect, it } from 'vitest';
import type { HostTensors } from '../graph/session.js';
import { EpochSelection, type ValidationImage } from './epochSelection.js';
import type { TrainingState } from './trainer.js';

const image = (set: string, label: 0 | 1, value: number, masked = false): ValidationImage => ({
  set,
  label,
  mask: masked ? Uint8Array.of(label, 0, 0, 0) : undefined,
  features: async () => ({ value: { data: Float32Array.of(value), shape: [1, 1] } }),
});

/** Scores value × weight, with a map that is largest at its first pixel. */
const scorer = {
  async score(features: HostTensors, values: HostTensors) {
    const score = Number(features.value!.data[0]) * Number(values.weight!.data[0]);
    return { score, map: Float32Array.of(score + 1, 0, 0, 0) };
  },
};

const state = (epoch: number, weight: number): TrainingState => ({
  epoch,
  stepInEpoch: 0,
  step: epoch,
  lossSum: 0,
  history: [],
  values: { weight: { data: Float32Array.of(weight), shape: [1] } },
  moments: {},
});

describe('EpochSelection', () => {
  const sets = [
    image('a', 0, 1),
    image('a', 1, 2),
    image('b', 0, 9, true),
    image('b', 1, 3, true),
    image('b', 1, 10, true),
  ];

  it('takes the first epoch with the largest mean over sets of image and pixel AUROC', async () => {
    const selection = new EpochSelection(scorer, sets, 0);
    expect(await selection.after(state(1, -1))).toBe(true);
    const { criterion } = selection.best!;
    // a: 0; b: images 1/2; pixels: the normal image's largest is at −8, one anomalous at −2, one −9.
    const pixels = (3 / 10 + 0) / 2;
    expect(criterion).toBeCloseTo((0 + (0.5 + pixels) / 2) / 2, 1);
    const values = state(2, 1).values;
    expect(await selection.after({ ...state(2, 1), values })).toBe(true);
    expect(selection.best).toMatchObject({ epoch: 2, values });
    expect(await selection.after(state(3, 2))).toBe(false);
    expect(selection.best!.epoch).toBe(2);
    // What is trained on does not change what was taken.
    values.weight!.data[0] = 7;
    expect(selection.best!.values.weight!.data[0]).toBe(1);
  });

  it('goes on from what was best before', async () => {
    const before = new EpochSelection(scorer, sets, 0);
    await before.after(state(1, 1));
    const selection = new EpochSelection(scorer, sets, 0, before.best);
    expect(await selection.after(state(1, 1))).toBe(false);
    expect(selection.best).toBe(before.best);
  });

  it('takes the last epoch where there is nothing to compare', async () => {
    const selection = new EpochSelection(scorer, [image('a', 0, 1)], 0);
    await selection.after(state(1, 1));
    await selection.after(state(2, 1));
    expect(selection.best).toMatchObject({ epoch: 2, criterion: null });
  });
});
