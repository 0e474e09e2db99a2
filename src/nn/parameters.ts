import { IqeError } from '../base/errors.js';
import type { Random } from '../base/random.js';
import type { HostTensor } from '../graph/session.js';
import { sameShape } from '../graph/shape.js';
import { input, type Tensor } from '../graph/tensor.js';

/** Draws the start value of one entry of a parameter. */
export type Initialiser = (random: Random) => number;

/** Every entry the same. */
export const filled =
  (value: number): Initialiser =>
  () =>
    value;

/** N(0, deviation²) */
export const normal =
  (deviation: number): Initialiser =>
  (random) =>
    deviation * random.normal();

/** U(−bound, bound) */
export const uniform =
  (bound: number): Initialiser =>
  (random) =>
    random.between(-bound, bound);

/** U(−1/√fanIn, 1/√fanIn): the default of PyTorch's `Linear` and `Conv1d`, weight and bias. */
export const uniformFanIn = (fanIn: number): Initialiser => uniform(1 / Math.sqrt(fanIn));

/**
 * The weights of a module, by name. The same model code runs on trainable parameters, on frozen
 * weights in a checkpoint and on saved ones: only the lookup differs.
 */
export class Weights {
  readonly #lookup: (name: string, shape: readonly number[], initialiser: Initialiser) => Tensor;
  readonly #prefix: string;

  constructor(
    lookup: (name: string, shape: readonly number[], initialiser: Initialiser) => Tensor,
    prefix = '',
  ) {
    this.#lookup = lookup;
    this.#prefix = prefix;
  }

  /** The tensor `name`, which must have `shape`. */
  get(name: string, shape: readonly number[], initialiser: Initialiser = filled(0)): Tensor {
    return this.#lookup(this.#prefix + name, shape, initialiser);
  }

  /** The weights whose names begin with `name.`. */
  at(name: string | number): Weights {
    return new Weights(this.#lookup, `${this.#prefix}${name}.`);
  }
}

/** One parameter of a model: where it enters the graph and how it starts. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initialiser: Initialiser;
  readonly tensor: Tensor;
}

/**
 * Trainable parameters: building a model with {@link weights} records each one that the model asks
 * for, so that their list never has to be written down a second time.
 */
export class Parameters {
  readonly #parameters = new Map<string, Parameter>();

  readonly weights = new Weights((name, shape, initialiser) => {
    const known = this.#parameters.get(name);
    if (known) {
      if (sameShape(known.shape, shape)) return known.tensor;
      throw new IqeError(
        'shape',
        `Parameter '${name}' is [${known.shape}] here and [${shape}] there.`,
      );
    }
    const tensor = input(name, shape);
    this.#parameters.set(name, { name, shape, initialiser, tensor });
    return tensor;
  });

  /** All parameters in the order in which the model first asked for them. */
  get list(): readonly Parameter[] {
    return [...this.#parameters.values()];
  }

  /** Start values; those of one parameter do not depend on which others there are. */
  initialise(random: (name: string) => Random): Record<string, HostTensor> {
    const values: Record<string, HostTensor> = {};
    for (const { name, shape, initialiser } of this.list) {
      const generator = random(name);
      const data = new Float32Array(shape.reduce((size, dimension) => size * dimension, 1));
      for (let i = 0; i < data.length; i++) data[i] = initialiser(generator);
      values[name] = { data, shape };
    }
    return values;
  }
}
