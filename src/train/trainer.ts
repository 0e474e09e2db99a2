import { throwIfAborted } from '../base/errors.js';
import type { ProgressCallback } from '../base/progress.js';
import { Random } from '../base/random.js';
import type { Checkpoint } from '../clip/checkpoint.js';
import type { ImageFeatures } from '../clip/imageEncoder.js';
import type { HostTensor, Runtime, Session } from '../graph/session.js';
import type { ModelConfig } from '../iqe/config.js';
import type { PromptTemplate } from '../iqe/prompts.js';
import { adamStep, type Moments } from '../nn/adam.js';
import type { TrainingConfig } from './config.js';
import { stackFeatures } from './features.js';
import { type TrainingStep, trainingStep } from './trainingStep.js';

/** One image, or one view of it, to learn from. */
export interface TrainingExample {
  readonly features: () => Promise<ImageFeatures>;
  readonly label: 0 | 1;
  /** [S, S], 1 where abnormal; none where only the label is known. */
  readonly mask: Uint8Array | undefined;
}

/** Where a training is: with the same seed and data, everything after follows from it. */
export interface TrainingState {
  /** Whole epochs done. */
  epoch: number;
  /** Steps done of the epoch that has begun. */
  stepInEpoch: number;
  /** Steps done in all: Adam's t. */
  step: number;
  /** Sum of the losses of the begun epoch's steps. */
  lossSum: number;
  /** Mean loss of each whole epoch. */
  readonly history: number[];
  readonly values: Readonly<Record<string, HostTensor>>;
  readonly moments: Readonly<Record<string, Moments>>;
}

export interface TrainOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressCallback | undefined;
  /** Called after steps at which the state is whole and may be saved. */
  readonly onStep?: (state: TrainingState) => Promise<void>;
}

/** Buffers for batches of one size, made once. */
interface Batch {
  readonly feeds: Record<string, HostTensor>;
  readonly features: ImageFeatures;
  readonly dropout: Record<string, HostTensor>;
}

/**
 * Larger batches run in parts whose gradients are added up: the activations of 12 images take about
 * 0.7 GB at ViT-L/14, and the result is the same.
 */
const defaultImagesPerRun = 12;

/** Trains the method on cached features. */
export class Trainer {
  readonly step: TrainingStep;
  readonly #session: Session;
  readonly #config: TrainingConfig;
  readonly #seed: number;
  readonly #imagesPerRun: number;
  readonly #gradients: Record<string, HostTensor>;
  #laterGradients: Record<string, HostTensor> | undefined;
  readonly #loss: HostTensor = { data: new Float32Array(1), shape: [] };
  readonly #batches = new Map<number, Batch>();

  private constructor(
    step: TrainingStep,
    session: Session,
    config: TrainingConfig,
    seed: number,
    imagesPerRun: number,
  ) {
    this.step = step;
    this.#session = session;
    this.#config = config;
    this.#seed = seed;
    this.#imagesPerRun = imagesPerRun;
    this.#gradients = emptyGradients(step);
  }

  static async create(
    parts: {
      readonly checkpoint: Checkpoint;
      readonly prompt: PromptTemplate;
      readonly model: ModelConfig;
      readonly training: TrainingConfig;
      readonly seed: number;
      /** Whether the examples have masks. */
      readonly masks: boolean;
      /** Images whose activations are in memory at once. */
      readonly imagesPerRun?: number;
    },
    runtime: Runtime,
  ): Promise<Trainer> {
    const step = trainingStep(parts.checkpoint, parts.prompt, parts.model, parts.masks);
    const session = await runtime.createSession(step.graph, {
      ...parts.checkpoint.sessionOptions,
      lean: true,
    });
    const { imagesPerRun = defaultImagesPerRun } = parts;
    return new Trainer(step, session, parts.training, parts.seed, imagesPerRun);
  }

  /** The state before the first step. */
  start(): TrainingState {
    const values = this.step.parameters.initialise((name) => new Random(this.#seed, 'start', name));
    const moments: Record<string, Moments> = {};
    for (const { name, shape } of this.step.trained) {
      const size = elements(shape);
      moments[name] = { first: new Float32Array(size), second: new Float32Array(size) };
    }
    return { epoch: 0, stepInEpoch: 0, step: 0, lossSum: 0, history: [], values, moments };
  }

  /**
   * Trains from `state` to the last epoch, changing it in place. A run that is stopped after any step
   * and goes on from its state ends with the same bytes as one that was not.
   *
   * @throws {IqeError} `interrupted`, after a whole step.
   */
  async train(
    state: TrainingState,
    examples: readonly TrainingExample[],
    options: TrainOptions = {},
  ): Promise<void> {
    const { epochs, batchSize } = this.#config;
    const { signal, onProgress, onStep } = options;
    const stepsPerEpoch = Math.ceil(examples.length / batchSize);
    for (; state.epoch < epochs; state.epoch++) {
      const order = new Random(this.#seed, 'order', state.epoch).shuffle(examples);
      while (state.stepInEpoch < stepsPerEpoch) {
        throwIfAborted(signal);
        const start = state.stepInEpoch * batchSize;
        const loss = await this.#trainStep(state, order.slice(start, start + batchSize));
        state.lossSum += loss;
        state.stepInEpoch++;
        onProgress?.({
          stage: 'training',
          done: state.step,
          total: epochs * stepsPerEpoch,
          unit: 'steps',
          loss: state.lossSum / state.stepInEpoch,
        });
        if (state.stepInEpoch < stepsPerEpoch) await onStep?.(state);
      }
      state.history.push(state.lossSum / stepsPerEpoch);
      state.lossSum = 0;
      state.stepInEpoch = 0;
      await onStep?.({ ...state, epoch: state.epoch + 1 });
    }
  }

  async release(): Promise<void> {
    await this.#session.release();
  }

  /** One step; gives the loss before it. */
  async #trainStep(state: TrainingState, examples: readonly TrainingExample[]): Promise<number> {
    let loss = 0;
    for (let start = 0; start < examples.length; start += this.#imagesPerRun) {
      const part = examples.slice(start, start + this.#imagesPerRun);
      const share = part.length / examples.length;
      const gradients = start === 0 ? this.#gradients : this.#partGradients();
      loss += share * (await this.#run(state, part, start, gradients));
      if (share < 1) this.#accumulate(gradients, share);
    }
    state.step++;
    const { learningRate, temperatureLearningRate, betas } = this.#config;
    for (const { name } of this.step.trained) {
      adamStep(
        state.values[name]!.data as Float32Array,
        this.#gradients[name]!.data as Float32Array,
        state.moments[name]!,
        state.step,
        {
          learningRate: name === 'temperature' ? temperatureLearningRate : learningRate,
          betas,
          epsilon: 1e-8,
        },
      );
    }
    return loss;
  }

  /** Runs the graph on some images of a batch; gives their mean loss. */
  async #run(
    state: TrainingState,
    examples: readonly TrainingExample[],
    firstInBatch: number,
    gradients: Record<string, HostTensor>,
  ): Promise<number> {
    const features = await Promise.all(examples.map((example) => example.features()));
    const batch = this.#batch(examples.length, features[0]!);
    stackFeatures(features, batch.features);
    const label = batch.feeds.label!.data as Float32Array;
    const mask = batch.feeds.mask?.data as Float32Array | undefined;
    for (const [row, example] of examples.entries()) {
      label[row] = example.label;
      if (mask && example.mask) mask.set(example.mask, row * example.mask.length);
    }
    const { dropoutEpochs } = this.#config;
    if (dropoutEpochs === null || state.epoch < dropoutEpochs) {
      const random = new Random(this.#seed, 'dropout', state.step, firstInBatch);
      this.step.dropout.draw(batch.dropout, random);
    } else {
      for (const { data } of Object.values(batch.dropout)) data.fill(1 as never);
    }
    await this.#session.run(
      { ...batch.feeds, ...batch.dropout, ...state.values },
      { ...gradients, loss: this.#loss },
    );
    return this.#loss.data[0] as number;
  }

  /** gradients ← Σ share · gradients of each part, as the loss is a mean over images. */
  #accumulate(part: Record<string, HostTensor>, share: number): void {
    for (const { name } of this.step.trained) {
      const total = this.#gradients[name]!.data as Float32Array;
      const own = part[name]!.data as Float32Array;
      if (own === total) for (let i = 0; i < total.length; i++) total[i]! *= share;
      else for (let i = 0; i < total.length; i++) total[i]! += share * own[i]!;
    }
  }

  #partGradients(): Record<string, HostTensor> {
    this.#laterGradients ??= emptyGradients(this.step);
    return this.#laterGradients;
  }

  #batch(size: number, example: ImageFeatures): Batch {
    let batch = this.#batches.get(size);
    if (!batch) {
      const stages = example.stages.map(({ shape }) => halves([size, ...shape.slice(1)]));
      const embedding = floats([size, ...example.embedding.shape.slice(1)]);
      const feeds: Record<string, HostTensor> = { embedding, label: floats([size]) };
      for (const [index, stage] of stages.entries()) feeds[`stage${index}`] = stage;
      const maskPort = this.step.graph.inputs.find(({ name }) => name === 'mask');
      if (maskPort) feeds.mask = floats([size, ...(maskPort.shape.slice(1) as number[])]);
      const dropout = this.step.dropout.allocate(size);
      batch = { feeds, features: { stages, embedding }, dropout };
      this.#batches.set(size, batch);
    }
    return batch;
  }
}

function emptyGradients({ trained }: TrainingStep): Record<string, HostTensor> {
  return Object.fromEntries(trained.map(({ name, shape }) => [name, floats(shape)]));
}

function floats(shape: readonly number[]): HostTensor {
  return { data: new Float32Array(elements(shape)), shape };
}

function halves(shape: readonly number[]): HostTensor {
  return { data: new Uint16Array(elements(shape)), shape };
}

function elements(shape: readonly number[]): number {
  return shape.reduce((size, dimension) => size * dimension, 1);
}
