import type { ProgressCallback } from '../base/progress.js';
import { imagePlanes } from '../clip/preprocess.js';
import type { HostTensors, Runtime } from '../graph/session.js';
import type { Method } from '../methods/method.js';
import { entryOf } from '../methods/registry.js';
import type { RunConfig } from './config.js';
import { goalOf } from './decision.js';
import { EpochSelection, type SelectedEpoch } from './epochSelection.js';
import { storedExample, synthesisedExamples, type TrainingExample } from './examples.js';
import { FeatureEncoder } from './featureEncoder.js';
import { FeatureScorer } from './featureScorer.js';
import { extractFeatures, type FeatureStore, featureSettings } from './features.js';
import { constantWeights, type FittedWeights, fittedTensors } from './fittedWeights.js';
import { judge } from './judge.js';
import { checkNeeds } from './needs.js';
import { type Backbone, openMethod } from './openMethod.js';
import { Predictor, type PredictorParts } from './predictor.js';
import { rememberReferences } from './references.js';
import type { Decision } from './savedRun.js';
import { storeImages, validationImages } from './storedImages.js';
import { type LabelledImage, supportViews, type View } from './supportViews.js';
import { Trainer, type TrainingState } from './trainer.js';

export interface FewShotOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressCallback | undefined;
  /** Gives the state to go on from, given the one before the first step. */
  readonly restore?: (start: TrainingState) => Promise<TrainingState>;
  readonly onStep?: (state: TrainingState) => Promise<void>;
  /** Where an epoch is chosen: the best one so far, in a run that goes on. */
  readonly best?: SelectedEpoch | undefined;
  /** Told of every epoch that is the best so far. */
  readonly onBest?: (best: SelectedEpoch) => Promise<void>;
  /**
   * Few-shot only: whether the validation images choose the epoch too (see {@link EpochSelection});
   * else the last one is taken.
   */
  readonly selectEpoch?: boolean;
  /** Whether what chose the threshold is given back, ready to score more images. */
  readonly keepPredictor?: boolean;
  /** Keeps fitted weights outside of the graph: saves them and gives them back from their file. */
  readonly storeWeights?: (tensors: HostTensors) => Promise<FittedWeights>;
}

/** What few-shot training gives. */
export interface FittedModel {
  /** Trained parameters and memory, as `fittedTensors` names them. */
  readonly tensors: HostTensors;
  readonly history: readonly number[];
  readonly decision: Decision;
  /** The epoch that was chosen; null where none was. */
  readonly selected: { readonly epoch: number; readonly criterion: number | null } | null;
  /** Where it was to be kept; the caller releases it. */
  readonly predictor?: Predictor;
}

/** Where a method is fitted, and on what. */
interface Fitting {
  readonly backbone: Backbone;
  readonly config: RunConfig;
  readonly method: Method;
  readonly views: readonly View[];
  readonly store: FeatureStore;
  readonly runtime: Runtime;
  readonly options: FewShotOptions;
}

/**
 * Few-shot fitting of any method: the training itself, where there is any, on features of all
 * augmented views of the support images; the memory of the normal ones; and a decision threshold
 * chosen on validation images (on the support images where there are none of both kinds, which is
 * optimistic and recorded).
 *
 * @throws {IqeError} `usage`, `data` where the method needs other images; `interrupted`.
 */
export async function fitFewShot(
  backbone: Backbone,
  config: RunConfig,
  support: readonly LabelledImage[],
  validation: readonly LabelledImage[],
  store: FeatureStore,
  runtime: Runtime,
  options: FewShotOptions = {},
): Promise<FittedModel> {
  const { signal } = options;
  const { imageSize } = config.model;
  const views = await supportViews(support, imageSize, config.training.augmentations, signal);
  const masks = views.every(({ mask }) => mask !== undefined);
  const abnormal = support.filter(({ label }) => label === 1).length;
  checkNeeds(config.method, { normal: support.length - abnormal, abnormal, masks });
  const method = await openMethod(backbone, config, runtime, masks);
  const fitting = { backbone, config, method, views, store, runtime, options };

  const selecting = options.selectEpoch ? validation : [];
  const { values, history, selected } = method.loss
    ? await trained(fitting, masks, selecting)
    : untrained;
  const memory =
    remembersReferences(config) || (method.ranged && !method.remember)
      ? await remembered(fitting, values, support)
      : undefined;
  const tensors = fittedTensors(values, memory);
  const fitted = (await options.storeWeights?.(tensors)) ?? constantWeights(tensors);
  const both = new Set(validation.map(({ label }) => label)).size === 2;
  const judged = both ? validation : support;
  const { keepPredictor = false } = options;
  const { sessionOptions } = backbone.checkpoint;
  const images = keepPredictor ? undefined : judged.length;
  const predictor = await Predictor.create(
    { method, sessionOptions, fitted, seed: config.seed, images },
    runtime,
  );
  let decision: Decision | undefined;
  try {
    const chosenOn = both ? 'validation images' : 'support images';
    const goal = goalOf(config.sensitivity);
    decision = await judge(predictor, method.isProbability, judged, chosenOn, goal, options);
  } finally {
    if (!keepPredictor || !decision) await predictor.release();
  }
  return { tensors, history, decision, selected, ...(keepPredictor && { predictor }) };
}

interface Trained {
  readonly values: HostTensors;
  readonly history: readonly number[];
  readonly selected: FittedModel['selected'];
}

const untrained: Trained = { values: {}, history: [], selected: null };

async function trained(
  fitting: Fitting,
  masks: boolean,
  selecting: readonly LabelledImage[],
): Promise<Trained> {
  const { backbone, config, method, runtime, options } = fitting;
  const { signal, onProgress, onStep, onBest } = options;
  const { training, seed } = config;
  const { examples, release } = await trainingExamples(fitting, masks);
  const { sessionOptions } = backbone.checkpoint;
  const ofSet = { name: 'validation', hasMasks: true };
  const stored = await storeImages(
    selecting.map((image) => ({ set: ofSet, image })),
    fitting,
  );
  const images = validationImages(stored, fitting.store);
  const scorer =
    images.length > 0 ? await FeatureScorer.create(method, sessionOptions, runtime) : undefined;
  const trainer = new Trainer(
    { method, sessionOptions, training, seed, masks: examples.every(({ hasMask }) => hasMask) },
    runtime,
  );
  try {
    const start = trainer.start();
    const state = (await options.restore?.(start)) ?? start;
    const selection = scorer && new EpochSelection(scorer, images, seed, options.best);
    await trainer.train(state, examples, {
      signal,
      onProgress,
      ...(onStep && { onStep }),
      ...(selection && { onEpoch: (whole) => selection.keepBest(whole, onBest, signal) }),
    });
    // Not the state itself: the optimiser's memory is twice the model's.
    const { values, history } = state;
    const best = selection?.best;
    if (!best) return { values, history, selected: null };
    const { epoch, criterion } = best;
    return { values: best.values, history, selected: { epoch, criterion } };
  } finally {
    await trainer.release();
    await scorer?.release();
    await release();
  }
}

/** What a method learns from: views whose features are cached, or normal images that it changes itself. */
async function trainingExamples(
  { backbone, config, method, views, store, runtime, options }: Fitting,
  masks: boolean,
): Promise<{ examples: TrainingExample[]; release: () => Promise<void> }> {
  const { sessionOptions } = backbone.checkpoint;
  const beside = method.synthesisedLabel !== undefined;
  let encoder: FeatureEncoder | undefined;
  const synthesised: TrainingExample[] = [];
  if (method.synthesise) {
    encoder = await FeatureEncoder.create(method, sessionOptions, runtime);
    const normal = views.filter(({ label }) => label === 0).map(({ planes }) => planes());
    synthesised.push(...synthesisedExamples(method, normal, encoder, !beside || masks));
  }
  const release = async () => encoder?.release();
  if (encoder && !beside) return { examples: synthesised, release };
  const { needs } = entryOf(config.method);
  const used = needs.images === 'normal' ? views.filter(({ label }) => label === 0) : views;
  const images = used.map(
    ({ planes }) =>
      async () =>
        planes(),
  );
  const keys = await extractFeatures(images, {
    settings: featureSettings(backbone.checkpoint, method),
    method,
    store,
    encoder: () => FeatureEncoder.create(method, sessionOptions, runtime),
    signal: options.signal,
    onProgress: options.onProgress,
  });
  const examples = used.map(({ label, mask }, index) =>
    storedExample(store, keys[index]!, label, masks ? mask : undefined),
  );
  return { examples: [...examples, ...synthesised], release };
}

/** Whether a method remembers the normal images that it is fitted on. */
export function remembersReferences({ method, model }: RunConfig): boolean {
  const { references } = entryOf(method).needs;
  if (references !== 'optional') return references === 'yes';
  return 'memory' in model && model.memory !== 'none';
}

async function remembered(
  { backbone, config, method, views, runtime, options }: Fitting,
  values: HostTensors,
  support: readonly LabelledImage[],
): Promise<HostTensors> {
  const { model, seed } = config;
  const { signal, onProgress } = options;
  const planesOf = (images: readonly LabelledImage[]) =>
    images.map(
      ({ image }) =>
        async () =>
          imagePlanes(await image(), model.imageSize),
    );
  const normal = support.filter(({ label }) => label === 0);
  const ofViews = 'memory' in model && model.memory === 'views';
  const references = ofViews
    ? views.filter(({ label }) => label === 0).map(({ planes }) => planes)
    : planesOf(normal);
  const { sessionOptions } = backbone.checkpoint;
  return rememberReferences(method, values, references, planesOf(support), {
    runtime,
    sessionOptions,
    seed,
    signal,
    onProgress,
  });
}

/** What {@link createPredictor} must know besides; a kept graph has no embeddings. */
export interface PredictorOptions extends Pick<PredictorParts, 'images' | 'embeddings' | 'graphs'> {
  /** Whether the images that it learned from had masks. */
  readonly masks: boolean;
}

/** The whole of a fitted method, wherever its weights are. */
export async function createPredictor(
  backbone: Backbone,
  config: RunConfig,
  fitted: FittedWeights,
  runtime: Runtime,
  options: PredictorOptions,
): Promise<Predictor> {
  const { sessionOptions } = backbone.checkpoint;
  const { masks, images, embeddings = false } = options;
  const graphs = embeddings ? undefined : options.graphs;
  const parts = { sessionOptions, seed: config.seed, images, embeddings };
  const kept = await graphs?.load();
  if (kept) return Predictor.ofGraph(kept, parts, runtime);
  const method = await openMethod(backbone, config, runtime, masks);
  return Predictor.create({ ...parts, method, fitted, graphs }, runtime);
}
