import { calibrated, fitCalibration } from '../metrics/calibration.js';
import { countThresholds } from '../metrics/thresholdCounts.js';
import { chooseThreshold, type ThresholdGoal } from '../metrics/thresholds.js';
import type { Decision } from './savedRun.js';

/** What is known of an image that a decision is made on. */
export interface JudgedImage {
  readonly score: number;
  readonly label: 0 | 1;
  /** [S, S]; nothing where the method gives none. */
  readonly map: Float32Array | undefined;
  /** [S, S], 1 where abnormal. */
  readonly mask: Uint8Array | undefined;
}

/** What a run's threshold is chosen for. */
export function goalOf(sensitivity: number | null): ThresholdGoal {
  return sensitivity === null ? { goal: 'f1Max' } : { goal: 'sensitivity', atLeast: sensitivity };
}

/**
 * How scores of a trained model are turned into decisions: a calibration to 0…1, the threshold that
 * fits `goal` on images, and, where there are masks, that of the largest F1 (Dice) on pixels. Without
 * masks a pixel counts as abnormal from the raw score on from which its image would.
 *
 * @param isProbability Whether the maps' values are in 0…1 by themselves; else the range that they
 *   have over these images is what becomes 0…1.
 */
export function decide(
  images: readonly JudgedImage[],
  chosenOn: Decision['chosenOn'],
  isProbability: boolean,
  goal: ThresholdGoal = { goal: 'f1Max' },
): Decision {
  const none = { calibration: { kind: 'identity' }, threshold: null, mapThreshold: null } as const;
  if (images.length === 0) return { ...none, chosenOn: 'no images' };
  const scores = images.map(({ score }) => score);
  const labels = images.map(({ label }) => label);
  const calibration = fitCalibration(scores, labels);
  const threshold = chooseThreshold(
    countThresholds(
      scores.map((score) => calibrated(calibration, score)),
      labels,
    ),
    goal,
  );
  const raw = chooseThreshold(countThresholds(scores, labels), goal);
  if (!hasMaps(images)) return { calibration, threshold, mapThreshold: null, chosenOn };
  return {
    calibration,
    threshold,
    mapThreshold: pixelThreshold(images) ?? raw?.threshold ?? null,
    ...(!isProbability && { mapRange: rangeOf(images) }),
    chosenOn,
  };
}

type MappedImage = JudgedImage & { readonly map: Float32Array };

function hasMaps(images: readonly JudgedImage[]): images is readonly MappedImage[] {
  return images.every(({ map }) => map !== undefined);
}

function rangeOf(images: readonly MappedImage[]): [low: number, high: number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { map } of images) {
    for (const value of map) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  return [low, high];
}

function pixelThreshold(images: readonly MappedImage[]): number | null {
  const masked = images.filter(({ mask }) => mask !== undefined);
  if (masked.length === 0) return null;
  const pixels = masked[0]!.map.length;
  const scores = new Float32Array(masked.length * pixels);
  const labels = new Uint8Array(masked.length * pixels);
  for (const [index, { map, mask }] of masked.entries()) {
    scores.set(map, index * pixels);
    labels.set(mask!, index * pixels);
  }
  return chooseThreshold(countThresholds(scores, labels), { goal: 'f1Max' })?.threshold ?? null;
}
