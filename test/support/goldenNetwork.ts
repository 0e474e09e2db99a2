import { expect } from 'vitest';
import { grad } from '../../src/graph/gradient.js';
import type { HostTensor } from '../../src/graph/session.js';
import { input, type Tensor } from '../../src/graph/tensor.js';
import { isRunningStatistic } from '../../src/nn/convolution.js';
import { type Parameter, Parameters } from '../../src/nn/parameters.js';
import { expectWithin } from './close.js';
import type { FloatTensors } from './goldenMethod.js';
import { recordedTensors } from './safetensors.js';
import { goldenFolder, goldenJson } from './shared.js';

/** A recorded comparison system that is no CLIP: features are given, weights have the authors' names. */
export class GoldenNetwork<Recording> {
  readonly recording: Recording;
  readonly #folder: string;
  readonly #inputs: FloatTensors;

  constructor(name: string) {
    this.#folder = `methods/${name}`;
    this.recording = goldenJson(`${this.#folder}/golden.json`);
    this.#inputs = this.tensors('inputs');
  }

  /** The file whose presence the tests depend on. */
  static path(name: string): string {
    return `${goldenFolder}/methods/${name}/golden.json`;
  }

  /** The tensors of one of the recording's files. */
  tensors(file: string): FloatTensors {
    return recordedTensors(`${this.#folder}/${file}.safetensors`) as unknown as FloatTensors;
  }

  /** Recorded inputs as inputs of a graph. */
  inputTensors(names: readonly string[]): Tensor[] {
    return names.map((name) => input(name, this.#inputs[name]!.shape));
  }

  /** Recorded weights as parameters; `feeds` are those that a model asked for, and the inputs. */
  parameters(file = 'trainable'): {
    parameters: Parameters;
    feeds: () => Record<string, HostTensor>;
  } {
    const parameters = new Parameters();
    const recorded = this.tensors(file);
    const feeds = () => {
      const asked = parameters.list.map(({ name, shape }): [string, HostTensor] => {
        expect(recorded[name]?.shape, name).toEqual(shape);
        return [name, recorded[name]!];
      });
      return { ...this.#floatInputs(), ...Object.fromEntries(asked) };
    };
    return { parameters, feeds };
  }

  #floatInputs(): Record<string, HostTensor> {
    return Object.fromEntries(
      Object.entries(this.#inputs).map(([name, { data, shape }]) => [
        name,
        { data: Float32Array.from(data, Number), shape },
      ]),
    );
  }

  /** The gradients of a loss by all parameters but running statistics, under `gradient/NAME`. */
  gradients(
    loss: Tensor,
    parameters: Parameters,
  ): { gradients: Record<string, Tensor>; names: string[] } {
    const trained = parameters.list.filter(({ name }) => !isRunningStatistic(name));
    const tensors = grad(
      loss,
      trained.map(({ tensor }: Parameter) => tensor),
    );
    const names = trained.map(({ name }) => name);
    const named = names.map((name, i) => [`gradient/${name}`, tensors[i]!]);
    return { gradients: Object.fromEntries(named), names };
  }

  /** Fails unless all recorded gradients are met within `tolerance` of the largest of the file. */
  expectGradients(
    values: Readonly<Record<string, { readonly data: ArrayLike<number> }>>,
    names: readonly string[],
    tolerance: number,
  ): void {
    const recorded = Object.entries(this.tensors('gradients'));
    expect([...names].sort()).toEqual(recorded.map(([name]) => name).sort());
    const all = recorded.flatMap(([, { data }]) => [...data]);
    const largest = all.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    for (const [name, { data }] of recorded) {
      const own = values[`gradient/${name}`]!.data;
      expectWithin(own, data, tolerance * largest, `gradient of ${name}`);
    }
  }
}
