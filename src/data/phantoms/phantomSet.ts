import { IqeError } from '../../base/errors.js';
import { Random } from '../../base/random.js';
import { drawPhantom } from './drawPhantom.js';
import { type Modality, modalities, type Phantom } from './phantom.js';

export interface PhantomSetOptions {
  readonly seed: number;
  /** Which modalities are drawn, each as often; all unless told. */
  readonly modalities?: readonly Modality[];
  /** The share of pictures with a lesion, 0…1; a half unless told. */
  readonly abnormalShare?: number;
  /** Pixels on each side; 240 unless told. */
  readonly size?: number;
}

/**
 * Picture number `index` of the endless set that `options` describe. It depends on nothing but
 * `options` and `index`, so sets can be drawn in any order, in parts, and by several workers.
 *
 * @throws {IqeError} `usage` for options that make no set
 */
export function phantomAt(options: PhantomSetOptions, index: number): Phantom {
  const { seed, abnormalShare = 0.5, size = 240 } = options;
  const chosen = options.modalities ?? modalities;
  if (chosen.length === 0) {
    throw new IqeError('usage', 'A set of phantoms needs at least one modality.', {
      hint: `Choose among ${modalities.join(', ')}.`,
    });
  }
  if (!(abnormalShare >= 0 && abnormalShare <= 1)) {
    throw new IqeError('usage', `The share of abnormal phantoms is ${abnormalShare}.`, {
      hint: 'Choose a number from 0 (all normal) to 1 (all abnormal).',
    });
  }
  const random = new Random(seed, 'phantom', index);
  const modality = random.choose(chosen);
  const lesion = random.uniform() < abnormalShare ? 'random' : null;
  return drawPhantom({ modality, lesion, size, random });
}

/** The first `count` pictures of the set, one after the other. */
export function* phantomSet(
  options: PhantomSetOptions,
  count: number,
): Generator<Phantom, void, undefined> {
  for (let index = 0; index < count; index++) yield phantomAt(options, index);
}
