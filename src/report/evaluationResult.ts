import { Random } from '../base/random.js';
import { resamplingUnits } from '../metrics/bootstrap.js';
import { bandedCurves } from '../metrics/curveBands.js';
import { type Evaluation, metricValues } from '../metrics/evaluation.js';
import { RankedScores } from '../metrics/thresholdCounts.js';
import type { ThresholdGoal } from '../metrics/thresholds.js';
import type { EvaluationResult, Thumbnails } from './types.js';

/** What was measured, and the score of every image that it was measured on. */
export interface MeasuredScores extends Evaluation {
  readonly images: readonly {
    readonly id: string;
    readonly label: 0 | 1;
    readonly score: number;
    /** What ranks the images: calibrated scores may tie. */
    readonly rawScore: number;
    /** Images of the same number are of one patient. */
    readonly patient: number | null;
  }[];
  /** Seed of the intervals. */
  readonly seed: number;
}

export interface EvaluationResultOptions {
  readonly method: string;
  readonly set: string;
  /** Where the threshold comes from. */
  readonly rule: string;
  /** Pictures of the images that are to be in the gallery, by id. */
  readonly thumbnails?: ReadonlyMap<string, Thumbnails>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * An evaluation as reports show it: its metrics and their intervals, ROC and PR curves with bands
 * from 1000 resamples over patients (over images where no patient is known), and every score.
 *
 * @throws {IqeError} `interrupted`
 */
export function evaluationResult(
  measured: MeasuredScores,
  { method, set, rule, thumbnails, signal }: EvaluationResultOptions,
): EvaluationResult {
  const { images, threshold, seed, resampled, intervals } = measured;
  const units = resamplingUnits(
    images.map(({ label, patient }) => ({
      abnormal: label === 1,
      patient: patient === null ? undefined : `${patient}`,
    })),
  );
  const ofPatients = {
    sensitivity: intervals['decisions.sensitivity']!,
    specificity: intervals['decisions.specificity']!,
  };
  const isIndependent = units.count === images.length;
  const curves = bandedCurves(
    new RankedScores(
      images.map(({ rawScore }) => rawScore),
      images.map(({ label }) => label),
    ),
    units,
    { random: new Random(seed, 'curves'), signal },
  );
  return {
    method,
    set,
    metrics: shown(metricValues(measured)),
    intervals: shown(intervals),
    threshold:
      threshold === null
        ? null
        : {
            value: threshold,
            rule,
            ...(!isIndependent && { intervals: resampled === null ? null : ofPatients }),
          },
    roc: curves.roc.x.length > 0 ? curves.roc : null,
    pr: curves.precisionRecall.x.length > 0 ? curves.precisionRecall : null,
    images: images.map(({ id, label, score }) => ({
      id,
      score,
      label: label === 1 ? 'abnormal' : 'normal',
      thumbnails: thumbnails?.get(id) ?? null,
    })),
  };
}

/** Rates at the image threshold are in a table of their own; those of pixels are Dice and IoU. */
function shown<Value>(values: Readonly<Record<string, Value>>): Record<string, Value> {
  const names: Readonly<Record<string, string>> = {
    'pixelDecisions.f1': 'pixel.dice',
    'pixelDecisions.iou': 'pixel.iou',
  };
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) => {
      const name = names[key] ?? (/^(image|pixel)\.[^.]+$/.test(key) ? key : undefined);
      return name === undefined ? [] : [[name, value]];
    }),
  );
}

/** What a threshold was chosen for, in words. */
export function ruleOf({ chosenFor }: { readonly chosenFor: ThresholdGoal }): string {
  if (chosenFor.goal === 'f1Max') return 'largest F1';
  return `${chosenFor.goal} of at least ${chosenFor.atLeast}`;
}
