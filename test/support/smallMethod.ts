import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '../../src/base/random.js';
import { checkpointFromBytes } from '../../src/clip/checkpoint.js';
import { loadTokenizer } from '../../src/clip/tokenizer.node.js';
import type { HostTensor } from '../../src/graph/session.js';
import { constant, type Tensor } from '../../src/graph/tensor.js';
import type { FrozenClip } from '../../src/methods/method.js';
import { writeSmallClip } from './smallClip.js';

/** A small CLIP of random weights in memory, whose text tower is long enough for prompt ensembles. */
export async function smallFrozenClip(): Promise<FrozenClip> {
  const folder = await mkdtemp(join(tmpdir(), 'iqe-method-'));
  try {
    await writeSmallClip(folder, {}, { contextLength: 77 });
    const files = { 'model.safetensors': await readFile(join(folder, 'model.safetensors')) };
    const config = await readFile(join(folder, 'config.json'), 'utf8');
    const checkpoint = await checkpointFromBytes(config, files, 'small');
    return { checkpoint, tokenizer: await loadTokenizer(folder), clip: checkpoint.config };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Pixels [B, 3, S, S] of noise, each image another. */
export function noiseImages(batch: number, size: number, seed = 1): HostTensor {
  const random = new Random(seed, 'noise images');
  const data = Float32Array.from({ length: batch * 3 * size * size }, () => random.normal());
  return { data, shape: [batch, 3, size, size] };
}

/** What a method remembers of references: the rows [B, N, C] of all images in one table [B·N, C]. */
export function asMemory(rows: Readonly<Record<string, HostTensor>>): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(rows).map(([name, { data, shape }]) => {
      const width = shape.at(-1)!;
      return [name, constant(data as Float32Array, [data.length / width, width])];
    }),
  );
}
