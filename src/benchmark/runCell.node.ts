import { join } from 'node:path';
import type { ProgressCallback } from '../base/progress.js';
import type { DataSet, Sample } from '../data/layout.js';
import type { Runtime } from '../graph/session.js';
import { ruleOf } from '../report/evaluationResult.js';
import type { BackboneOptions } from '../train/backbone.node.js';
import { evaluate, type MeasuredImage } from '../train/evaluate.node.js';
import type { FailedImage } from '../train/failedImage.js';
import type { FeatureStore } from '../train/features.js';
import { fitRun } from '../train/fit.node.js';
import { openRun, RunFolder } from '../train/runFolder.node.js';
import type { SavedRun } from '../train/savedRun.js';
import { trainRun } from '../train/train.node.js';
import { CellFolder } from './cellFolder.node.js';
import { CellRecorder, showsImages } from './cellRecorder.node.js';
import type { BenchmarkConfig } from './config.js';
import { type ContentHashes, hashOf } from './contents.node.js';
import type { Cell } from './plan.js';
import type { MeasuredCell } from './results.js';
import {
  missingNeed,
  type OpenDataSet,
  planTraining,
  type TrainingPlan,
} from './trainingPlan.node.js';

/** What all cells of a benchmark share. */
export interface CellOptions {
  readonly benchmark: BenchmarkConfig;
  /** Folder of the benchmark. */
  readonly output: string;
  readonly store: FeatureStore;
  readonly runtime: Runtime;
  readonly int8?: BackboneOptions['int8'];
  /** Version of this package. */
  readonly version: string;
  /** The data set of an entry of the file, by name; each is read once. */
  readonly dataSet: OpenDataSet;
  /** `Checkpoint.identity` of a backbone by name. */
  readonly backboneIdentity: (name: string) => Promise<string>;
  readonly contents: ContentHashes;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressCallback | undefined;
  readonly onNote?: ((note: string) => void) | undefined;
}

/** Changes whenever cells would come out differently from the same input. */
const cellVersion = 1;

/** Changes whenever the same run would be measured differently on the same images. */
const evaluationVersion = 2;

/**
 * Makes and measures one cell, or what is missing of it: a run that was made from the same
 * configuration and images is kept, and so is its evaluation on the same test images.
 *
 * @returns Or why the method cannot learn from what there is.
 * @throws {IqeError} whatever stands in the way of this one cell; `interrupted`, `output`.
 */
export async function runCell(
  cell: Cell,
  options: CellOptions,
): Promise<MeasuredCell | { readonly skipped: string }> {
  const folder = new CellFolder(join(options.output, ...cell.folder.split('/')));
  const sealed = await options.dataSet(cell.set.name);
  const plan = await planTraining(cell, options.benchmark, options.dataSet);
  const skipped = missingNeed(cell, plan);
  if (skipped !== null) return { skipped };
  const { config, setting, seed } = cell;
  const key = hashOf([
    cellVersion,
    options.version,
    config,
    await options.backboneIdentity(config.backbone),
    options.int8 !== undefined,
    setting.id,
    plan.shots?.normal.map(({ id }) => id) ?? null,
    plan.shots?.abnormal.map(({ id }) => id) ?? null,
    plan.sources?.map(({ name }) => name) ?? null,
    await options.contents.of(plan.samples),
  ]);
  // Unless the protocol selects on them, test images are not touched before the run is finished, not even for their hash.
  const evaluationKey = async (testSamples: readonly Sample[]) =>
    hashOf([key, evaluationVersion, seed, await options.contents.of(testSamples)]);
  if (await folder.isOf(key)) {
    const saved = await new RunFolder(folder.run).read();
    if (saved?.finished) {
      const { samples } = sealed.testSplit(saved);
      const measured = await measuredBefore(folder, await evaluationKey(samples), cell, options);
      if (measured) return measured;
    }
  }
  await folder.begin(key, { setting: setting.id, set: cell.set.name, method: cell.method.name });
  const { runtime, int8, signal, onProgress } = options;
  const run = await makeRun(cell, plan, folder, sealed.development, options);
  const { dataSet, samples } = sealed.testSplit(run);
  const recorder = CellRecorder.for(cell, options.benchmark, samples);
  const embeddings = recorder?.takesEmbeddings ?? false;
  const { detector } = await openRun(folder.run, runtime, { int8, embeddings, signal, onProgress });
  try {
    const onImage = recorder && ((measured: MeasuredImage) => recorder.add(measured));
    const evaluation = await evaluate(detector, dataSet, samples, {
      ...{ seed, onImage, signal, onProgress },
    });
    const { decision } = run;
    const threshold = decision?.threshold;
    const rule = threshold && decision ? `${ruleOf(threshold)} on the ${decision.chosenOn}` : '';
    const shown = recorder ? await recorder.shown({ signal }) : null;
    const testKey = await evaluationKey(samples);
    if (shown) await folder.saveShown(shownKey(testKey, options.benchmark), shown);
    await folder.saveMeasured(testKey, { rule, evaluation });
    return { rule, evaluation, shown, unread: await folder.unread() };
  } finally {
    await detector.dispose();
  }
}

/** What a cell has of an earlier call, where it has all that is wanted. */
async function measuredBefore(
  folder: CellFolder,
  testKey: string,
  cell: Cell,
  { benchmark }: CellOptions,
): Promise<MeasuredCell | undefined> {
  const measured = await folder.measured(testKey);
  if (!measured) return undefined;
  const { rule, evaluation } = measured;
  const unread = await folder.unread();
  if (!showsImages(cell, benchmark)) return { rule, evaluation, unread, shown: null };
  const shown = await folder.shown(shownKey(testKey, benchmark));
  return shown && { rule, evaluation, unread, shown };
}

/** What the pictures of a cell depend on. */
function shownKey(testKey: string, { figures, gallery, seeds }: BenchmarkConfig): string {
  const wanted = ['embeddings', 'maps'].filter((kind) => figures.some((one) => one === kind));
  return hashOf([testKey, gallery, wanted, seeds[0]]);
}

async function makeRun(
  { config }: Cell,
  { shots, validation, sources, selection }: TrainingPlan,
  folder: CellFolder,
  development: DataSet,
  { store, runtime, int8, version, signal, onProgress }: CellOptions,
): Promise<SavedRun> {
  const unread: FailedImage[] = [];
  const shared = {
    ...{ config, selection, store, runtime, int8, version, signal, onProgress },
    output: folder.run,
    onFailure: (failure: FailedImage) => void unread.push(failure),
  };
  const run = sources
    ? await trainRun({ ...shared, dataSets: sources })
    : await fitRun({ ...shared, dataSet: development, shots: shots!, validation });
  // A finished run that is there already reads no image again.
  if (unread.length > 0) await folder.saveUnread(unread);
  return run;
}
