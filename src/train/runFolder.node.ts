import { readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { IqeError, messageOf } from '../base/errors.js';
import { writeFileSafely } from '../base/writeFile.node.js';
import { readSafetensorsHeader, safetensorsParts, toFloat32 } from '../clip/safetensors.js';
import { WeightFiles } from '../clip/weightFiles.js';
import { weightFile } from '../clip/weightFiles.node.js';
import type { HostTensor, HostTensors, Runtime } from '../graph/session.js';
import { type BackboneOptions, openBackbone } from './backbone.node.js';
import { usedConfig } from './config.js';
import { AnomalyDetector } from './detector.js';
import type { SelectedEpoch } from './epochSelection.js';
import { createPredictor } from './fewShot.js';
import { type FittedWeights, savedWeights } from './fittedWeights.js';
import { GraphCache } from './graphCache.node.js';
import type { Backbone } from './openMethod.js';
import { parseSavedRun, type SavedRun } from './savedRun.js';
import type { TrainingState } from './trainer.js';
import { readTrainingCheckpoint, trainingCheckpointParts } from './trainingCheckpoint.js';

/**
 * A run on disk: `run.json` from the beginning, `checkpoint.safetensors` while it trains,
 * `weights.safetensors` once it is finished. Every file is replaced whole. A finished run stays as it
 * is until the one that replaces it, in the folder `successor`, is finished too.
 */
export class RunFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** The run's description; nothing where there is no run. */
  async read(): Promise<SavedRun | undefined> {
    const json = await readFile(this.#description, 'utf8').catch(() => undefined);
    return json === undefined ? undefined : parseSavedRun(json, this.#description);
  }

  async write(run: SavedRun): Promise<void> {
    const written = { ...run, config: usedConfig(run.config) };
    await writeFileSafely(this.#description, `${JSON.stringify(written, undefined, 2)}\n`);
  }

  async saveCheckpoint(state: TrainingState): Promise<void> {
    await writeFileSafely(this.#checkpoint, trainingCheckpointParts(state));
  }

  /** The saved state, or `start` where there is none. */
  async restoreCheckpoint(start: TrainingState): Promise<TrainingState> {
    const bytes = await readFile(this.#checkpoint).catch(() => undefined);
    if (!bytes) return start;
    return hinting('Remove it to begin the run again.', () =>
      readTrainingCheckpoint(bytes, start, this.#checkpoint),
    );
  }

  async hasCheckpoint(): Promise<boolean> {
    return isThere(this.#checkpoint);
  }

  /** Saves the best epoch so far, until the run is finished. */
  async saveBest({ epoch, criterion, values }: SelectedEpoch): Promise<void> {
    const metadata = { selected: JSON.stringify({ epoch, criterion }) };
    await writeFileSafely(this.#best, safetensorsParts(values, metadata));
  }

  /** The best epoch so far; nothing where none was saved. */
  async readBest(): Promise<SelectedEpoch | undefined> {
    const bytes = await readFile(this.#best).catch(() => undefined);
    if (!bytes) return undefined;
    return hinting('Remove it to begin the run again.', async () => {
      const read = async (offset: number, length: number) =>
        bytes.subarray(offset, offset + length);
      const { tensors, metadata } = await readSafetensorsHeader(read, bytes.length, this.#best);
      const values: Record<string, HostTensor> = {};
      for (const [name, { offset, length, dataType, shape }] of tensors) {
        const data = toFloat32(bytes.subarray(offset, offset + length), dataType);
        values[name] = { data, shape };
      }
      const { epoch, criterion } = JSON.parse(metadata.selected ?? '{}');
      return { epoch, criterion, values };
    });
  }

  /** Saves what was fitted and gives it back in place. */
  async storeWeights(tensors: HostTensors): Promise<FittedWeights> {
    await writeFileSafely(this.#weights, safetensorsParts(tensors));
    return this.openWeights();
  }

  /** The fitted weights in place, as the file system's root is every session's folder. */
  async openWeights(): Promise<FittedWeights> {
    return hinting("Copy the run again, or repeat its 'fit' with --overwrite.", async () => {
      const files = [await weightFile(this.#weights)];
      const { weights, stored } = await WeightFiles.open(files, this.path);
      return savedWeights(weights, stored);
    });
  }

  /** Saves the finished description; only then the training state goes. */
  async finish(run: SavedRun): Promise<void> {
    await this.write({ ...run, finished: true });
    await this.clear();
  }

  /** Forgets the training state of an earlier run. */
  async clear(): Promise<void> {
    await changing(this.path, async () => {
      for (const file of [this.#checkpoint, this.#best]) {
        if (await isThere(file)) await rm(file, { force: true });
      }
    });
  }

  /** The folder, within this one, of a run that will take the place of the one that is here. */
  get successor(): RunFolder {
    return new RunFolder(join(this.path, 'successor'));
  }

  /**
   * Puts the finished run of {@link successor} here. Should this be cut short in the middle, there is
   * no run here, rather than one with the weights of another.
   */
  async succeed(): Promise<void> {
    const { successor } = this;
    await changing(this.path, async () => {
      await rm(this.#description);
      await rename(successor.#weights, this.#weights);
      await rename(successor.#description, this.#description);
      await rm(successor.path, { recursive: true });
    });
    await this.clear();
  }

  get #description(): string {
    return join(this.path, 'run.json');
  }

  /** The file of the trained weights. */
  get weightsPath(): string {
    return this.#weights;
  }

  get #weights(): string {
    return join(this.path, 'weights.safetensors');
  }

  get #best(): string {
    return join(this.path, 'best.safetensors');
  }

  get #checkpoint(): string {
    return join(this.path, 'checkpoint.safetensors');
  }
}

/** Puts what to do about a file of a run in the place of what is said of downloads. */
async function hinting<Result>(hint: string, read: () => Promise<Result>): Promise<Result> {
  return read().catch((cause: unknown) => {
    if (!(cause instanceof IqeError && cause.code === 'checkpoint')) throw cause;
    throw new IqeError(cause.code, cause.message, { hint, cause });
  });
}

async function changing(folder: string, change: () => Promise<void>): Promise<void> {
  await change().catch((cause: unknown) => {
    throw new IqeError('output', `Cannot change files in ${folder}: ${messageOf(cause)}.`, {
      hint: 'Choose a folder that is writable.',
      cause,
    });
  });
}

/** A finished run, ready to score images. */
export interface OpenedRun {
  readonly run: SavedRun;
  readonly detector: AnomalyDetector;
}

/**
 * Loads a finished run, with its backbone.
 *
 * @throws {IqeError} `checkpoint` where the folder holds no finished run, or the backbone changed.
 */
export async function openRun(
  path: string,
  runtime: Runtime,
  options: BackboneOptions & {
    /** Where the backbone is now, if it moved. */
    readonly backbone?: string | undefined;
    /** How many images will be scored, where that is known: few are not worth a long start. */
    readonly images?: number | undefined;
    /** Where graphs are kept, by this package's version, so that each is built only once. */
    readonly graphs?: { readonly folder: string; readonly version: string } | undefined;
    /** Whether predictions have embeddings (`Prediction.embeddings`). */
    readonly embeddings?: boolean | undefined;
  } = {},
): Promise<OpenedRun> {
  const folder = new RunFolder(path);
  const run = await folder.read();
  if (!run) {
    throw new IqeError('checkpoint', `${path} holds no run: there is no run.json.`, {
      hint: "A run is what 'iqe-clip fit DATA -o RUN' writes.",
    });
  }
  const { decision } = run;
  if (!run.finished || !decision) {
    throw new IqeError('checkpoint', `The run in ${path} is not finished.`, {
      hint: 'Repeat the command that began it: it goes on where it stopped.',
    });
  }
  const { config } = run;
  const name = options.backbone ?? config.backbone;
  const backbone = await openBackbone(name, options);
  if (backbone.checkpoint.identity !== run.backboneIdentity) {
    throw new IqeError(
      'checkpoint',
      `The run in ${path} was trained on other weights than those of '${name}'.`,
      { hint: 'Point --backbone at the weights that it was trained on, or fit it again.' },
    );
  }
  const fitted = await folder.openWeights();
  const { masks } = run.data;
  const { images, graphs } = options;
  const predictor = await createPredictor(backbone, config, fitted, runtime, {
    masks,
    images,
    graphs: graphs && (await graphCache(graphs, folder, { config, masks }, backbone)),
    embeddings: options.embeddings,
  });
  const head = { config, decision, history: run.history };
  return { run, detector: new AnomalyDetector(backbone, runtime, { head, predictor }) };
}

function isThere(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

/** Where the graph of a run on a backbone is kept. */
function graphCache(
  { folder, version }: { readonly folder: string; readonly version: string },
  run: RunFolder,
  model: object,
  { checkpoint }: Backbone,
): Promise<GraphCache> {
  const { identity, imageTowerIdentity, tensors } = checkpoint;
  const files = [run.weightsPath, ...tensors.paths];
  return GraphCache.open(folder, version, [model, identity, imageTowerIdentity], files);
}
