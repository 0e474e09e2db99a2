import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { IqeError } from '../base/errors.js';
import type { ProgressCallback } from '../base/progress.js';
import { Random } from '../base/random.js';
import { fileOfImage } from '../data/imagePart.js';
import { ImageReader } from '../data/imageReader.node.js';
import type { DataSet, Sample } from '../data/layout.js';
import { readingOptions } from '../data/readingSettings.js';
import type { Shots } from '../data/shots.js';
import type { Runtime } from '../graph/session.js';
import { type BackboneOptions, openBackbone } from './backbone.node.js';
import type { RunConfig } from './config.js';
import { type FailedImage, failedImage } from './failedImage.js';
import type { FeatureStore } from './features.js';
import { fitFewShot } from './fewShot.js';
import { RunFolder } from './runFolder.node.js';
import type { SavedRun } from './savedRun.js';
import type { LabelledImage } from './supportViews.js';
import type { TrainingState } from './trainer.js';

export interface FitOptions {
  readonly config: RunConfig;
  readonly dataSet: DataSet;
  readonly shots: Shots;
  /** Folder of the run. */
  readonly output: string;
  /** Replace another run that is in the folder. */
  readonly overwrite?: boolean;
  readonly store: FeatureStore;
  readonly runtime: Runtime;
  /** Holds the image tower in int8. */
  readonly int8?: BackboneOptions['int8'];
  /** Version of this package, for `run.json`. */
  readonly version: string;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressCallback | undefined;
  /** Told when an unfinished run is taken up again, or a finished one is there already. */
  readonly onNote?: ((note: string) => void) | undefined;
  /** Told of images that cannot be read and that the threshold is chosen without. */
  readonly onFailure?: ((failure: FailedImage) => void) | undefined;
}

/** A state is saved at most this often, in seconds: for large models saving takes as long as a step. */
const secondsBetweenCheckpoints = 30;

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
  const { config, dataSet, shots, runtime, int8, signal, onProgress } = options;
  const { folder, earlier } = await placeOf(options);
  const backbone = await openBackbone(config.backbone, { int8, signal, onProgress });
  const run: SavedRun = {
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
      masks: dataSet.hasMasks && shots.abnormal.every(({ maskPath }) => maskPath !== null),
    },
    decision: null,
    history: [],
  };
  if (earlier && isSameRun(earlier, run)) {
    if (earlier.finished) {
      options.onNote?.(`${options.output} holds this very run, finished; nothing to do.`);
      return earlier;
    }
    if (await folder.hasCheckpoint())
      options.onNote?.(`Going on with the run in ${options.output}.`);
  } else {
    const isWorthKeeping = earlier && (earlier.finished || (await folder.hasCheckpoint()));
    if (isWorthKeeping && !options.overwrite) throw otherRun(options.output);
    await folder.clear();
    await folder.write(run);
  }

  const reader = new ImageReader({ ...readingOptions(config.reading), signal });
  const labelled = (samples: readonly Sample[]) =>
    samples.map((sample) => labelledImage(sample, dataSet, reader));
  // Now, not after the training that they are needed for.
  const validation = await readableSamples(
    validationSamples(dataSet, shots, config.seed),
    dataSet,
    reader,
    options.onFailure,
  );
  const checkpoints = new Checkpoints(folder, signal);
  try {
    const fitted = await fitFewShot(
      backbone,
      config,
      labelled([...shots.normal, ...shots.abnormal]),
      labelled(validation),
      options.store,
      runtime,
      {
        signal,
        onProgress,
        restore: (start) => folder.restoreCheckpoint(start),
        onStep: (state) => checkpoints.after(state),
        storeWeights: (tensors) => folder.storeWeights(tensors),
      },
    );
    const finished = { ...run, history: [...fitted.history], decision: fitted.decision };
    await folder.finish(finished);
    if (folder.path !== options.output) await new RunFolder(options.output).succeed();
    return { ...finished, finished: true };
  } catch (error) {
    await checkpoints.flush();
    throw error;
  }
}

/**
 * Where the run is kept while it is trained, and the run that is there already: what cannot be read
 * is none where it may be overwritten. A finished run is left alone until its successor is finished.
 */
async function placeOf({
  output,
  overwrite,
}: FitOptions): Promise<{ folder: RunFolder; earlier: SavedRun | undefined }> {
  const folder = new RunFolder(output);
  if (!overwrite) return { folder, earlier: await folder.read() };
  const readable = (from: RunFolder) => from.read().catch(() => undefined);
  const earlier = await readable(folder);
  if (!earlier?.finished) return { folder, earlier };
  const { successor } = folder;
  const begun = await readable(successor);
  return { folder: successor, earlier: begun?.finished ? undefined : begun };
}

/** Saves training states now and then, and the last one when the run is interrupted. */
class Checkpoints {
  readonly #folder: RunFolder;
  readonly #signal: AbortSignal | undefined;
  #saved = performance.now();
  #pending: TrainingState | undefined;

  constructor(folder: RunFolder, signal: AbortSignal | undefined) {
    this.#folder = folder;
    this.#signal = signal;
  }

  async after(state: TrainingState): Promise<void> {
    this.#pending = state;
    const due = performance.now() - this.#saved > secondsBetweenCheckpoints * 1000;
    if (due || this.#signal?.aborted) await this.flush();
  }

  async flush(): Promise<void> {
    if (!this.#pending) return;
    const state = this.#pending;
    this.#pending = undefined;
    await this.#folder.saveCheckpoint(state);
    this.#saved = performance.now();
  }
}

function isSameRun(a: SavedRun, b: SavedRun): boolean {
  const essence = ({ config, backboneIdentity, data }: SavedRun) =>
    JSON.stringify([config, backboneIdentity, data]);
  return essence(a) === essence(b);
}

function otherRun(output: string): IqeError {
  return new IqeError('usage', `${output} holds a run of another configuration or other images.`, {
    hint: 'Choose another folder with -o, or replace it with --overwrite.',
  });
}

/** Labelled images of the same split that are not among the shots, a seeded choice of at most 256. */
function validationSamples(dataSet: DataSet, shots: Shots, seed: number): Sample[] {
  const chosen = new Set([...shots.normal, ...shots.abnormal].map(({ id }) => id));
  const hasSplits = dataSet.samples.some(({ split }) => split !== null);
  const [first] = shots.normal;
  const split = first ? first.split : hasSplits ? 'valid' : null;
  const others = dataSet.samples.filter(
    (sample) => sample.label !== null && sample.split === split && !chosen.has(sample.id),
  );
  return new Random(seed, 'validation').shuffle(others).slice(0, mostValidationImages);
}

/** Those of the samples whose image and mask can be read. */
async function readableSamples(
  samples: readonly Sample[],
  dataSet: DataSet,
  reader: ImageReader,
  onFailure: FitOptions['onFailure'],
): Promise<Sample[]> {
  const readable: Sample[] = [];
  for (const sample of samples) {
    try {
      await reader.sampleMask(sample, dataSet, await reader.image(sample.imagePath));
      readable.push(sample);
    } catch (error) {
      if (!(error instanceof IqeError) || error.code === 'interrupted') throw error;
      onFailure?.(failedImage(sample.imagePath, error));
    }
  }
  return readable;
}

function labelledImage(sample: Sample, dataSet: DataSet, reader: ImageReader): LabelledImage {
  return {
    label: sample.label as 0 | 1,
    image: () => reader.image(sample.imagePath),
    mask: (size) => reader.sampleMask(sample, dataSet, size),
  };
}

/** SHA-256 over names and contents of images and masks. */
async function contentHash(samples: readonly Sample[]): Promise<string> {
  const hash = createHash('sha256');
  for (const { id, label, imagePath, maskPath } of samples) {
    hash.update(`${id}\n${label}\n`);
    for (const path of [imagePath, maskPath]) {
      // A missing file is reported where it is read as an image.
      if (path === null) continue;
      hash.update(await readFile(fileOfImage(path)).catch(() => new Uint8Array()));
    }
  }
  return hash.digest('hex');
}
