import { Random } from '../base/random.js';
import { ImageReader } from '../data/imageReader.node.js';
import type { DataSet, Sample } from '../data/layout.js';
import { readingOptions } from '../data/readingSettings.js';
import type { Shots } from '../data/shots.js';
import { openBackbone } from './backbone.node.js';
import { fitFewShot } from './fewShot.js';
import type { Backbone } from './openMethod.js';
import { RunInProgress, type RunOptions } from './runInProgress.node.js';
import {
  contentHash,
  describeSelection,
  labelledImage,
  readableSamples,
} from './sampleFiles.node.js';
import type { SavedRun } from './savedRun.js';

/**
 * With a `selection`, the epoch is chosen. Without one, the last epoch is taken, and
 * `validation` chooses the threshold.
 */
export interface FitOptions extends RunOptions {
  readonly dataSet: DataSet;
  readonly shots: Shots;
  /**
   * Images that choose the threshold where there is no `selection`, at most 256 of them: other
   * labelled images of the shots' split by default.
   */
  readonly validation?: readonly Sample[] | undefined;
}

/** At most so many validation images choose the threshold. */
const mostValidationImages = 256;

/**
 * Few-shot training from files into a run's folder. A run of the same configuration and images that
 * was stopped goes on where it stopped, with the same result as if it had not been.
 *
 * @throws {IqeError} `usage` where the folder holds another run; `interrupted` after the state has
 *   been saved; `unreadable`, `data`, `checkpoint`, `output`.
 */
export async function fitRun(options: FitOptions): Promise<SavedRun> {
  const { config, dataSet, shots, selection, runtime, int8, signal, onProgress } = options;
  let backbone: Backbone | undefined;
  const begun = await RunInProgress.begin(async () => {
    backbone = await openBackbone(config.backbone, { int8, signal, onProgress });
    return {
      format: 'iqe-clip run',
      formatVersion: 1,
      createdWith: options.version,
      finished: false,
      config,
      backboneIdentity: backbone.checkpoint.identity,
      data: {
        name: dataSet.name,
        hash: await contentHash([...shots.normal, ...shots.abnormal]),
        shots: {
          normal: shots.normal.map(({ id }) => id),
          abnormal: shots.abnormal.map(({ id }) => id),
        },
        ...(selection && { selectedOn: await describeSelection(selection) }),
        masks: dataSet.hasMasks && shots.abnormal.every(({ maskPath }) => maskPath !== null),
      },
      decision: null,
      history: [],
    };
  }, options);
  if (!(begun instanceof RunInProgress)) return begun;

  const reader = new ImageReader({ ...readingOptions(config.reading), signal });
  const labelled = (samples: readonly Sample[], from = dataSet) =>
    samples.map((sample) => labelledImage(sample, from, reader));
  // Now, not after the training that they are needed for.
  const judged = selection?.dataSet ?? dataSet;
  const validation = await readableSamples(
    selection?.samples ?? validationSamples(options),
    judged,
    reader,
    options.onFailure,
  );
  return begun.finish((keeping) =>
    fitFewShot(
      backbone!,
      config,
      labelled([...shots.normal, ...shots.abnormal]),
      labelled(validation, judged),
      options.store,
      runtime,
      { signal, onProgress, selectEpoch: selection !== undefined, ...keeping },
    ),
  );
}

/**
 * The given validation images, or labelled ones of the same split that are not among the shots: a seeded
 * choice of at most 256.
 */
function validationSamples({ dataSet, shots, validation, config }: FitOptions): Sample[] {
  const images = validation ?? besideShots(dataSet, shots);
  return new Random(config.seed, 'validation').shuffle(images).slice(0, mostValidationImages);
}

function besideShots(dataSet: DataSet, shots: Shots): Sample[] {
  const chosen = new Set([...shots.normal, ...shots.abnormal].map(({ id }) => id));
  const hasSplits = dataSet.samples.some(({ split }) => split !== null);
  const [first] = shots.normal;
  const split = first ? first.split : hasSplits ? 'valid' : null;
  return dataSet.samples.filter(
    (sample) => sample.label !== null && sample.split === split && !chosen.has(sample.id),
  );
}
