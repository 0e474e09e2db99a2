import { throwIfAborted } from '../base/errors.js';
import type { PixelMap, RasterImage } from '../base/image.js';
import type { ProgressCallback } from '../base/progress.js';
import type { Checkpoint } from '../clip/checkpoint.js';
import { ImageEncoder } from '../clip/imageEncoder.js';
import { imagePlanes } from '../clip/preprocess.js';
import { resize } from '../clip/resize.js';
import type { Tokenizer } from '../clip/tokenizer.js';
import { type Augmentation, augment } from '../data/augment.js';
import type { HostTensor, Runtime } from '../graph/session.js';
import { constant } from '../graph/tensor.js';
import { type PromptTemplate, promptTemplate } from '../iqe/prompts.js';
import { Weights } from '../nn/parameters.js';
import type { RunConfig } from './config.js';
import { decide, type JudgedImage } from './decision.js';
import { extractFeatures, type FeatureSettings, type FeatureStore } from './features.js';
import { Predictor } from './predictor.js';
import type { Decision } from './savedRun.js';
import { Trainer, type TrainingExample, type TrainingState } from './trainer.js';
import { stageBlocks } from './trainingStep.js';

/** A frozen CLIP model and its tokenizer. */
export interface Backbone {
  readonly checkpoint: Checkpoint;
  readonly tokenizer: Tokenizer;
}

/** A labelled image; it is asked for when it is needed, and may be asked for again. */
export interface LabelledImage {
  readonly image: () => Promise<RasterImage>;
  readonly label: 0 | 1;
  /** 1 where abnormal, at the image's size; null where nobody knows. */
  readonly mask: (size: { width: number; height: number }) => Promise<PixelMap | null>;
}

export interface FewShotOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressCallback | undefined;
  /** Gives the state to go on from, given the one before the first step. */
  readonly restore?: (start: TrainingState) => Promise<TrainingState>;
  readonly onStep?: (state: TrainingState) => Promise<void>;
  /** Keeps trained weights outside of the graph: saves them and gives them back from their file. */
  readonly storeWeights?: (values: Values) => Promise<Weights>;
}

type Values = Readonly<Record<string, HostTensor>>;

/** What few-shot training gives. */
export interface FittedModel {
  readonly values: Values;
  readonly history: readonly number[];
  readonly decision: Decision;
}

/**
 * Few-shot training: features of all augmented views of the support images, the training itself, and
 * a decision threshold chosen on validation images (on the support images where there are none of
 * both kinds, which is optimistic and recorded).
 *
 * @throws {IqeError} `interrupted`
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
  const { signal, onProgress } = options;
  const prompt = await promptTemplate(config.model, backbone.checkpoint, backbone.tokenizer);
  const views = await supportViews(support, config, signal);
  const keys = await extractFeatures(
    views.map(
      ({ planes }) =>
        async () =>
          planes(),
    ),
    {
      settings: featureSettings(backbone.checkpoint, config),
      store,
      encoder: () => createEncoder(backbone.checkpoint, config, runtime),
      signal,
      onProgress,
    },
  );
  const masks = views.every(({ mask }) => mask !== undefined);
  const examples = views.map(({ label, mask }, index): TrainingExample => {
    const features = async () => (await store.get(keys[index]!))!;
    return { features, label, mask: masks ? mask : undefined };
  });
  const { values, history } = await trainOn(
    examples,
    masks,
    backbone,
    prompt,
    config,
    runtime,
    options,
  );
  const trained = (await options.storeWeights?.(values)) ?? constantWeights(values);
  const decision = await judge(backbone, config, trained, support, validation, runtime, options);
  return { values, history, decision };
}

/** What the features of an image depend on. */
export function featureSettings(checkpoint: Checkpoint, { model }: RunConfig): FeatureSettings {
  return {
    backbone: checkpoint.imageTowerIdentity,
    imageSize: model.imageSize,
    stages: stageBlocks(model, checkpoint.config.vision.layers),
    activation: model.activation,
    inputNormalization: model.inputNormalization,
  };
}

function createEncoder(
  checkpoint: Checkpoint,
  { model }: RunConfig,
  runtime: Runtime,
): Promise<ImageEncoder> {
  const stages = stageBlocks(model, checkpoint.config.vision.layers);
  return ImageEncoder.create(
    checkpoint,
    { imageSize: model.imageSize, stages, activation: model.activation },
    runtime,
  );
}

/**
 * The whole model on trained weights, wherever they are.
 *
 * @param images How many images will be scored, where that is known: few are not worth a long start.
 */
export async function createPredictor(
  { checkpoint, tokenizer }: Backbone,
  { model }: RunConfig,
  trained: Weights,
  runtime: Runtime,
  images?: number,
): Promise<Predictor> {
  const prompt = await promptTemplate(model, checkpoint, tokenizer);
  return Predictor.create({ checkpoint, prompt, model, trained, images }, runtime);
}

/** Weights that are in memory, as part of the graph. */
export function constantWeights(values: Readonly<Record<string, HostTensor>>): Weights {
  return new Weights((name) => {
    const { data, shape } = values[name]!;
    return constant(data as Float32Array, shape);
  });
}

interface View {
  readonly label: 0 | 1;
  readonly planes: () => Float32Array;
  readonly mask: Uint8Array | undefined;
}

async function supportViews(
  support: readonly LabelledImage[],
  { model, training }: RunConfig,
  signal: AbortSignal | undefined,
): Promise<View[]> {
  const size = model.imageSize;
  const views: View[] = [];
  for (const { image, label, mask } of support) {
    throwIfAborted(signal);
    const picture = await image();
    const planes = imagePlanes(picture, size);
    const ownMask = await mask(picture);
    const small = ownMask ? squareMask(ownMask, size) : undefined;
    for (const augmentation of training.augmentations) {
      views.push({
        label,
        planes: () => augmented(planes, 3, size, augmentation),
        mask: small && binary(augmented(Float32Array.from(small), 1, size, augmentation)),
      });
    }
  }
  return views;
}

function augmented(
  data: Float32Array,
  channels: number,
  size: number,
  augmentation: Augmentation,
): Float32Array {
  return augment({ channels, height: size, width: size, data }, augmentation).data;
}

function binary(values: Float32Array): Uint8Array {
  return Uint8Array.from(values, (value) => (value > 0.5 ? 1 : 0));
}

/** A mask at the size of the anomaly map [S, S], nearest pixel. */
export function squareMask(mask: PixelMap, size: number): Uint8Array {
  const { width, height } = mask;
  const data = Uint8Array.from(mask.data, (value) => (value > 0.5 ? 255 : 0));
  const resized = resize({ width, height, channels: 1, data }, size, size, 'nearest');
  return resized.data.map((value) => (value > 127 ? 1 : 0));
}

async function trainOn(
  examples: readonly TrainingExample[],
  masks: boolean,
  backbone: Backbone,
  prompt: PromptTemplate,
  config: RunConfig,
  runtime: Runtime,
  options: FewShotOptions,
): Promise<{ values: Values; history: readonly number[] }> {
  const { model, training, seed } = config;
  const { checkpoint } = backbone;
  const trainer = await Trainer.create(
    { checkpoint, prompt, model, training, seed, masks },
    runtime,
  );
  try {
    const start = trainer.start();
    const state = (await options.restore?.(start)) ?? start;
    await trainer.train(state, examples, {
      signal: options.signal,
      onProgress: options.onProgress,
      ...(options.onStep && { onStep: options.onStep }),
    });
    // Not the state itself: the optimiser's memory is twice the model's.
    return { values: state.values, history: state.history };
  } finally {
    await trainer.release();
  }
}

async function judge(
  backbone: Backbone,
  config: RunConfig,
  trained: Weights,
  support: readonly LabelledImage[],
  validation: readonly LabelledImage[],
  runtime: Runtime,
  options: FewShotOptions,
): Promise<Decision> {
  const both = new Set(validation.map(({ label }) => label)).size === 2;
  const images = both ? validation : support;
  const predictor = await createPredictor(backbone, config, trained, runtime, images.length);
  try {
    const judged: JudgedImage[] = [];
    for (const { image, label, mask } of images) {
      throwIfAborted(options.signal);
      const picture = await image();
      const own = await mask(picture);
      const [prediction] = await predictor.predict([imagePlanes(picture, predictor.imageSize)]);
      judged.push({
        ...prediction!,
        label,
        mask: own ? squareMask(own, predictor.imageSize) : undefined,
      });
      options.onProgress?.({
        stage: 'threshold',
        done: judged.length,
        total: images.length,
        unit: 'images',
      });
    }
    return decide(judged, both ? 'validation images' : 'support images');
  } finally {
    await predictor.release();
  }
}
