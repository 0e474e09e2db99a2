import { IqeError } from '../base/errors.js';

/**
 * How many samples are called abnormal at every threshold: what all metrics here are made of.
 *
 * A sample is positive (abnormal) when `score ≥ threshold`. Entry i counts the samples with
 * `score ≥ thresholds[i]`; the thresholds are distinct scores, strictly decreasing, and the last
 * entry counts everything. Counts are float64: whole numbers, or sums of weights in a resample.
 */
export interface ThresholdCounts {
  readonly thresholds: Float64Array | Float32Array;
  readonly truePositives: Float64Array;
  readonly falsePositives: Float64Array;
  /** All abnormal samples. */
  readonly positives: number;
  /** All normal samples. */
  readonly negatives: number;
  /**
   * 1 where the step from entry i − 1 to entry i stands for a whole interval of scores in unknown
   * order (a bin of a histogram), 0 where for one score. Absent: one score everywhere.
   */
  readonly merged?: Uint8Array;
}

/** What says whether a sample is abnormal: true or any number but 0. */
export type Labels = ArrayLike<number | boolean>;

/**
 * Scores sorted once, so that their counts can be taken again and again under other weights
 * (a bootstrap resample is a weight per sample).
 */
export class RankedScores {
  /** Sample indices, highest score first. */
  readonly order: Uint32Array;
  /** For every distinct score, where its samples end in `order`. */
  readonly ends: Uint32Array;
  /** The distinct scores, highest first. */
  readonly thresholds: Float64Array;
  /** In the order that the samples came in. */
  readonly scores: Float64Array;
  /** 1 for an abnormal sample, in the order that the samples came in. */
  readonly labels: Uint8Array;

  /**
   * @param scores `[n]`, finite; higher means more abnormal.
   * @param labels `[n]`.
   * @throws {IqeError} `shape` where the lengths differ, `runtime` where a score is not finite.
   */
  constructor(scores: ArrayLike<number>, labels: Labels) {
    if (scores.length !== labels.length) {
      throw new IqeError('shape', `${scores.length} scores came with ${labels.length} labels.`);
    }
    const values = Float64Array.from(scores);
    assertFinite(values, 'score');
    this.scores = values;
    this.labels = Uint8Array.from(labels, (label) => (label ? 1 : 0));
    this.order = Uint32Array.from(values.keys()).sort(
      (a, b) => (values[b] as number) - (values[a] as number),
    );
    const ends: number[] = [];
    const thresholds: number[] = [];
    for (let i = 0; i < this.order.length; i++) {
      const score = values[this.order[i] as number] as number;
      if (i === 0 || score !== thresholds.at(-1)) {
        thresholds.push(score);
        ends.push(i + 1);
      } else {
        ends[ends.length - 1] = i + 1;
      }
    }
    this.ends = Uint32Array.from(ends);
    this.thresholds = Float64Array.from(thresholds);
  }

  /** The counts, each sample counted `weights[i]` times (once, without weights). */
  counts(weights?: ArrayLike<number>): ThresholdCounts {
    const length = this.ends.length;
    const truePositives = new Float64Array(length);
    const falsePositives = new Float64Array(length);
    let positives = 0;
    let negatives = 0;
    let at = 0;
    for (let i = 0; i < length; i++) {
      for (const end = this.ends[i] as number; at < end; at++) {
        const sample = this.order[at] as number;
        const weight = weights === undefined ? 1 : (weights[sample] as number);
        if (this.labels[sample] === 1) positives += weight;
        else negatives += weight;
      }
      truePositives[i] = positives;
      falsePositives[i] = negatives;
    }
    return { thresholds: this.thresholds, truePositives, falsePositives, positives, negatives };
  }
}

/**
 * The counts of `scores` `[n]` with `labels` `[n]` at every distinct score.
 *
 * @throws {IqeError} `shape` where the lengths differ, `runtime` where a score is not finite.
 */
export function countThresholds(scores: ArrayLike<number>, labels: Labels): ThresholdCounts {
  return new RankedScores(scores, labels).counts();
}

/** Whether there is at least one sample of each class; without, ranking metrics are undefined. */
export function hasBothClasses(counts: ThresholdCounts): boolean {
  return counts.positives > 0 && counts.negatives > 0;
}

/** @throws {IqeError} `runtime` at the first value that is NaN or infinite. */
export function assertFinite(values: ArrayLike<number>, what: string): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      throw new IqeError('runtime', `The ${what} at ${i} is ${values[i]}, not a finite number.`, {
        hint: 'A model whose training diverged gives such values: lower its learning rate.',
      });
    }
  }
}
