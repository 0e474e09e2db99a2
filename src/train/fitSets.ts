import type { HostTensors, Runtime } from '../graph/session.js';
import type { Method } from '../methods/method.js';
import type { RunConfig } from './config.js';
import { goalOf } from './decision.js';
import { EpochSelection } from './epochSelection.js';
import {
  type BatchOrder,
  shuffledBatches,
  storedExample,
  type TrainingExample,
} from './examples.js';
import { FeatureScorer } from './featureScorer.js';
import type { FeatureStore } from './features.js';
import type { FewShotOptions, FittedModel } from './fewShot.js';
import { constantWeights, fittedTensors } from './fittedWeights.js';
import { judge } from './judge.js';
import { checkNeeds } from './needs.js';
import { type Backbone, openMethod } from './openMethod.js';
import { Predictor } from './predictor.js';
import { storeImages, validationImages } from './storedImages.js';
import type { LabelledImage } from './supportViews.js';
import { Trainer } from './trainer.js';

/** A data set to train on. */
export interface TrainingSet {
  readonly name: string;
  /** Whether its abnormal images have masks. */
  readonly hasMasks: boolean;
  readonly training: readonly LabelledImage[];
  /** What the epoch and the threshold are chosen on. */
  readonly validation: readonly LabelledImage[];
}

/**
 * Training on whole data sets, as for the zero-shot setting: the features of every image are computed
 * once, a batch has images of one set, and those of sets without masks have the image loss alone. The
 * epoch (see {@link EpochSelection}) and the decision threshold are chosen on validation images.
 * Methods without training have their threshold chosen only.
 *
 * @throws {IqeError} `usage`, `data` where the method needs other images; `interrupted`.
 */
export async function fitSets(
  backbone: Backbone,
  config: RunConfig,
  sets: readonly TrainingSet[],
  store: FeatureStore,
  runtime: Runtime,
  options: FewShotOptions = {},
): Promise<FittedModel> {
  const training = sets.flatMap((set) => set.training);
  const abnormal = training.filter(({ label }) => label === 1).length;
  const normal = training.length - abnormal;
  const sources = sets.filter((set) => set.training.length > 0);
  const allMasked = sources.every(({ hasMasks }) => hasMasks);
  checkNeeds(config.method, { normal, abnormal, masks: allMasked });
  const masks = sources.some(({ hasMasks }) => hasMasks);
  const method = await openMethod(backbone, config, runtime, masks);
  const fitting = { backbone, config, method, sets, masks, store, runtime, options };
  const { values, history, selected } = method.loss
    ? await trained(fitting)
    : { values: {}, history: [], selected: null };
  const tensors = fittedTensors(values, undefined);
  const fitted = (await options.storeWeights?.(tensors)) ?? constantWeights(tensors);
  const { sessionOptions } = backbone.checkpoint;
  const judged = sets.flatMap(({ validation }) => validation);
  const predictor = await Predictor.create(
    { method, sessionOptions, fitted, seed: config.seed, images: judged.length },
    runtime,
  );
  try {
    const goal = goalOf(config.sensitivity);
    const { isProbability } = method;
    const chosenOn = 'validation images';
    const decision = await judge(predictor, isProbability, judged, chosenOn, goal, options);
    return { tensors, history, decision, selected };
  } finally {
    await predictor.release();
  }
}

interface Fitting {
  readonly backbone: Backbone;
  readonly config: RunConfig;
  readonly method: Method;
  readonly sets: readonly TrainingSet[];
  readonly masks: boolean;
  readonly store: FeatureStore;
  readonly runtime: Runtime;
  readonly options: FewShotOptions;
}

async function trained(fitting: Fitting): Promise<{
  values: HostTensors;
  history: readonly number[];
  selected: FittedModel['selected'];
}> {
  const { backbone, config, method, sets, masks, store, runtime, options } = fitting;
  const { signal, onProgress, onStep } = options;
  const { training, seed } = config;
  const { sessionOptions } = backbone.checkpoint;
  const ofSets = (use: 'training' | 'validation') =>
    sets.flatMap((set) => set[use].map((image) => ({ set, image })));
  const toTrainOn = ofSets('training');
  const stored = await storeImages([...toTrainOn, ...ofSets('validation')], fitting);
  const setOf = new Map<TrainingExample, string>();
  for (const { set, key, label, mask } of stored.slice(0, toTrainOn.length)) {
    setOf.set(storedExample(store, key, label, mask), set);
  }
  const trainer = new Trainer({ method, sessionOptions, training, seed, masks }, runtime);
  const scorer = await FeatureScorer.create(method, sessionOptions, runtime);
  try {
    const images = validationImages(stored.slice(toTrainOn.length), store);
    const selection = new EpochSelection(scorer, images, seed, options.best);
    const start = trainer.start();
    const state = (await options.restore?.(start)) ?? start;
    await trainer.train(state, [...setOf.keys()], {
      signal,
      onProgress,
      order: batchesOfSets(setOf),
      onEpoch: (whole) => selection.keepBest(whole, options.onBest, signal),
      ...(onStep && { onStep }),
    });
    const { values, epoch, criterion } = selection.best ?? {
      values: state.values,
      epoch: state.epoch,
      criterion: null,
    };
    return { values, history: state.history, selected: { epoch, criterion } };
  } finally {
    await trainer.release();
    await scorer.release();
  }
}

/** Batches of one set each, all with or all without masks, in a random order. */
export function batchesOfSets(setOf: ReadonlyMap<TrainingExample, string>): BatchOrder {
  return (examples, batchSize, random) => {
    const groups = new Map<string, TrainingExample[]>();
    for (const example of examples) {
      const key = `${example.hasMask} ${setOf.get(example)}`;
      const group = groups.get(key);
      if (group) group.push(example);
      else groups.set(key, [example]);
    }
    const batches = [...groups.values()].flatMap((group) =>
      shuffledBatches(group, batchSize, random),
    );
    return random.shuffle(batches);
  };
}
