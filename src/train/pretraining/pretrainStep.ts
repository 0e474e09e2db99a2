import { Random } from '../../base/random.js';
import type { ClipConfig } from '../../clip/config.js';
import { gridSize } from '../../clip/imageTower.js';
import type { Tokenizer } from '../../clip/tokenizer.js';
import type { HostTensor, Runtime, Session } from '../../graph/session.js';
import type { Parameters } from '../../nn/parameters.js';
import { CaptionBatch } from './captionBatch.js';
import { type LossName, lossNames, pretrainGraph } from './pretrainModel.js';
import type { Recipe } from './recipe.js';

/** The loss of one step, term by term. */
export type StepLoss = Readonly<Record<LossName, number>>;

/** What is trained: a model of these sizes, on captions of `tokens` tokens. */
export interface ClipToTrain {
  readonly config: ClipConfig;
  readonly tokenizer: Tokenizer;
  readonly tokens: number;
}

/** The graph of a training step at one number of patches, with room for its batch and gradients. */
export class PretrainStep {
  readonly batch: CaptionBatch;
  /** Gradients of the last {@link run}, by the names of the parameters. */
  readonly gradients: Readonly<Record<string, HostTensor>>;
  readonly #session: Session;
  readonly #parameters: Parameters;

  private constructor(batch: CaptionBatch, parameters: Parameters, session: Session) {
    this.batch = batch;
    this.#session = session;
    this.#parameters = parameters;
    this.gradients = Object.fromEntries(
      parameters.list.map(({ name, shape }) => [
        name,
        { data: new Float32Array(shape.reduce((size, dimension) => size * dimension, 1)), shape },
      ]),
    );
  }

  /** @param patches Patches that the image tower sees; null: all. */
  static async create(
    { config, tokenizer, tokens }: ClipToTrain,
    recipe: Recipe,
    patches: number | null,
    runtime: Runtime,
  ): Promise<PretrainStep> {
    const all = gridSize(config, recipe.imageSize) ** 2;
    const shape = { pairs: recipe.batchSize, patches: Math.min(patches ?? all, all), tokens };
    const { parameters, graph } = pretrainGraph(config, shape, recipe);
    const session = await runtime.createSession(graph);
    return new PretrainStep(new CaptionBatch(config, shape, tokenizer), parameters, session);
  }

  /** Untrained parameters. */
  startValues(seed: number): Record<string, HostTensor> {
    return this.#parameters.initialise((name) => new Random(seed, 'start', name));
  }

  /** Loss and gradients of the batch at `parameters`. */
  async run(parameters: Readonly<Record<string, HostTensor>>): Promise<StepLoss> {
    const results = await this.#session.run({ ...parameters, ...this.batch.feeds }, this.gradients);
    const losses = lossNames.map((name) => [name, Number(results[name]!.data[0])]);
    return Object.fromEntries(losses) as StepLoss;
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}
