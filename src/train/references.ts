import { throwIfAborted } from '../base/errors.js';
import type { ProgressCallback } from '../base/progress.js';
import { Random } from '../base/random.js';
import { normalizePlanes } from '../clip/preprocess.js';
import { compile } from '../graph/onnx.js';
import type { HostTensor, HostTensors, Runtime, SessionOptions } from '../graph/session.js';
import { input, type Tensor } from '../graph/tensor.js';
import type { Method, Tensors } from '../methods/method.js';
import { Weights } from '../nn/parameters.js';
import { pixelInput } from './featureEncoder.js';

export interface RememberOptions {
  readonly runtime: Runtime;
  /** Of the backbone. */
  readonly sessionOptions: SessionOptions;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressCallback | undefined;
}

/** An image's planes [3, S, S] in 0…1, made when they are needed. */
export type Planes = () => Float32Array | Promise<Float32Array>;

/**
 * The memory of a method: its rows of all references, thinned, and the ranges of its quantities over
 * the support images.
 *
 * @param values The trained parameters.
 * @throws {IqeError} `interrupted`
 */
export async function rememberReferences(
  method: Method,
  values: HostTensors,
  references: readonly Planes[],
  support: readonly Planes[],
  options: RememberOptions,
): Promise<HostTensors> {
  const { seed, signal, onProgress } = options;
  const total = (method.remember ? references.length : 0) + (method.ranged ? support.length : 0);
  let done = 0;
  const report = () => onProgress?.({ stage: 'memory', done: ++done, total, unit: 'images' });

  const parts: Record<string, HostTensor[]> = {};
  const remember = (features: Tensors, weights: Weights) => method.remember!(features, weights);
  const remembered = method.remember ? references : [];
  await forEachImage(method, remember, values, {}, remembered, options, (rows) => {
    for (const [name, tensor] of Object.entries(rows)) {
      parts[name] ??= [];
      parts[name].push(tensor);
    }
    report();
  });
  const all = Object.entries(parts).map(([name, rows]) => [name, joined(rows)]);
  const rows: HostTensors = Object.fromEntries(all);
  const memory = method.select?.(rows, new Random(seed, 'coreset'), signal) ?? rows;
  if (!method.ranged) return memory;

  const ranges = new Map<string, [low: number, high: number]>();
  const ranged = (features: Tensors, weights: Weights, remembered: Tensors) =>
    method.ranged!(features, weights, remembered);
  await forEachImage(method, ranged, values, memory, support, options, (quantities) => {
    for (const [name, { data }] of Object.entries(quantities)) {
      let [low, high] = ranges.get(name) ?? [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      for (const value of data as Float32Array) {
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
      ranges.set(name, [low, high]);
    }
    report();
  });
  const named = Array.from(ranges, ([name, range]): [string, HostTensor] => [
    `${name}.range`,
    { data: Float32Array.from(range), shape: [2] },
  ]);
  return { ...memory, ...Object.fromEntries(named) };
}

/** Runs a graph on one image after the other. */
async function forEachImage(
  method: Method,
  graph: (features: Tensors, weights: Weights, memory: Tensors) => Tensors,
  values: HostTensors,
  memory: HostTensors,
  images: readonly Planes[],
  { runtime, sessionOptions, signal }: RememberOptions,
  use: (outputs: HostTensors) => void,
): Promise<void> {
  if (images.length === 0) return;
  // As inputs: constants would be copied into the graph.
  const inputs = (prefix: string, tensors: HostTensors): Record<string, Tensor> =>
    Object.fromEntries(
      Object.entries(tensors).map(([name, { shape }]) => [name, input(prefix + name, shape)]),
    );
  const trained = inputs('value/', values);
  const features = method.features(pixelInput(method));
  const weights = new Weights((name) => trained[name]!);
  const outputs = graph(features, weights, inputs('memory/', memory));
  const session = await runtime.createSession(compile(outputs), { ...sessionOptions, lean: true });
  const feeds = { ...prefixed('value/', values), ...prefixed('memory/', memory) };
  const { imageSize: size } = method;
  const data = new Float32Array(3 * size * size);
  const pixelValues = { data, shape: [1, 3, size, size] };
  try {
    for (const image of images) {
      throwIfAborted(signal);
      normalizePlanes(await image(), method.inputNormalization, data);
      use(await session.run({ ...feeds, pixelValues }));
    }
  } finally {
    await session.release();
  }
}

function prefixed(prefix: string, tensors: HostTensors): Record<string, HostTensor> {
  const named = Object.entries(tensors).map(([name, value]) => [prefix + name, value]);
  return Object.fromEntries(named);
}

/** Rows [1, N, C] of several images in one table [R, C]. */
function joined(parts: readonly HostTensor[]): HostTensor {
  const width = parts[0]!.shape.at(-1)!;
  const length = parts.reduce((sum, { data }) => sum + data.length, 0);
  const data = new Float32Array(length);
  let at = 0;
  for (const part of parts) {
    data.set(part.data as Float32Array, at);
    at += part.data.length;
  }
  return { data, shape: [length / width, width] };
}
