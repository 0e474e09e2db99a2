import { throwIfAborted } from '../base/errors.js';
import type { ProgressCallback } from '../base/progress.js';
import { imagePlanes } from '../clip/preprocess.js';
import type { ThresholdGoal } from '../metrics/thresholds.js';
import { decide, type JudgedImage } from './decision.js';
import type { Predictor } from './predictor.js';
import type { Decision } from './savedRun.js';
import { type LabelledImage, squareMask } from './supportViews.js';

export interface JudgeOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressCallback | undefined;
}

/**
 * Scores labelled images with a fitted method, and decides from what on an image is abnormal.
 *
 * @param isProbability Whether the method's maps are, see {@link decide}.
 * @throws {IqeError} `interrupted`
 */
export async function judge(
  predictor: Predictor,
  isProbability: boolean,
  images: readonly LabelledImage[],
  chosenOn: Decision['chosenOn'],
  goal: ThresholdGoal,
  { signal, onProgress }: JudgeOptions,
): Promise<Decision> {
  const judged: JudgedImage[] = [];
  for (const { image, label, mask } of images) {
    throwIfAborted(signal);
    const picture = await image();
    const own = await mask(picture);
    const [prediction] = await predictor.predict([imagePlanes(picture, predictor.imageSize)]);
    judged.push({
      ...prediction!,
      label,
      mask: own ? squareMask(own, predictor.imageSize) : undefined,
    });
    onProgress?.({
      stage: 'threshold',
      done: judged.length,
      total: images.length,
      unit: 'images',
    });
  }
  return decide(judged, chosenOn, isProbability, goal);
}
