import type { HostTensor } from '../../src/graph/session.js';
import type { Parameter } from '../../src/nn/parameters.js';

/** Weights by the formula of the recorded backbones, which are too large to be stored. */
export function formulaWeights(
  seed: number,
  parameters: readonly Parameter[],
): Record<string, HostTensor> {
  return Object.fromEntries(
    parameters.map(({ name, shape }) => [name, { data: formulaValues(seed, name, shape), shape }]),
  );
}

/** The values of one tensor: a hash of `seed:name` and the index, scaled by what the tensor is. */
export function formulaValues(seed: number, name: string, shape: readonly number[]): Float32Array {
  let start = 2166136261;
  for (const byte of new TextEncoder().encode(`${seed}:${name}`)) {
    start = Math.imul(start ^ byte, 16777619);
  }
  const size = shape.reduce((a, b) => a * b, 1);
  const bound = Math.sqrt((6 * shape[0]!) / size);
  const scaled = scaling(name, shape.length, bound);
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    let x = (start + Math.imul(i, 2654435761)) | 0;
    x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
    values[i] = scaled(((x ^ (x >>> 16)) >>> 0) / 2 ** 32);
  }
  return values;
}

function scaling(name: string, rank: number, bound: number): (u: number) => number {
  if (rank >= 2) return (u) => (2 * u - 1) * bound;
  if (name.endsWith('running_var')) return (u) => 1 + 0.5 * u;
  if (name.endsWith('weight')) return (u) => 0.7 + 0.2 * (2 * u - 1);
  return (u) => 0.1 * (2 * u - 1);
}
