import type { Random } from '../base/random.js';
import type { HostTensor, HostTensors } from '../graph/session.js';
import { input } from '../graph/tensor.js';
import type { Interlude, Tensors } from '../methods/method.js';

/** What an interlude gives, as inputs of a graph; nothing without one. */
export function interludeInputs(interlude: Interlude | undefined): Tensors {
  const outputs = Object.entries(interlude?.outputs ?? {});
  return Object.fromEntries(outputs.map(([name, shape]) => [name, input(name, shape)]));
}

/**
 * What an interlude gives for a batch, image by image: what it draws for one does not depend on the
 * others.
 *
 * @param random The generator for each row of the batch.
 */
export function interludeValues(
  interlude: Interlude,
  reads: HostTensors,
  batch: number,
  random: (row: number) => Random,
): Record<string, HostTensor> {
  const values: Record<string, HostTensor> = {};
  for (let row = 0; row < batch; row++) {
    const own = Object.entries(reads).map(([name, tensor]) => [name, rowOf(tensor, row)]);
    const given = interlude.gives(Object.fromEntries(own), random(row));
    for (const [name, { data, shape }] of Object.entries(given)) {
      values[name] ??= {
        data: new Float32Array(batch * data.length),
        shape: [batch, ...shape.slice(1)],
      };
      (values[name].data as Float32Array).set(data as Float32Array, row * data.length);
    }
  }
  return values;
}

/** One image's part of a batch, as a batch of one. */
function rowOf({ data, shape }: HostTensor, row: number): HostTensor {
  const size = data.length / shape[0]!;
  const own = (data as Float32Array).subarray(row * size, (row + 1) * size);
  return { data: own, shape: [1, ...shape.slice(1)] };
}
