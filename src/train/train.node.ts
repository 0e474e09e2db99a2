import { IqeError, throwIfAborted } from '../base/errors.js';
import { Random } from '../base/random.js';
import { ImageReader } from '../data/imageReader.node.js';
import type { DataSet, Sample } from '../data/layout.js';
import { readingOptions } from '../data/readingSettings.js';
import { entryOf } from '../methods/registry.js';
import { openBackbone } from './backbone.node.js';
import type { RunConfig } from './config.js';
import { fitSets, type TrainingSet } from './fitSets.js';
import { checkTransfers } from './needs.js';
import { RunInProgress, type RunOptions } from './runInProgress.node.js';
import {
  contentHash,
  describeSelection,
  labelledImage,
  readableSamples,
} from './sampleFiles.node.js';
import type { SavedRun } from './savedRun.js';
import { holdBack, trainingSamples } from './trainingSets.js';

export interface TrainOptions extends RunOptions {
  /** The sets to train on; of each, images of the split `test` are not used. */
  readonly dataSets: readonly DataSet[];
}

/** The share of a training set that is held back, and at most how many images of it. */
const heldBackShare = 0.2;
const mostHeldBack = 64;

/** The images of one set by what they are for. */
interface Parts {
  readonly dataSet: DataSet;
  readonly training: readonly Sample[];
  readonly heldBack: readonly Sample[];
}

/**
 * Training on whole data sets from files into a run's folder, as for the zero-shot setting: see
 * `fitSets`. A part of each set is held back (whole patients where they are known) to choose the epoch
 * and the threshold. A run of the same configuration and images that was stopped goes on where it
 * stopped, with the same result as if it had not been.
 *
 * @throws {IqeError} `usage` where the folder holds another run; `interrupted` after the state has
 *   been saved; `unreadable`, `data`, `checkpoint`, `output`.
 */
export async function trainRun(options: TrainOptions): Promise<SavedRun> {
  const { runtime, int8, signal, onProgress, selection } = options;
  const config = withoutMemory(options.config);
  checkTransfers(config.method);
  const backbone = await openBackbone(config.backbone, { int8, signal, onProgress });
  const reader = new ImageReader({ ...readingOptions(config.reading), signal });
  const parts: Parts[] = [];
  for (const dataSet of setsFor(config, options)) {
    throwIfAborted(signal);
    const samples = trainingSamples(dataSet);
    const { onFailure } = options;
    const readable = await readableSamples(samples, dataSet, reader, onFailure, onProgress);
    if (readable.length === 0) throw noneReadable(dataSet);
    const random = new Random(config.seed, 'held back', dataSet.name);
    const held = holdBack(readable, selection ? 0 : heldBackShare, random, mostHeldBack);
    parts.push({ dataSet, ...held });
  }
  const begun = await RunInProgress.begin(async () => {
    const sets = await Promise.all(parts.map(describePart));
    return {
      format: 'iqe-clip run',
      formatVersion: 1,
      createdWith: options.version,
      finished: false,
      config,
      backboneIdentity: backbone.checkpoint.identity,
      data: {
        name: sets.map(({ name }) => name).join(', '),
        hash: await contentHash(
          parts.flatMap(({ training, heldBack }) => [...training, ...heldBack]),
        ),
        shots: { normal: [], abnormal: [] },
        sets,
        ...(selection && { selectedOn: await describeSelection(selection) }),
        masks: sets.some(({ masks }) => masks),
      },
      decision: null,
      history: [],
    };
  }, options);
  if (!(begun instanceof RunInProgress)) return begun;

  const labelled = (samples: readonly Sample[], dataSet: DataSet) =>
    samples.map((sample) => labelledImage(sample, dataSet, reader));
  const sets: TrainingSet[] = parts.map(({ dataSet, training, heldBack }) => ({
    name: dataSet.name,
    hasMasks: dataSet.hasMasks,
    training: labelled(training, dataSet),
    validation: labelled(heldBack, dataSet),
  }));
  if (selection) {
    const { dataSet, samples } = selection;
    const validation = labelled(samples, dataSet);
    sets.push({ name: dataSet.name, hasMasks: dataSet.hasMasks, training: [], validation });
  }
  return begun.finish((keeping) =>
    fitSets(backbone, config, sets, options.store, runtime, { signal, onProgress, ...keeping }),
  );
}

/** Nothing of the images is remembered: what is measured later is of other kinds. */
function withoutMemory(config: RunConfig): RunConfig {
  if (!('memory' in config.model)) return config;
  return { ...config, model: { ...config.model, memory: 'none' } } as RunConfig;
}

/** The sets that the method can learn from: those with masks, where it needs masks. */
function setsFor({ method }: RunConfig, { dataSets, onNote }: TrainOptions): readonly DataSet[] {
  if (entryOf(method).needs.masks !== 'yes') return dataSets;
  const masked = dataSets.filter(({ hasMasks }) => hasMasks);
  if (masked.length === 0) return dataSets; // checkNeeds says what is missing
  for (const { name, hasMasks } of dataSets) {
    if (!hasMasks) onNote?.(`Without ${name}: it has no masks, which ${method} needs.`);
  }
  return masked;
}

async function describePart({ dataSet, training, heldBack }: Parts) {
  const ids = (samples: readonly Sample[]) => samples.map(({ id }) => id);
  return {
    name: dataSet.name,
    masks: dataSet.hasMasks,
    training: ids(training),
    heldBack: ids(heldBack),
  };
}

function noneReadable({ name }: DataSet): IqeError {
  return new IqeError('unreadable', `Not one labelled image of ${name} could be read.`, {
    hint: "'iqe-clip data check' tells what is wrong with them.",
  });
}
