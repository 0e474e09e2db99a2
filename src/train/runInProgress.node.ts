import { IqeError } from '../base/errors.js';
import type { ProgressCallback } from '../base/progress.js';
import type { DataSet, Sample } from '../data/layout.js';
import type { Runtime } from '../graph/session.js';
import type { BackboneOptions } from './backbone.node.js';
import { type RunConfig, usedConfig } from './config.js';
import type { FailedImage } from './failedImage.js';
import type { FeatureStore } from './features.js';
import type { FewShotOptions, FittedModel } from './fewShot.js';
import { RunFolder } from './runFolder.node.js';
import type { SavedRun } from './savedRun.js';
import type { TrainingState } from './trainer.js';

export interface BeginOptions {
  /** Folder of the run. */
  readonly output: string;
  /** Replace another run that is in the folder. */
  readonly overwrite?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Told when an unfinished run is taken up again, or a finished one is there already. */
  readonly onNote?: ((note: string) => void) | undefined;
}

/** What a run is made with, whatever images it is made from. */
export interface RunOptions extends BeginOptions {
  readonly config: RunConfig;
  /** Images that choose the epoch and the threshold, instead of those that are kept for it. */
  readonly selection?:
    | { readonly dataSet: DataSet; readonly samples: readonly Sample[] }
    | undefined;
  readonly store: FeatureStore;
  readonly runtime: Runtime;
  /** Holds the image tower in int8. */
  readonly int8?: BackboneOptions['int8'];
  /** Version of this package, for `run.json`. */
  readonly version: string;
  readonly onProgress?: ProgressCallback | undefined;
  /** Told of images that cannot be read; the run is made without them. */
  readonly onFailure?: ((failure: FailedImage) => void) | undefined;
}

/** A state is saved at most this often, in seconds: for large models saving takes as long as a step. */
const secondsBetweenCheckpoints = 30;

/** How a training keeps in the run's folder what it would need to go on. */
type Keeping = Pick<FewShotOptions, 'restore' | 'onStep' | 'best' | 'onBest' | 'storeWeights'>;

/** What a training gives for `run.json`. */
type Made = Pick<FittedModel, 'history' | 'decision' | 'selected'>;

/** A run's folder while the run is made. */
export class RunInProgress {
  readonly #folder: RunFolder;
  readonly #run: SavedRun;
  readonly #options: BeginOptions;
  #saved = performance.now();
  #pending: TrainingState | undefined;

  private constructor(folder: RunFolder, run: SavedRun, options: BeginOptions) {
    this.#folder = folder;
    this.#run = run;
    this.#options = options;
  }

  /**
   * Begins a run in its folder, or goes on with the very same one.
   *
   * @param describe What is to be made: everything that it depends on.
   * @returns The finished run where it is there already.
   * @throws {IqeError} `usage` where the folder holds another run.
   */
  static async begin(
    describe: () => Promise<SavedRun>,
    options: BeginOptions,
  ): Promise<RunInProgress | SavedRun> {
    const { output, overwrite, onNote } = options;
    const { folder, earlier } = await placeOf(options);
    const run = await describe();
    if (earlier && isSameRun(earlier, run)) {
      if (earlier.finished) {
        onNote?.(`${output} holds this very run, finished; nothing to do.`);
        return earlier;
      }
      if (await folder.hasCheckpoint()) onNote?.(`Going on with the run in ${output}.`);
    } else {
      const isWorthKeeping = earlier && (earlier.finished || (await folder.hasCheckpoint()));
      if (isWorthKeeping && !overwrite) throw otherRun(output);
      await folder.clear();
      await folder.write(run);
    }
    return new RunInProgress(folder, run, options);
  }

  async #keeping(): Promise<Keeping> {
    const folder = this.#folder;
    return {
      restore: (start) => folder.restoreCheckpoint(start),
      onStep: (state) => this.#after(state),
      best: await folder.readBest(),
      onBest: (best) => folder.saveBest(best),
      storeWeights: (tensors) => folder.storeWeights(tensors),
    };
  }

  /** Saves the state now and then, and when the run is interrupted. */
  async #after(state: TrainingState): Promise<void> {
    this.#pending = state;
    const due = performance.now() - this.#saved > secondsBetweenCheckpoints * 1000;
    if (due || this.#options.signal?.aborted) await this.#flush();
  }

  /** Makes the run, and saves the training's last state should that be cut short. */
  async finish(make: (keeping: Keeping) => Promise<Made>): Promise<SavedRun> {
    try {
      const { history, decision, selected } = await make(await this.#keeping());
      const made = { history: [...history], decision, ...(selected && { selected }) };
      const finished = { ...this.#run, ...made, finished: true };
      await this.#folder.finish(finished);
      const { output } = this.#options;
      if (this.#folder.path !== output) await new RunFolder(output).succeed();
      return finished;
    } catch (error) {
      await this.#flush();
      throw error;
    }
  }

  async #flush(): Promise<void> {
    if (!this.#pending) return;
    const state = this.#pending;
    this.#pending = undefined;
    await this.#folder.saveCheckpoint(state);
    this.#saved = performance.now();
  }
}

/**
 * Where the run is kept while it is trained, and the run that is there already: what cannot be read
 * is none where it may be overwritten. A finished run is left alone until its successor is finished.
 */
async function placeOf({
  output,
  overwrite,
}: BeginOptions): Promise<{ folder: RunFolder; earlier: SavedRun | undefined }> {
  const folder = new RunFolder(output);
  if (!overwrite) return { folder, earlier: await folder.read() };
  const readable = (from: RunFolder) => from.read().catch(() => undefined);
  const earlier = await readable(folder);
  if (!earlier?.finished) return { folder, earlier };
  const { successor } = folder;
  const begun = await readable(successor);
  return { folder: successor, earlier: begun?.finished ? undefined : begun };
}

function isSameRun(a: SavedRun, b: SavedRun): boolean {
  const essence = ({ config, backboneIdentity, data }: SavedRun) =>
    JSON.stringify([usedConfig(config), backboneIdentity, data]);
  return essence(a) === essence(b);
}

function otherRun(output: string): IqeError {
  return new IqeError('usage', `${output} holds a run of another configuration or other images.`, {
    hint: 'Choose another folder with -o, or replace it with --overwrite.',
  });
}
