import { IqeError } from '../base/errors.js';
import type { Random } from '../base/random.js';
import type { DataSet, Sample } from '../data/layout.js';

/**
 * The images of a data set that a model may learn from: the labelled ones outside of the test split.
 * Where some splits have both normal and abnormal images, only these splits count, so that thousands
 * of normal images alone (the benchmark's `train`) do not drown the others.
 *
 * @throws {IqeError} `data` where there is none.
 */
export function trainingSamples(dataSet: DataSet): Sample[] {
  const labelled = dataSet.samples.filter(({ split, label }) => split !== 'test' && label !== null);
  if (labelled.length === 0) {
    throw new IqeError(
      'data',
      `${dataSet.name} has no labelled images outside of its test split.`,
      {
        hint: "Put some in a split 'train' or 'valid', or leave the set out with --leave-out.",
      },
    );
  }
  const hasBoth = (samples: readonly Sample[]) =>
    new Set(samples.map(({ label }) => label)).size === 2;
  const splits = [...new Set(labelled.map(({ split }) => split))];
  const whole = splits.filter((split) =>
    hasBoth(labelled.filter((sample) => sample.split === split)),
  );
  return whole.length === 0 ? labelled : labelled.filter(({ split }) => whole.includes(split));
}

/** What is learned from, and what is kept back to choose the epoch and the threshold on. */
export interface HeldBack {
  readonly training: readonly Sample[];
  readonly heldBack: readonly Sample[];
}

/**
 * Keeps about `share` of the images back, whole patients where they are known: of those with abnormal
 * images and of those without, each drawn at random; at least one of each kind stays to learn from.
 *
 * @param most At most about so many images are kept back.
 */
export function holdBack(
  samples: readonly Sample[],
  share: number,
  random: Random,
  most = Number.POSITIVE_INFINITY,
): HeldBack {
  const units = new Map<string, Sample[]>();
  for (const sample of samples) {
    const key = sample.patient === null ? `image ${sample.id}` : `patient ${sample.patient}`;
    const unit = units.get(key);
    if (unit) unit.push(sample);
    else units.set(key, [sample]);
  }
  const heldBack = new Set<Sample>();
  const limit = Math.min(share, most / samples.length);
  for (const abnormal of [true, false]) {
    const kind = [...units.values()].filter(
      (unit) => unit.some(({ label }) => label === 1) === abnormal,
    );
    const wanted = limit * kind.reduce((sum, unit) => sum + unit.length, 0);
    let taken = 0;
    for (const unit of random.shuffle(kind).slice(1)) {
      if (taken >= wanted) break;
      taken += unit.length;
      for (const sample of unit) heldBack.add(sample);
    }
  }
  return {
    training: samples.filter((sample) => !heldBack.has(sample)),
    heldBack: samples.filter((sample) => heldBack.has(sample)),
  };
}
