import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSmallClip } from '../../test/support/smallClip.js';
import { towerFeatures } from '../../test/support/towerFeatures.js';
import { Random } from '../base/random.js';
import { nodeRuntime } from '../graph/runtime.node.js';
import type { HostTensor, HostTensors, Runtime, SessionOptions } from '../graph/session.js';
import { type Checkpoint, checkpointFromBytes } from './checkpoint.js';
import { openCheckpoint } from './checkpoint.node.js';
import { halfToFloat } from './halfPrecision.js';
import { Int8Folder } from './int8Store.node.js';
import { measureInt8, withInt8Tower } from './int8Support.js';
import { int8Checkpoint, MemoryInt8Store } from './int8Tower.js';
import { writeSafetensors } from './safetensors.js';

const runtime = nodeRuntime({ threads: 1 });
const layers = 4;
let folder: string;
let checkpoint: Checkpoint;
/** The same with its files in memory. */
let loaded: Checkpoint;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iqe-clip-int8-'));
  await writeSmallClip(join(folder, 'clip'));
  checkpoint = await openCheckpoint(join(folder, 'clip'));
  const name = 'model.safetensors';
  const weights = { [name]: await readFile(join(folder, 'clip', name)) };
  const config = await readFile(join(folder, 'clip', 'config.json'), 'utf8');
  loaded = await checkpointFromBytes(config, weights, checkpoint.identity);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Patch tokens after each block, and x_cls. */
async function features(of: Checkpoint): Promise<Float32Array[]> {
  const stages = Array.from({ length: layers }, (_, index) => index + 1);
  const random = new Random(1, 'pixels');
  const pixelValues: HostTensor = {
    data: Float32Array.from({ length: 3 * 48 * 48 }, () => random.normal()),
    shape: [1, 3, 48, 48],
  };
  const { embedding, stages: tokens } = await towerFeatures(of, stages, pixelValues, runtime);
  return [
    embedding.data as Float32Array,
    ...tokens.map(({ data }) => Float32Array.from(data as Uint16Array, halfToFloat)),
  ];
}

/** ‖a − b‖ / ‖b‖ */
function relativeError(a: Float32Array, b: Float32Array): number {
  let [difference, size] = [0, 0];
  for (const [index, value] of b.entries()) {
    difference += (a[index]! - value) ** 2;
    size += value ** 2;
  }
  return Math.sqrt(difference / size);
}

describe('the image tower in int8', () => {
  it.each([
    [63, 0.06],
    [127, 0.03],
  ] as const)(
    'with weights up to %i is within %f of float32 after every block',
    async (largest, bound) => {
      const { saturates } = await measureInt8(runtime);
      if (saturates && largest === 127) return;
      const quantized = await int8Checkpoint(loaded, new MemoryInt8Store(), largest);
      const expected = await features(checkpoint);
      for (const [index, values] of (await features(quantized)).entries()) {
        const error = relativeError(values, expected[index]!);
        expect(error, `${index}`).toBeLessThan(bound);
        expect(error, `${index}`).toBeGreaterThan(0);
      }
    },
  );

  it('is the same from memory, from a new folder and from that folder again', async () => {
    const inMemory = await features(await int8Checkpoint(loaded, new MemoryInt8Store(), 63));
    const store = () => new Int8Folder(join(folder, 'cache'));
    expect(await features(await int8Checkpoint(checkpoint, store(), 63))).toEqual(inMemory);
    const written = await Promise.all(files(63).map((file) => stat(file)));
    expect(await features(await int8Checkpoint(checkpoint, store(), 63))).toEqual(inMemory);
    const later = await Promise.all(files(63).map((file) => stat(file)));
    expect(later.map(({ ino, mtimeMs }) => [ino, mtimeMs])).toEqual(
      written.map(({ ino, mtimeMs }) => [ino, mtimeMs]),
    );
  });

  it('replaces damaged files', async () => {
    const store = () => new Int8Folder(join(folder, 'cache'));
    const expected = await features(await int8Checkpoint(checkpoint, store(), 63));
    const [first, second, third, fourth] = files(63) as [string, string, string, string];
    const whole = await readFile(first);
    await writeFile(first, whole.subarray(0, whole.length - 1));
    await writeFile(second, 'no tensors');
    await writeFile(third, new Uint8Array());
    await writeFile(fourth, writeSafetensors({ other: { data: new Int8Array(4), shape: [4] } }));
    expect(await features(await int8Checkpoint(checkpoint, store(), 63))).toEqual(expected);
    expect((await readFile(first)).equals(whole)).toBe(true);
  });

  it('has an identity of its own, and weights by their kind', async () => {
    const store = new MemoryInt8Store();
    const quantized = await int8Checkpoint(checkpoint, store, 63);
    const finer = await int8Checkpoint(checkpoint, store, 127);
    const identities = [checkpoint, quantized, finer].map((of) => of.imageTowerIdentity);
    expect(new Set(identities).size).toBe(3);
    expect(quantized.identity).toBe(checkpoint.identity);
    expect(Object.keys(store.weightBytes)).toHaveLength(2 * layers);

    const { weights } = quantized.tensors;
    const inBlock = (tower: string) =>
      weights.get(`${tower}.encoder.layers.0.mlp.fc1.weight`, [64, 32]).node.op;
    expect(inBlock('vision_model')).toBe('Transpose');
    expect(inBlock('text_model')).toBe('Stored');
  });

  function files(largest: number): string[] {
    return Array.from({ length: layers }, (_, layer) =>
      join(
        folder,
        'cache',
        'int8',
        checkpoint.identity,
        `1-${largest}`,
        `block-${layer}.safetensors`,
      ),
    );
  }
});

describe('withInt8Tower', () => {
  /** A machine whose products take a time each and give `sum` everywhere. */
  const machine = (milliseconds: { float: number; int8: number }, sum: number) =>
    ({
      createSession: async (_: unknown, { weightBytes = {} }: SessionOptions) => ({
        run: async (_: unknown, { y }: HostTensors) => {
          const isInt8 = Object.keys(weightBytes).length > 0;
          const until = performance.now() + (isInt8 ? milliseconds.int8 : milliseconds.float);
          while (performance.now() < until);
          y!.data.fill(sum as never);
        },
        release: async () => undefined,
      }),
    }) as unknown as Runtime;

  it('stays in float32, and says so, where int8 is slower', async () => {
    const notes: string[] = [];
    const store = new MemoryInt8Store();
    const slow = machine({ float: 0.1, int8: 3 }, 768);
    expect(await withInt8Tower(checkpoint, slow, store, (note) => notes.push(note))).toBe(
      checkpoint,
    );
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain('float32');
    expect(store.weightBytes).toEqual({});
  });

  it('leaves out the eighth bit where sums are cut off', async () => {
    const identity = async (sum: number) => {
      const fast = machine({ float: 3, int8: 0.1 }, sum);
      return (await withInt8Tower(checkpoint, fast, new MemoryInt8Store())).imageTowerIdentity;
    };
    expect(await identity(768)).toMatch(/-127$/);
    expect(await identity(400)).toMatch(/-63$/);
  });
});
