import { batchNorm, batchNormOfBatch, type Moments } from '../graph/batchNorm.js';
import {
  type ConvolutionOptions,
  convolve,
  convolveTransposed,
  type Padding,
} from '../graph/convolution.js';
import { add, divide, multiply, subtract } from '../graph/elementwise.js';
import { countAlong } from '../graph/reduce.js';
import { staticDimension } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { filled, type Initialiser, normal, uniformFanIn, type Weights } from './parameters.js';

export interface ConvolutionLayerOptions extends ConvolutionOptions {
  /** Side of the kernel; 1 by default. */
  readonly kernel?: number;
  /** Whether a bias is added; not by default, since batch norm mostly follows. */
  readonly bias?: boolean;
  /** How the weight starts; as PyTorch's `Conv2d` by default. */
  readonly start?: Initialiser;
}

/** A convolution with `weight` [out, C/groups, k, k] and perhaps `bias` [out]: [B, C, H, W] → [B, out, h, w]. */
export function convolutionLayer(
  x: Tensor,
  weights: Weights,
  out: number,
  options: ConvolutionLayerOptions = {},
): Tensor {
  const { kernel = 1, groups = 1, bias = false } = options;
  const inner = staticDimension(x.shape, 1, 'convolution') / groups;
  const fanIn = uniformFanIn(inner * kernel * kernel);
  const weight = weights.get('weight', [out, inner, kernel, kernel], options.start ?? fanIn);
  return convolve(x, weight, bias ? weights.get('bias', [out], fanIn) : undefined, options);
}

/** A transposed convolution without bias, `weight` [C, out, k, k]: [B, C, H, W] → [B, out, s·H, s·W] for k = s. */
export function transposedConvolutionLayer(
  x: Tensor,
  weights: Weights,
  out: number,
  options: { readonly kernel: number; readonly stride: number },
): Tensor {
  const { kernel, stride } = options;
  const inner = staticDimension(x.shape, 1, 'convolution');
  const start = uniformFanIn(out * kernel * kernel);
  return convolveTransposed(
    x,
    weights.get('weight', [inner, out, kernel, kernel], start),
    undefined,
    { stride },
  );
}

/** N(0, 2 / (out · k²)): He's start for layers before a ReLU, by the fan-out. */
export const heFanOut = (out: number, kernel: number): Initialiser =>
  normal(Math.sqrt(2 / (out * kernel * kernel)));

/** Zeros that keep ⌈H / stride⌉ rows and columns, TensorFlow's `SAME`: the odd one at the end. */
export function samePadding(
  height: number,
  width: number,
  kernel: number,
  stride: number,
): Padding {
  const total = (size: number) =>
    Math.max(0, (Math.ceil(size / stride) - 1) * stride + kernel - size);
  const [rows, columns] = [total(height), total(width)];
  const [top, left] = [Math.floor(rows / 2), Math.floor(columns / 2)];
  return [top, left, rows - top, columns - left];
}

/**
 * Puts batch norm into training mode, and gathers what the running statistics become:
 * r ← (1 − momentum) · r + momentum · batch, with the variance over n − 1, as in PyTorch. A model that
 * is given none is in evaluation mode.
 */
export class BatchStatistics {
  readonly #momentum: number;
  readonly #updates = new Map<string, Tensor>();

  constructor(momentum = 0.1) {
    this.#momentum = momentum;
  }

  /** The new value of each running statistic, by the name of its parameter. */
  get updates(): Readonly<Record<string, Tensor>> {
    return Object.fromEntries(this.#updates);
  }

  /** Notes that `running` [C] saw a batch x [B, C, ...] with these moments. */
  note(x: Tensor, running: Moments, batch: Moments): void {
    const others = [...x.shape.keys()].filter((axis) => axis !== 1);
    const count = countAlong(x, others);
    const unbiased = divide(multiply(batch.variance, count), subtract(count, 1));
    this.#update(running.mean, batch.mean);
    this.#update(running.variance, unbiased);
  }

  #update(running: Tensor, value: Tensor): void {
    const { name } = running.node;
    if (name === undefined) return; // a frozen layer keeps its statistics
    const known = this.#updates.get(name) ?? running;
    const kept = multiply(known, 1 - this.#momentum);
    this.#updates.set(name, add(kept, multiply(value, this.#momentum)));
  }
}

/** Whether a parameter is a running statistic of batch norm, which no optimiser touches. */
export function isRunningStatistic(name: string): boolean {
  return /(^|\.)running_(mean|var)$/.test(name);
}

/**
 * Batch norm over [B, C, ...] with `weight`, `bias`, `running_mean` and `running_var` [C].
 *
 * @param statistics For training mode; the running statistics are used without.
 */
export function batchNormLayer(
  x: Tensor,
  weights: Weights,
  statistics?: BatchStatistics,
  epsilon = 1e-5,
): Tensor {
  const channels = [staticDimension(x.shape, 1, 'batchNorm')];
  const gamma = weights.get('weight', channels, filled(1));
  const beta = weights.get('bias', channels, filled(0));
  const running = {
    mean: weights.get('running_mean', channels, filled(0)),
    variance: weights.get('running_var', channels, filled(1)),
  };
  if (!statistics) return batchNorm(x, gamma, beta, running, epsilon);
  const { y, moments } = batchNormOfBatch(x, gamma, beta, epsilon);
  statistics.note(x, running, moments);
  return y;
}
