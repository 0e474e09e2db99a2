import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { IqeError } from '../base/errors.js';
import { writeFileSafely } from '../base/writeFile.node.js';
import { safetensorsParts } from '../clip/safetensors.js';
import { WeightFiles } from '../clip/weightFiles.js';
import { weightFile } from '../clip/weightFiles.node.js';
import type { HostTensor, Runtime } from '../graph/session.js';
import type { Weights } from '../nn/parameters.js';
import { type BackboneOptions, openBackbone } from './backbone.node.js';
import { AnomalyDetector } from './detector.js';
import { createPredictor } from './fewShot.js';
import { parseSavedRun, type SavedRun } from './savedRun.js';
import type { TrainingState } from './trainer.js';
import { readTrainingCheckpoint, trainingCheckpointParts } from './trainingCheckpoint.js';

/**
 * A run on disk: `run.json` from the beginning, `checkpoint.safetensors` while it trains,
 * `weights.safetensors` once it is finished. Every file is replaced whole.
 */
export class RunFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** The run's description; nothing where there is no run. */
  async read(): Promise<SavedRun | undefined> {
    const file = join(this.path, 'run.json');
    const json = await readFile(file, 'utf8').catch(() => undefined);
    return json === undefined ? undefined : parseSavedRun(json, file);
  }

  async write(run: SavedRun): Promise<void> {
    await writeFileSafely(join(this.path, 'run.json'), `${JSON.stringify(run, undefined, 2)}\n`);
  }

  async saveCheckpoint(state: TrainingState): Promise<void> {
    await writeFileSafely(this.#checkpoint, trainingCheckpointParts(state));
  }

  /** The saved state, or `start` where there is none. */
  async restoreCheckpoint(start: TrainingState): Promise<TrainingState> {
    const bytes = await readFile(this.#checkpoint).catch(() => undefined);
    return bytes ? readTrainingCheckpoint(bytes, start, this.#checkpoint) : start;
  }

  async hasCheckpoint(): Promise<boolean> {
    return stat(this.#checkpoint).then(
      () => true,
      () => false,
    );
  }

  /** Saves trained weights and gives them back in place. */
  async storeWeights(values: Readonly<Record<string, HostTensor>>): Promise<Weights> {
    await writeFileSafely(this.#weights, safetensorsParts(values));
    return this.openWeights();
  }

  /** The trained weights in place, as the file system's root is every session's folder. */
  async openWeights(): Promise<Weights> {
    return (await WeightFiles.open([await weightFile(this.#weights)], this.path)).weights;
  }

  /** Saves the finished description; only then the training state goes. */
  async finish(run: SavedRun): Promise<void> {
    await this.write({ ...run, finished: true });
    await this.clear();
  }

  /** Forgets the training state of an earlier run. */
  async clear(): Promise<void> {
    await rm(this.#checkpoint, { force: true });
  }

  get #weights(): string {
    return join(this.path, 'weights.safetensors');
  }

  get #checkpoint(): string {
    return join(this.path, 'checkpoint.safetensors');
  }
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
  const backbone = await openBackbone(options.backbone ?? config.backbone, options);
  if (backbone.checkpoint.identity !== run.backboneIdentity) {
    throw new IqeError(
      'checkpoint',
      `The run in ${path} was trained on other weights than '${config.backbone}' has now.`,
      { hint: 'Point --backbone at the weights that it was trained on, or fit it again.' },
    );
  }
  const predictor = await createPredictor(backbone, config, await folder.openWeights(), runtime);
  const head = { config, decision, history: run.history };
  return { run, detector: new AnomalyDetector(backbone, runtime, { head, predictor }) };
}
