import type { HostTensor, HostTensors } from '../graph/session.js';
import { constant } from '../graph/tensor.js';
import type { Tensors } from '../methods/method.js';
import { Weights } from '../nn/parameters.js';

/** What a fitted method has learned, as its graphs read it, wherever it lies. */
export interface FittedWeights {
  readonly trained: Weights;
  /** What it remembers of normal images; nothing where it remembers none. */
  readonly memory: Tensors | undefined;
}

/** Names of what is remembered, beside the names of trained parameters. */
const memoryPrefix = 'memory/';

/** Trained parameters and memory under the names that they are saved by. */
export function fittedTensors(
  values: HostTensors,
  memory: HostTensors | undefined,
): Record<string, HostTensor> {
  const remembered = Object.entries(memory ?? {});
  return {
    ...values,
    ...Object.fromEntries(remembered.map(([name, value]) => [memoryPrefix + name, value])),
  };
}

/**
 * What {@link fittedTensors} named, from where it is saved.
 *
 * @param stored Names and shapes of all that is there.
 */
export function savedWeights(
  weights: Weights,
  stored: Iterable<{ readonly name: string; readonly shape: readonly number[] }>,
): FittedWeights {
  const remembered = [...stored].filter(({ name }) => name.startsWith(memoryPrefix));
  const memory = remembered.map(({ name, shape }) => [
    name.slice(memoryPrefix.length),
    weights.get(name, shape),
  ]);
  return {
    trained: weights,
    memory: memory.length > 0 ? Object.fromEntries(memory) : undefined,
  };
}

/** What {@link fittedTensors} named, in memory and as part of the graph. */
export function constantWeights(tensors: HostTensors): FittedWeights {
  const weights = new Weights((name) => {
    const { data, shape } = tensors[name]!;
    return constant(data as Float32Array, shape);
  });
  const stored = Object.entries(tensors).map(([name, { shape }]) => ({ name, shape }));
  return savedWeights(weights, stored);
}
