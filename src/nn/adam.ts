import { adamKernel } from './adamKernel.js';

export interface AdamOptions {
  readonly learningRate: number;
  readonly betas: readonly [number, number];
  readonly epsilon: number;
  /** λ, the share of a parameter that is taken off per unit of learning rate; 0 by default. */
  readonly weightDecay?: number;
}

/** What Adam remembers of one parameter: running means of the gradient and of its square. */
export interface Moments {
  readonly first: Float32Array;
  readonly second: Float32Array;
}

/** What kernels/adam.ts exports. */
interface Kernel {
  readonly memory: WebAssembly.Memory;
  readonly capacity: WebAssembly.Global;
  step(
    count: number,
    beta1: number,
    rest1: number,
    beta2: number,
    rest2: number,
    kept: number,
    rate: number,
    scale: number,
    epsilon: number,
  ): void;
}

/**
 * Adam (Kingma & Ba 2015) with decoupled weight decay (Loshchilov & Hutter 2019), as PyTorch computes
 * them: m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², p ← (1 − η·λ)·p − η · m̂ / (√v̂ + ε), with
 * m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ).
 *
 * In float32, four elements at a time (WebAssembly SIMD), through a piece of memory that stays in the
 * processor's caches: the same bytes on every machine.
 */
export class Adam {
  readonly #kernel: Kernel;
  /** Parameters, gradients, first and second moments that are at work. */
  readonly #windows: readonly Float32Array[];

  constructor() {
    const bytes = Uint8Array.from(atob(adamKernel), (letter) => letter.charCodeAt(0));
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
    this.#kernel = exports as unknown as Kernel;
    const { memory, capacity } = this.#kernel;
    const size = capacity.value as number;
    this.#windows = [0, 1, 2, 3].map(
      (array) => new Float32Array(memory.buffer, array * size * 4, size),
    );
  }

  /**
   * One step on one parameter, in place.
   *
   * @param step t, counted from 1.
   */
  step(
    parameter: Float32Array,
    gradient: Float32Array,
    { first, second }: Moments,
    step: number,
    options: AdamOptions,
  ): void {
    const [p, g, m, v] = this.#windows as [Float32Array, Float32Array, Float32Array, Float32Array];
    const [beta1, beta2] = options.betas;
    const { learningRate, epsilon, weightDecay = 0 } = options;
    const rate = learningRate / (1 - beta1 ** step);
    const scale = 1 / Math.sqrt(1 - beta2 ** step);
    const kept = 1 - learningRate * weightDecay;
    for (let start = 0; start < parameter.length; start += p.length) {
      const end = Math.min(parameter.length, start + p.length);
      p.set(parameter.subarray(start, end));
      g.set(gradient.subarray(start, end));
      m.set(first.subarray(start, end));
      v.set(second.subarray(start, end));
      const count = end - start;
      const whole = count + (-count & 3);
      this.#kernel.step(whole, beta1, 1 - beta1, beta2, 1 - beta2, kept, rate, scale, epsilon);
      parameter.set(count < p.length ? p.subarray(0, count) : p, start);
      first.set(count < m.length ? m.subarray(0, count) : m, start);
      second.set(count < v.length ? v.subarray(0, count) : v, start);
    }
  }
}
