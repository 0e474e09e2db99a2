import { readFile } from 'node:fs/promises';
import { IqeError, messageOf } from '../base/errors.js';
import type { DataSet, Sample } from '../data/layout.js';
import type { SealedDataSet } from '../data/sealedDataSet.js';
import { type Shots, selectShots, shotsFromFile } from '../data/shots.js';
import { entryOf } from '../methods/registry.js';
import { allNormalImages } from '../train/allNormal.js';
import { takesNormalAlone } from '../train/needs.js';
import { trainingSamples } from '../train/trainingSets.js';
import type { BenchmarkConfig } from './config.js';
import { type Cell, sourcesOf } from './plan.js';

/** Images that choose the epoch and the threshold. */
export interface Selection {
  readonly dataSet: DataSet;
  readonly samples: readonly Sample[];
}

/** What a cell's run is made from: nothing of a test split, but where it is to be selected on one. */
export interface TrainingPlan {
  /** Few-shot, or normal images alone. */
  readonly shots?: Shots;
  /** Zero-shot: the sets to train on. */
  readonly sources?: readonly DataSet[];
  /** Images that choose the threshold; without them, the others of the shots' split do. */
  readonly validation?: readonly Sample[];
  /** Images that the protocol says to select on. */
  readonly selection?: Selection;
  /** All images that the run depends on. */
  readonly samples: readonly Sample[];
}

/** The data set of an entry of the benchmark's file, by name. */
export type OpenDataSet = (name: string) => Promise<SealedDataSet>;

/**
 * What a cell learns from.
 *
 * @throws {IqeError} where a set cannot be read or has too few images.
 */
export async function planTraining(
  cell: Cell,
  benchmark: BenchmarkConfig,
  open: OpenDataSet,
): Promise<TrainingPlan> {
  const { selectOn } = cell.setting.protocol;
  const target = await open(cell.set.name);
  const selection: Selection | undefined =
    selectOn === 'test'
      ? { dataSet: target.whole(), samples: target.testSplitForSelection() }
      : undefined;
  const learned = await learnedFrom(cell, target, benchmark, open);
  const samples = [...learned.samples, ...(selection?.samples ?? [])];
  return { ...learned, samples, ...(selection && { selection }) };
}

async function learnedFrom(
  cell: Cell,
  target: SealedDataSet,
  benchmark: BenchmarkConfig,
  open: OpenDataSet,
): Promise<TrainingPlan> {
  const { protocol } = cell.setting;
  if (protocol.kind === 'all-normal') return allNormalOf(cell, target, protocol.most);
  if (protocol.kind !== 'zero-shot') return shotsOf(cell, target);
  const entries = sourcesOf(benchmark, cell.set, protocol.leaveOut);
  if (entries.length === 0) {
    throw new IqeError('data', `There is no set to learn from but ${cell.set.name}.`, {
      hint: 'Give sets of other modalities, or leave out the set alone.',
    });
  }
  const sources: DataSet[] = [];
  for (const { name } of entries) {
    const source = await open(name);
    sources.push(protocol.selectOn === 'test' ? testAsSource(source) : source.development);
  }
  return { sources, samples: sources.flatMap(trainingSamples) };
}

/** The released code learns from the other sets' test images. */
function testAsSource(source: SealedDataSet): DataSet {
  const samples = source.testSplitForSelection().map((sample) => ({ ...sample, split: null }));
  return { ...source.whole(), samples };
}

function allNormalOf(
  { seed }: Cell,
  { development }: SealedDataSet,
  most: number | undefined,
): TrainingPlan {
  const { shots, validation } = allNormalImages(development, seed, most);
  return { shots, validation, samples: [...shots.normal, ...validation] };
}

async function shotsOf(cell: Cell, { development }: SealedDataSet): Promise<TrainingPlan> {
  const { set, setting, seed, config } = cell;
  const chosen =
    set.shotFiles === undefined
      ? selectShots(development, setting.shots!, seed)
      : await publishedShots(set.shotFiles.replaceAll('{shots}', `${setting.shots}`), (text) =>
          shotsFromFile(development, text),
        );
  const normalOnly =
    setting.protocol.kind === 'normal-only' || takesNormalAlone(entryOf(config.method).needs);
  const shots = normalOnly ? { ...chosen, abnormal: [] } : chosen;
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

/** Why a method cannot learn from what there is, where that is no failure: it needs masks. */
export function missingNeed(cell: Cell, plan: TrainingPlan): string | null {
  const { title, needs } = entryOf(cell.config.method);
  if (needs.masks !== 'yes') return null;
  const { shots, sources } = plan;
  const hasMasks = sources
    ? sources.some((source) => source.hasMasks)
    : (shots?.abnormal.every(({ maskPath }) => maskPath !== null) ?? false);
  return hasMasks ? null : `${title} learns from masks; there are none.`;
}
