import type { HostTensor } from '../../graph/session.js';
import { Adam, type Moments } from '../../nn/adam.js';

export interface AdamWOptions {
  readonly betas: readonly [number, number];
  readonly epsilon: number;
  /** Fraction of a matrix that is taken off per unit of learning rate. */
  readonly weightDecay: number;
  /** Gradients longer than this, all taken as one vector, are scaled to it. */
  readonly gradientNorm: number;
}

/**
 * Adam with decoupled weight decay (Loshchilov & Hutter 2019) and gradients cut to a norm:
 * p ← p − η·λ·p for matrices, then Adam's step on g · min(1, norm / ‖g‖).
 */
export class AdamW {
  readonly #options: AdamWOptions;
  readonly #adam = new Adam();
  readonly #moments = new Map<string, Moments>();
  #steps = 0;

  constructor(options: AdamWOptions) {
    this.#options = options;
  }

  /**
   * One step, in place; the gradients are scaled in place too.
   *
   * @returns ‖g‖ before it was cut.
   */
  step(
    parameters: Readonly<Record<string, HostTensor>>,
    gradients: Readonly<Record<string, HostTensor>>,
    learningRate: number,
  ): number {
    this.#steps++;
    const { betas, epsilon, weightDecay, gradientNorm } = this.#options;
    const names = Object.keys(parameters);
    const length = norm(names.map((name) => gradients[name]!.data as Float32Array));
    const scale = Math.min(1, gradientNorm / length);
    for (const name of names) {
      const { shape, data } = parameters[name]!;
      const values = data as Float32Array;
      const gradient = gradients[name]!.data as Float32Array;
      if (scale < 1) for (let i = 0; i < gradient.length; i++) gradient[i]! *= scale;
      this.#adam.step(values, gradient, this.#momentsOf(name, values.length), this.#steps, {
        learningRate,
        betas,
        epsilon,
        weightDecay: isDecayed(name, shape) ? weightDecay : 0,
      });
    }
    return length;
  }

  #momentsOf(name: string, size: number): Moments {
    let moments = this.#moments.get(name);
    if (!moments) {
      moments = { first: new Float32Array(size), second: new Float32Array(size) };
      this.#moments.set(name, moments);
    }
    return moments;
  }
}

/** Matrices of layers; not biases, scales, nor embeddings, of which most rows get no gradient. */
function isDecayed(name: string, shape: readonly number[]): boolean {
  return shape.length > 1 && !name.includes('embedding');
}

function norm(vectors: readonly Float32Array[]): number {
  let squares = 0;
  for (const vector of vectors) {
    for (let i = 0; i < vector.length; i++) squares += vector[i]! * vector[i]!;
  }
  return Math.sqrt(squares);
}

export interface LearningRate {
  readonly peak: number;
  readonly warmUp: number;
  /** Number of steps. */
  readonly total: number;
  /** What is left of the peak at the last step, 0…1. */
  readonly finalShare: number;
}

/** η of step t = 1 … total: rises from 0 over `warmUp` steps, then falls by half a cosine. */
export function learningRateAt(step: number, rate: LearningRate): number {
  const { peak, warmUp, total, finalShare } = rate;
  if (step <= warmUp) return (peak * step) / warmUp;
  const progress = Math.min(1, (step - warmUp) / Math.max(1, total - warmUp));
  const cosine = 0.5 * (1 + Math.cos(Math.PI * progress));
  return peak * (finalShare + (1 - finalShare) * cosine);
}
