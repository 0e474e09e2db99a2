import type { ProgressCallback } from '../base/progress.js';
import { Random } from '../base/random.js';
import { ImageReader } from '../data/imageReader.node.js';
import type { DataSet, Sample } from '../data/layout.js';
import { readingOptions } from '../data/readingSettings.js';
import type { Shots } from '../data/shots.js';
import type { Runtime } from '../graph/session.js';
import { type BackboneOptions, openBackbone } from './backbone.node.js';
import type { RunConfig } from './config.js';
import type { FailedImage } from './failedImage.js';
import type { FeatureStore } from './features.js';
import { fitFewShot } from './fewShot.js';
import type { Backbone } from './openMethod.js';
import { type BeginOptions, RunInProgress } from './runInProgress.node.js';
import {
  contentHash,
  describeSelection,
  labelledImage,
  readableSamples,
} from './sampleFiles.node.js';
import type { SavedRun } from './savedRun.js';

export interface FitOptions extends BeginOptions {
  readonly config: RunConfig;
  readonly dataSet: DataSet;
  readonly shots: Shots;
  /**
   * Images that choose the epoch and the threshold. Without them, the last epoch is taken, and
   * {@link validation} chooses the threshold.
   */
  readonly selection?:
    | { readonly dataSet: DataSet; readonly samples: readonly Sample[] }
    | undefined;
  /**
   * Images that choose the threshold where there is no {@link selection}, at most 256 of them: other
   * labelled images of the shots' split by default.
   */
  readonly validation?: readonly Sample[] | undefined;
  readonly store: FeatureStore;
  readonly runtime: Runtime;
  /** Holds the image tower in int8. */
  readonly int8?: BackboneOptions['int8'];
  /** Version of this package, for `run.json`. */
  readonly version: string;
  readonly onProgress?: ProgressCallback | undefined;
  /** Told of images that cannot be read and that the threshold is chosen without. */
  readonly onFailure?: ((failure: FailedImage) => void) | undefined;
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
  const { folder } = begun;
  return begun.finish(async () => {
    const { history, decision, selected } = await fitFewShot(
      backbone!,
      config,
      labelled([...shots.normal, ...shots.abnormal]),
      labelled(validation, judged),
      options.store,
      runtime,
      {
        signal,
        onProgress,
        restore: (start) => folder.restoreCheckpoint(start),
        onStep: (state) => begun.after(state),
        selectEpoch: selection !== undefined,
        best: await folder.readBest(),
        onBest: (best) => folder.saveBest(best),
        storeWeights: (tensors) => folder.storeWeights(tensors),
      },
    );
    return { history: [...history], decision, ...(selected && { selected }) };
  });
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
