import { Random } from '../base/random.js';
import type { DataSet, Sample } from '../data/layout.js';
import type { Shots } from '../data/shots.js';
import { holdBack } from './trainingSets.js';

/** What a method learns from that is given all normal images of a set, and what chooses its threshold. */
export interface AllNormal {
  readonly shots: Shots;
  /** Labelled images that are not learned from. */
  readonly validation: readonly Sample[];
}

/** Share of the normal images that is held back for the threshold where there is no split of its own for it. */
const heldBackShare = 0.2;

/**
 * The normal images of the split `train`, with the labelled ones of `valid` to choose the threshold on;
 * or, where a set lacks one of these, all normal ones outside of the test split, of which a fifth
 * (whole patients where several are known) joins the abnormal ones that choose the threshold.
 *
 * @param most At most so many are learned from, chosen by the seed.
 */
export function allNormalImages(
  { name, samples }: DataSet,
  seed: number,
  most = Number.POSITIVE_INFINITY,
): AllNormal {
  const labelled = samples.filter(({ split, label }) => split !== 'test' && label !== null);
  const normal = labelled.filter(({ label }) => label === 0);
  const train = normal.filter(({ split }) => split === 'train');
  const valid = labelled.filter(({ split }) => split === 'valid');
  if (train.length > 0 && valid.length > 0) {
    return { shots: some(train, most, seed, name), validation: valid };
  }
  const kept = keptIds(normal, new Random(seed, 'held back', name));
  const training = normal.filter(({ id }) => kept.has(id));
  const heldBack = normal.filter(({ id }) => !kept.has(id));
  const abnormal = labelled.filter(({ label }) => label === 1);
  return { shots: some(training, most, seed, name), validation: [...heldBack, ...abnormal] };
}

/** The images to learn from. Of a single patient, who cannot be held back whole, images are. */
function keptIds(normal: readonly Sample[], random: Random): Set<string> {
  const isOfOne = new Set(normal.map(({ patient }) => patient)).size === 1;
  const units = isOfOne ? normal.map((sample) => ({ ...sample, patient: null })) : normal;
  return new Set(holdBack(units, heldBackShare, random).training.map(({ id }) => id));
}

function some(normal: readonly Sample[], most: number, seed: number, name: string): Shots {
  const chosen =
    normal.length > most
      ? new Random(seed, 'all normal', name).shuffle(normal).slice(0, most)
      : normal;
  return { normal: chosen, abnormal: [] };
}
