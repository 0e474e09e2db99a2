import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { IqeError, messageOf } from '../base/errors.js';
import type { ProgressCallback } from '../base/progress.js';
import type { Sample } from '../data/layout.js';
import type { SealedDataSet } from '../data/sealedDataSet.js';
import { type Shots, selectShots, shotsFromFile } from '../data/shots.js';
import type { Runtime } from '../graph/session.js';
import { ruleOf } from '../report/evaluationResult.js';
import type { BackboneOptions } from '../train/backbone.node.js';
import { evaluate } from '../train/evaluate.node.js';
import type { FeatureStore } from '../train/features.js';
import { fitRun } from '../train/fit.node.js';
import { openRun, RunFolder } from '../train/runFolder.node.js';
import { CellFolder } from './cellFolder.node.js';
import { type ContentHashes, hashOf } from './contents.node.js';
import type { Cell } from './plan.js';
import type { MeasuredCell } from './results.js';

/** What all cells of a benchmark share. */
export interface CellOptions {
  /** Folder of the benchmark. */
  readonly output: string;
  readonly store: FeatureStore;
  readonly runtime: Runtime;
  readonly int8?: BackboneOptions['int8'];
  /** Version of this package. */
  readonly version: string;
  /** The data set of an entry of the file, by name; each is read once. */
  readonly dataSet: (name: string) => Promise<SealedDataSet>;
  /** `Checkpoint.identity` of a backbone by name. */
  readonly backboneIdentity: (name: string) => Promise<string>;
  readonly contents: ContentHashes;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressCallback | undefined;
  readonly onNote?: ((note: string) => void) | undefined;
}

/** Changes whenever cells would come out differently from the same input. */
const cellVersion = 1;

/** What a cell's run is made from: none of it is of a test split. */
interface TrainingPlan {
  readonly shots: Shots;
  /** All that the run depends on beside its configuration. */
  readonly samples: readonly Sample[];
}

/**
 * Makes and measures one cell, or what is missing of it: a run that was made from the same
 * configuration and images is kept, and so is its evaluation on the same test images.
 *
 * @throws {IqeError} whatever stands in the way of this one cell; `interrupted`, `output`.
 */
export async function runCell(cell: Cell, options: CellOptions): Promise<MeasuredCell> {
  const folder = new CellFolder(join(options.output, ...cell.folder.split('/')));
  const sealed = await options.dataSet(cell.set.name);
  const plan = await planTraining(cell, sealed);
  const { config, setting, seed } = cell;
  const key = hashOf([
    cellVersion,
    options.version,
    config,
    await options.backboneIdentity(config.backbone),
    options.int8 !== undefined,
    setting.protocol.kind,
    setting.shots,
    plan.shots.normal.map(({ id }) => id),
    plan.shots.abnormal.map(({ id }) => id),
    await options.contents.of(plan.samples),
  ]);
  // Test images are not touched before the run is finished, not even for their hash.
  const evaluationKey = async (testSamples: readonly Sample[]) =>
    hashOf([key, seed, await options.contents.of(testSamples)]);
  if (await folder.isOf(key)) {
    const saved = await new RunFolder(folder.run).read();
    if (saved?.finished) {
      const { samples } = sealed.testSplit(saved);
      const measured = await folder.measured(await evaluationKey(samples));
      if (measured) return measured;
    }
  }
  await folder.begin(key, { setting: setting.id, set: cell.set.name, method: cell.method.name });
  const { store, runtime, int8, version, signal, onProgress, onNote } = options;
  const run = await fitRun({
    config,
    dataSet: sealed.development,
    shots: plan.shots,
    output: folder.run,
    store,
    runtime,
    int8,
    version,
    signal,
    onProgress,
    onFailure: ({ message }) => onNote?.(`Failed: ${message}`),
  });
  const { dataSet, samples } = sealed.testSplit(run);
  const { detector } = await openRun(folder.run, runtime, { int8, signal, onProgress });
  try {
    const evaluation = await evaluate(detector, dataSet, samples, { seed, signal, onProgress });
    const { decision } = run;
    const threshold = decision?.threshold;
    const rule = threshold && decision ? `${ruleOf(threshold)} on the ${decision.chosenOn}` : '';
    const measured = { rule, evaluation };
    await folder.saveMeasured(await evaluationKey(samples), measured);
    return measured;
  } finally {
    await detector.dispose();
  }
}

async function planTraining(cell: Cell, { development }: SealedDataSet): Promise<TrainingPlan> {
  const { set, setting, seed } = cell;
  const shots =
    set.shotFiles === undefined
      ? selectShots(development, setting.shots, seed)
      : await publishedShots(set.shotFiles.replaceAll('{shots}', `${setting.shots}`), (text) =>
          shotsFromFile(development, text),
        );
  // Those beside the shots choose the threshold.
  const split = shots.normal[0]?.split;
  const samples = development.samples.filter(
    (sample) => sample.label !== null && sample.split === split,
  );
  return { shots, samples };
}

async function publishedShots(path: string, parse: (text: string) => Shots): Promise<Shots> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    const message = `The shot file ${path} cannot be read: ${messageOf(cause)}.`;
    throw new IqeError('unreadable', message, { hint: "Check the set's shotFiles.", cause });
  });
  return parse(text);
}
