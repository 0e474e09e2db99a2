import { throwIfAborted } from '../base/errors.js';
import { squareMap } from '../base/image.js';
import type { HostTensor, HostTensors } from '../graph/session.js';
import { EvaluationAccumulator } from '../metrics/evaluation.js';
import type { FeatureScorer } from './featureScorer.js';
import type { TrainingState } from './trainer.js';

/** An image that a training is validated on. */
export interface ValidationImage {
  /** The set that it is of: scores are compared within a set. */
  readonly set: string;
  readonly features: () => Promise<HostTensors>;
  readonly label: 0 | 1;
  /** [S, S], 1 where abnormal; none where only the label is known. */
  readonly mask: Uint8Array | undefined;
}

/** What scores an image with given weights. */
type Scorer = Pick<FeatureScorer, 'score'>;

/** The best epoch so far. */
export interface SelectedEpoch {
  /** Counted from 1. */
  readonly epoch: number;
  /** Its criterion, see {@link EpochSelection}; null where there was nothing to compare. */
  readonly criterion: number | null;
  readonly values: HostTensors;
}

/**
 * Chooses the epoch by validation images: the one with the largest criterion, the first of several.
 *
 * criterion = mean over sets of the mean of image AUROC and, where there are masks, pixel AUROC
 *
 * Without any image, or without both labels in any set, it is the last epoch.
 */
export class EpochSelection {
  readonly #scorer: Scorer;
  readonly #images: readonly ValidationImage[];
  readonly #seed: number;
  #best: SelectedEpoch | undefined;

  /** @param best What was found before, in a run that goes on. */
  constructor(
    scorer: Scorer,
    images: readonly ValidationImage[],
    seed: number,
    best?: SelectedEpoch,
  ) {
    this.#scorer = scorer;
    this.#images = images;
    this.#seed = seed;
    this.#best = best;
  }

  get best(): SelectedEpoch | undefined {
    return this.#best;
  }

  /**
   * Validates a training after an epoch.
   *
   * @returns Whether this epoch is the best so far; its values are copied.
   * @throws {IqeError} `interrupted`
   */
  async after(state: TrainingState, signal?: AbortSignal): Promise<boolean> {
    const criterion = await this.#criterion(state.values, signal);
    const before = this.#best;
    // An epoch that is repeated after an interruption is no better than itself.
    if (before && criterion !== null && before.criterion !== null) {
      if (criterion <= before.criterion) return false;
    }
    this.#best = { epoch: state.epoch, criterion, values: copied(state.values) };
    return true;
  }

  /** {@link after}, telling of every epoch that is the best so far, where epochs can be compared. */
  async keepBest(
    state: TrainingState,
    onBest: ((best: SelectedEpoch) => Promise<void>) | undefined,
    signal?: AbortSignal,
  ): Promise<void> {
    const isBest = await this.after(state, signal);
    const best = this.#best;
    if (isBest && best && best.criterion !== null) await onBest?.(best);
  }

  async #criterion(values: HostTensors, signal: AbortSignal | undefined): Promise<number | null> {
    const sets = new Map<string, EvaluationAccumulator>();
    for (const { set, features, label, mask } of this.#images) {
      throwIfAborted(signal);
      const { score, map } = await this.#scorer.score(await features(), values, this.#seed);
      const accumulator = sets.get(set) ?? new EvaluationAccumulator({ pixelIntervals: false });
      sets.set(set, accumulator);
      accumulator.add({
        score,
        label,
        map: mask && map ? squareMap(map) : null,
        mask: mask && map ? squareMap(Float32Array.from(mask)) : null,
      });
    }
    const criteria = [...sets.values()].flatMap((accumulator) => {
      const { image, pixel } = accumulator.result();
      const known = [image.auroc, pixel?.auroc].filter((value) => typeof value === 'number');
      return known.length === 0 ? [] : known.reduce((sum, value) => sum + value, 0) / known.length;
    });
    if (criteria.length === 0) return null;
    return criteria.reduce((sum, value) => sum + value, 0) / criteria.length;
  }
}

function copied(values: HostTensors): Record<string, HostTensor> {
  return Object.fromEntries(
    Object.entries(values).map(([name, { data, shape }]) => [name, { data: data.slice(), shape }]),
  );
}
