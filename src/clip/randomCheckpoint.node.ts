import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Random } from '../base/random.js';
import { type ClipConfig, formatClipConfig } from './config.js';
import { tensorShapes } from './tensorShapes.js';

/** Numbers drawn once and used again and again: drawing hundreds of millions would take minutes. */
const poolSize = 1 << 20;

/**
 * Writes a CLIP folder with random float32 weights of plausible size, tensor by tensor: for measuring
 * speed and memory at a model's true size, and for tests, where no real weights are at hand. The
 * folder has no tokenizer of its own.
 */
export async function writeRandomCheckpoint(
  folder: string,
  config: ClipConfig,
  seed: number,
): Promise<void> {
  const shapes = [...tensorShapes(config)];
  const header: Record<string, unknown> = {};
  let offset = 0;
  for (const [name, shape] of shapes) {
    const bytes = 4 * elements(shape);
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + bytes] };
    offset += bytes;
  }
  const json = JSON.stringify(header);
  const text = Buffer.from(json.padEnd(Math.ceil(Buffer.byteLength(json) / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));

  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), formatClipConfig(config));
  const file = await open(join(folder, 'model.safetensors'), 'w');
  try {
    await file.writeFile(length);
    await file.writeFile(text);
    const random = new Random(seed, 'random checkpoint');
    const pool = Float32Array.from({ length: poolSize }, () => random.normal());
    for (const [name, shape] of shapes) {
      for (let rest = elements(shape); rest > 0; ) {
        const start = random.integer(poolSize / 2);
        const count = Math.min(rest, poolSize - start);
        const values = pool.subarray(start, start + count).map(scaling(name, shape));
        await file.writeFile(new Uint8Array(values.buffer));
        rest -= count;
      }
    }
  } finally {
    await file.close();
  }
}

/** Gains near 1, small biases, matrices that keep the size of what they multiply. */
function scaling(name: string, shape: readonly number[]): (value: number) => number {
  if (name === 'logit_scale') return () => Math.log(1 / 0.07);
  if (name.endsWith('.bias')) return (value) => 0.02 * value;
  if (/norm\d?\.weight$/.test(name)) return (value) => 1 + 0.02 * value;
  if (name.includes('embedding')) return (value) => 0.02 * value;
  const fanIn = elements(shape.slice(1));
  return (value) => value / Math.sqrt(fanIn);
}

function elements(shape: readonly number[]): number {
  return shape.reduce((size, dimension) => size * dimension, 1);
}
