import { IqeError, throwIfAborted } from '../base/errors.js';
import type { ProgressCallback } from '../base/progress.js';
import { Random } from '../base/random.js';
import type {
  HostTensor,
  HostTensors,
  Runtime,
  Session,
  SessionOptions,
} from '../graph/session.js';
import type { Method } from '../methods/method.js';
import { Adam, type Moments } from '../nn/adam.js';
import type { TrainingConfig } from './config.js';
import { type BatchOrder, shuffledBatches, type TrainingExample } from './examples.js';
import { stackFeatures } from './features.js';
import { interludeValues } from './interlude.js';
import { type TrainingStep, trainingStep, updatePrefix } from './trainingStep.js';

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
  /** How examples become batches, the examples of a batch all with or all without masks. */
  readonly order?: BatchOrder;
  /** Called after steps at which the state is whole and may be saved. */
  readonly onStep?: (state: TrainingState) => Promise<void>;
  /**
   * Called after each epoch with the state as it then is, before {@link onStep}: to validate. A run
   * that is stopped here repeats the epoch's last step when it goes on.
   */
  readonly onEpoch?: (state: TrainingState) => Promise<void>;
}

/** Buffers for batches of one size, made once. */
interface Batch {
  readonly features: Record<string, HostTensor>;
  readonly label: HostTensor;
  readonly mask: HostTensor | undefined;
  readonly dropout: Record<string, HostTensor>;
}

/** The step of batches with or without masks, ready to run. */
interface ReadyStep extends TrainingStep {
  readonly session: Session;
  readonly readsSession: Session | undefined;
  readonly batches: Map<number, Batch>;
}

/**
 * Larger batches run in parts whose gradients are added up: the activations of 16 images take about
 * 1 GB at ViT-L/14, and the result is the same.
 */
const defaultImagesPerRun = 16;

/** Trains a method on features of images. */
export class Trainer {
  readonly #parts: TrainerParts;
  readonly #runtime: Runtime;
  readonly #imagesPerRun: number;
  /** By whether batches have masks; made when the first such batch comes. */
  readonly #steps = new Map<boolean, Promise<ReadyStep>>();
  readonly #graphs = new Map<boolean, TrainingStep>();
  readonly #adam = new Adam();
  readonly #gradients = new Gradients();
  readonly #laterGradients = new Gradients();
  readonly #loss: HostTensor = { data: new Float32Array(1), shape: [] };

  constructor(parts: TrainerParts, runtime: Runtime) {
    this.#parts = parts;
    this.#runtime = runtime;
    this.#imagesPerRun = parts.imagesPerRun ?? defaultImagesPerRun;
  }

  /** The state before the first step. */
  start(): TrainingState {
    const { method, seed, masks } = this.#parts;
    const { parameters } = this.#graphOf(masks);
    const values = parameters.initialise((name) => new Random(seed, 'start', name));
    for (const [name, { data }] of Object.entries(method.startValues ?? {})) {
      (values[name]!.data as Float32Array).set(data as Float32Array);
    }
    const moments: Record<string, Moments> = {};
    for (const [name, { data }] of Object.entries(values)) {
      moments[name] = {
        first: new Float32Array(data.length),
        second: new Float32Array(data.length),
      };
    }
    return { epoch: 0, stepInEpoch: 0, step: 0, lossSum: 0, history: [], values, moments };
  }

  /**
   * Trains from `state` to the last epoch, changing it in place. A run that is stopped after any step
   * and goes on from its state ends with the same bytes as one that was not.
   *
   * @throws {IqeError} `interrupted`, after a whole step; `data` where the method needs masks.
   */
  async train(
    state: TrainingState,
    examples: readonly TrainingExample[],
    options: TrainOptions = {},
  ): Promise<void> {
    const { training, seed } = this.#parts;
    const { epochs, batchSize } = training;
    const { signal, onProgress, onStep, onEpoch, order = shuffledBatches } = options;
    for (; state.epoch < epochs; state.epoch++) {
      const batches = order(examples, batchSize, new Random(seed, 'order', state.epoch));
      while (state.stepInEpoch < batches.length) {
        throwIfAborted(signal);
        state.lossSum += await this.#trainStep(state, batches[state.stepInEpoch]!);
        state.stepInEpoch++;
        onProgress?.({
          stage: 'training',
          done: state.step,
          total: epochs * batches.length,
          unit: 'steps',
          loss: state.lossSum / state.stepInEpoch,
        });
        if (state.stepInEpoch < batches.length) await onStep?.(state);
      }
      state.history.push(state.lossSum / batches.length);
      state.lossSum = 0;
      state.stepInEpoch = 0;
      const whole = { ...state, epoch: state.epoch + 1 };
      await onEpoch?.(whole);
      await onStep?.(whole);
    }
  }

  async release(): Promise<void> {
    for (const made of this.#steps.values()) {
      const { session, readsSession } = await made;
      await session.release();
      await readsSession?.release();
    }
    this.#steps.clear();
  }

  /** One step; gives the loss before it. */
  async #trainStep(state: TrainingState, examples: readonly TrainingExample[]): Promise<number> {
    const step = await this.#stepFor(examples);
    let loss = 0;
    for (let start = 0; start < examples.length; start += this.#imagesPerRun) {
      const part = examples.slice(start, start + this.#imagesPerRun);
      const share = part.length / examples.length;
      const own = start === 0 ? this.#gradients : this.#laterGradients;
      const gradients = own.of(step.trained);
      loss += share * (await this.#run(step, state, part, start, gradients));
      if (share < 1) this.#accumulate(step, gradients, share);
    }
    state.step++;
    const { learningRate, temperatureLearningRate, betas, weightDecay } = this.#parts.training;
    const gradients = this.#gradients.of(step.trained);
    for (const { name } of step.trained) {
      const value = state.values[name]!.data as Float32Array;
      const rate = isTemperature(name) ? temperatureLearningRate : learningRate;
      this.#adam.step(
        value,
        gradients[name]!.data as Float32Array,
        state.moments[name]!,
        state.step,
        {
          learningRate: rate,
          betas,
          epsilon: 1e-8,
          weightDecay,
        },
      );
    }
    return loss;
  }

  /** Runs the graph on some images of a batch; gives their mean loss. */
  async #run(
    step: ReadyStep,
    state: TrainingState,
    examples: readonly TrainingExample[],
    firstInBatch: number,
    gradients: Record<string, HostTensor>,
  ): Promise<number> {
    const { training, seed, method } = this.#parts;
    const loaded = await Promise.all(
      examples.map((example, row) =>
        example.load(new Random(seed, 'example', state.step, firstInBatch + row)),
      ),
    );
    const batch = this.#batch(step, loaded.length, loaded[0]!.features);
    stackFeatures(
      loaded.map(({ features }) => features),
      batch.features,
    );
    const mask = batch.mask?.data as Float32Array | undefined;
    for (const [row, own] of loaded.entries()) {
      batch.label.data[row] = own.label;
      if (mask && own.mask) mask.set(own.mask, row * own.mask.length);
    }
    const { dropoutEpochs } = training;
    if (dropoutEpochs === null || state.epoch < dropoutEpochs) {
      const random = new Random(seed, 'dropout', state.step, firstInBatch);
      step.dropout.draw(batch.dropout, random);
    } else {
      for (const { data } of Object.values(batch.dropout)) data.fill(1 as never);
    }
    const feeds = { ...batch.features, ...state.values };
    const given =
      step.readsSession &&
      interludeValues(
        method.interlude!,
        await step.readsSession.run(feeds),
        loaded.length,
        (row) => new Random(seed, 'interlude', state.step, firstInBatch + row),
      );
    const epoch = { data: Float32Array.of(state.epoch), shape: [] };
    const results = await step.session.run(
      { ...feeds, ...given, ...batch.dropout, label: batch.label, mask: batch.mask!, epoch },
      { ...gradients, loss: this.#loss },
    );
    for (const { name } of step.running) {
      const update = (results as HostTensors)[updatePrefix + name]!;
      (state.values[name]!.data as Float32Array).set(update.data as Float32Array);
    }
    return this.#loss.data[0] as number;
  }

  /** gradients ← Σ share · gradients of each part, as the loss is a mean over images. */
  #accumulate({ trained }: TrainingStep, part: Record<string, HostTensor>, share: number): void {
    const sums = this.#gradients.of(trained);
    for (const { name } of trained) {
      const total = sums[name]!.data as Float32Array;
      const own = part[name]!.data as Float32Array;
      if (own === total) for (let i = 0; i < total.length; i++) total[i]! *= share;
      else for (let i = 0; i < total.length; i++) total[i]! += share * own[i]!;
    }
  }

  async #stepFor(examples: readonly TrainingExample[]): Promise<ReadyStep> {
    const { hasMask } = examples[0]!;
    if (examples.some((example) => example.hasMask !== hasMask)) {
      throw new IqeError('runtime', 'A batch has images with and without masks.');
    }
    let made = this.#steps.get(hasMask);
    if (!made) {
      made = this.#makeStep(hasMask);
      this.#steps.set(hasMask, made);
    }
    return made;
  }

  #graphOf(masks: boolean): TrainingStep {
    let graph = this.#graphs.get(masks);
    if (!graph) {
      graph = trainingStep(this.#parts.method, masks);
      this.#graphs.set(masks, graph);
    }
    return graph;
  }

  async #makeStep(masks: boolean): Promise<ReadyStep> {
    const { sessionOptions } = this.#parts;
    const step = this.#graphOf(masks);
    const options = { ...sessionOptions, lean: true };
    return {
      ...step,
      session: await this.#runtime.createSession(step.graph, options),
      readsSession: step.reads && (await this.#runtime.createSession(step.reads, options)),
      batches: new Map(),
    };
  }

  #batch(step: ReadyStep, size: number, example: Readonly<Record<string, HostTensor>>): Batch {
    let batch = step.batches.get(size);
    if (!batch) {
      const features = Object.entries(example).map(([name, { data, shape }]) => {
        const own = [size, ...shape.slice(1)];
        return [name, data instanceof Uint16Array ? halves(own) : floats(own)];
      });
      const maskPort = step.graph.inputs.find(({ name }) => name === 'mask');
      batch = {
        features: Object.fromEntries(features),
        label: floats([size]),
        mask: maskPort && floats([size, ...(maskPort.shape.slice(1) as number[])]),
        dropout: step.dropout.allocate(size),
      };
      step.batches.set(size, batch);
    }
    return batch;
  }
}

/** What a {@link Trainer} is made of. */
export interface TrainerParts {
  readonly method: Method;
  /** Of the backbone. */
  readonly sessionOptions: SessionOptions;
  readonly training: TrainingConfig;
  readonly seed: number;
  /** Whether the first examples have masks: the parameters are those of such a step. */
  readonly masks: boolean;
  /** Images whose activations are in memory at once. */
  readonly imagesPerRun?: number;
}

/** Learnable temperatures have a learning rate of their own. */
function isTemperature(name: string): boolean {
  return name === 'temperature' || name.startsWith('temperature.');
}

/** Room for a gradient of each parameter, made when it is first asked for. */
class Gradients {
  readonly #tensors = new Map<TrainingStep['trained'], Record<string, HostTensor>>();

  of(trained: TrainingStep['trained']): Record<string, HostTensor> {
    let tensors = this.#tensors.get(trained);
    if (!tensors) {
      tensors = Object.fromEntries(trained.map(({ name, shape }) => [name, floats(shape)]));
      this.#tensors.set(trained, tensors);
    }
    return tensors;
  }
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
