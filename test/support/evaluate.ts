import { compile } from '../../src/graph/onnx.js';
import { nodeRuntime } from '../../src/graph/runtime.node.js';
import type { HostTensor, SessionOptions } from '../../src/graph/session.js';
import type { Tensor } from '../../src/graph/tensor.js';

const runtime = nodeRuntime({ threads: 1 });

/** Compiles, runs once and forgets a graph: the values of `outputs` by name. */
export async function evaluate(
  outputs: Readonly<Record<string, Tensor>>,
  feeds: Readonly<Record<string, HostTensor>> = {},
  options: SessionOptions = {},
): Promise<Record<string, HostTensor & { readonly data: Float32Array }>> {
  const session = await runtime.createSession(compile(outputs), options);
  try {
    const results = await session.run(feeds);
    return results as Record<string, HostTensor & { readonly data: Float32Array }>;
  } finally {
    await session.release();
  }
}

/** A host tensor of float32 values. */
export function host(values: ArrayLike<number>, shape: readonly number[]): HostTensor {
  return { data: Float32Array.from(values), shape };
}

/** A host tensor of int64 values. */
export function hostIntegers(values: ArrayLike<number>, shape: readonly number[]): HostTensor {
  return { data: BigInt64Array.from(Array.from(values), BigInt), shape };
}
