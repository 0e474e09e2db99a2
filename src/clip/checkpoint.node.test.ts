import { mkdir, mkdtemp, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type FloatType,
  type RawTensors,
  randomTensors,
  rawSafetensors,
  tinyClip,
} from '../../test/support/rawTensors.js';
import { writeTorchFile } from '../../test/support/torchWriter.js';
import { towerFeatures } from '../../test/support/towerFeatures.js';
import { IqeError } from '../base/errors.js';
import { nodeRuntime } from '../graph/runtime.node.js';
import type { TensorData } from '../graph/session.js';
import { type Checkpoint, checkpointFromBytes } from './checkpoint.js';
import { openCheckpoint } from './checkpoint.node.js';
import { formatClipConfig } from './config.js';

const runtime = nodeRuntime({ threads: 1 });
const config = formatClipConfig(tinyClip);
const floatTypes: FloatType[] = ['float32', 'float16', 'bfloat16'];

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iqe-checkpoint-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

type Files = Readonly<Record<string, string | Uint8Array>>;

/** Writes files into a folder, with the tiny model's `config.json`. */
async function write(files: Files, where = folder): Promise<string> {
  await mkdir(where, { recursive: true });
  for (const [name, content] of Object.entries({ 'config.json': config, ...files })) {
    await writeFile(join(where, name), content);
  }
  return where;
}

/** Two images' features, stages and embedding, as numbers. */
async function features(
  checkpoint: Checkpoint,
  imageSize = 24,
  blocks = [1, 2],
): Promise<TensorData[]> {
  const shape = [2, 3, imageSize, imageSize];
  const length = shape.reduce((product, size) => product * size, 1);
  const data = Float32Array.from({ length }, (_, index) => Math.sin(index));
  const { stages, embedding } = await towerFeatures(checkpoint, blocks, { data, shape }, runtime);
  return [...stages.map((stage) => stage.data), embedding.data];
}

async function featuresOf(files: Files): Promise<TensorData[]> {
  return features(await openCheckpoint(await write(files)));
}

const whole = rawSafetensors(randomTensors(tinyClip));
const expected = checkpointFromBytes(config, { 'model.safetensors': whole }, 'bytes').then(
  features,
);

/** The tensors in two files by turns, and the index that says so. */
function shards(tensors: RawTensors, encode: (part: RawTensors) => Uint8Array, end: string): Files {
  const entries = Object.entries(tensors);
  const names = [`model-00001-of-00002.${end}`, `model-00002-of-00002.${end}`] as const;
  const part = (which: number) =>
    encode(Object.fromEntries(entries.filter((_, index) => index % 2 === which)));
  const weightMap = Object.fromEntries(entries.map(([name], index) => [name, names[index % 2]]));
  return {
    [names[0]]: part(0),
    [names[1]]: part(1),
    [end === 'bin' ? 'pytorch_model.bin.index.json' : 'model.safetensors.index.json']:
      JSON.stringify({ metadata: { total_size: 1 }, weight_map: weightMap }),
  };
}

const withPositionIds = (tensors: RawTensors): RawTensors => ({
  ...tensors,
  'text_model.embeddings.position_ids': {
    dataType: 'int64',
    shape: [1, 7],
    bytes: new Uint8Array(BigInt64Array.from({ length: 7 }, (_, index) => BigInt(index)).buffer),
  },
});

describe('openCheckpoint gives the same features whatever the weights are stored in', () => {
  it.each(floatTypes)('model.safetensors of %s', async (dataType) => {
    const file = rawSafetensors(randomTensors(tinyClip, dataType));
    expect(await featuresOf({ 'model.safetensors': file })).toEqual(await expected);
  });

  it.each(floatTypes)('pytorch_model.bin of %s', async (dataType) => {
    const file = writeTorchFile(withPositionIds(randomTensors(tinyClip, dataType)));
    expect(await featuresOf({ 'pytorch_model.bin': file })).toEqual(await expected);
  });

  it('tensors of several types, at places that are not aligned', async () => {
    const tensors = Object.entries(randomTensors(tinyClip)).map(([name, tensor], index) => [
      name,
      randomTensors(tinyClip, floatTypes[index % 3])[name] ?? tensor,
    ]);
    const odd = { dataType: 'int8', shape: [1], bytes: Uint8Array.of(7) } as const;
    const mixed: RawTensors = { odd, ...Object.fromEntries(tensors) };
    expect(await featuresOf({ 'model.safetensors': rawSafetensors(mixed) })).toEqual(
      await expected,
    );
    await rm(join(folder, 'model.safetensors'));
    for (const alignment of [1, 7]) {
      const file = writeTorchFile(mixed, { alignment, zip64: true });
      expect(await featuresOf({ 'pytorch_model.bin': file })).toEqual(await expected);
    }
  });

  it('shards of safetensors and of PyTorch', async () => {
    const tensors = withPositionIds(randomTensors(tinyClip));
    expect(await featuresOf(shards(tensors, writeTorchFile, 'bin'))).toEqual(await expected);
    expect(await featuresOf(shards(tensors, rawSafetensors, 'safetensors'))).toEqual(
      await expected,
    );
  });

  it('files behind links, as download caches keep them', async () => {
    const blobs = join(folder, 'blobs');
    const snapshot = join(folder, 'snapshots', 'main');
    await write({ 'model.safetensors': whole }, blobs);
    await mkdir(snapshot, { recursive: true });
    for (const name of ['config.json', 'model.safetensors']) {
      await rename(join(blobs, name), join(blobs, `${name}-blob`));
      await symlink(join('..', '..', 'blobs', `${name}-blob`), join(snapshot, name));
    }
    expect(await features(await openCheckpoint(snapshot))).toEqual(await expected);
    const linked = join(folder, 'linked');
    await symlink(snapshot, linked);
    expect(await features(await openCheckpoint(linked))).toEqual(await expected);
  });

  it.each(['two words', 'Größe 超音波 🩻', "quote's #1 %20", 'e\u0301'])(
    'a folder named %s',
    async (name) => {
      const where = await write({ 'model.safetensors': whole }, join(folder, name));
      expect(await features(await openCheckpoint(where))).toEqual(await expected);
    },
  );

  it('which are of the images and finite', async () => {
    for (const values of await expected) {
      const half = values.length / 2;
      expect(values.slice(0, half)).not.toEqual(values.slice(half));
      expect(values.every((value: number | bigint) => Number.isFinite(Number(value)))).toBe(true);
    }
  });

  it('bytes in memory, also of PyTorch and in shards', async () => {
    const tensors = randomTensors(tinyClip, 'float16');
    const file = writeTorchFile(tensors);
    const torch = await checkpointFromBytes(config, { 'pytorch_model.bin': file }, 'bytes');
    expect(await features(torch)).toEqual(await expected);
    const files = Object.entries(shards(tensors, rawSafetensors, 'safetensors'));
    const parts = files.filter(([, content]) => typeof content !== 'string');
    const sharded = Object.fromEntries(parts) as Record<string, Uint8Array>;
    expect(await features(await checkpointFromBytes(config, sharded, 'bytes'))).toEqual(
      await expected,
    );
  });

  it('prefers safetensors, and one file to shards', async () => {
    const tensors = randomTensors(tinyClip);
    const opened = await openCheckpoint(
      await write({
        'pytorch_model.bin': 'no weights',
        'model.safetensors.index.json': 'no index',
        'model.safetensors': rawSafetensors(tensors),
      }),
    );
    expect(opened.tensors.names).toEqual(Object.keys(tensors));
    expect(opened.tensors.stored.every(({ dataType }) => dataType === 'float32')).toBe(true);
  });
});

describe('identity', () => {
  it('tells weights and configurations apart, wherever they are', async () => {
    const at = (name: string) => join(folder, name);
    const identity = async (files: Files, where: string) =>
      (await openCheckpoint(await write(files, at(where)))).identity;
    const original = await identity({ 'model.safetensors': whole }, 'a');
    expect(await identity({ 'model.safetensors': whole }, 'b')).toBe(original);
    const changed = Buffer.from(whole);
    changed[changed.length - 1]! ^= 1;
    const others = [
      await identity({ 'model.safetensors': changed }, 'c'),
      await identity({ 'model.safetensors': whole, 'config.json': `${config} ` }, 'd'),
      await identity(shards(randomTensors(tinyClip), rawSafetensors, 'safetensors'), 'e'),
    ];
    expect(new Set([original, ...others]).size).toBe(4);
  });
});

describe('a folder that is no whole checkpoint is an error that says where and what', () => {
  const fc1 = 'vision_model.encoder.layers.1.mlp.fc1.weight';
  const tensors = randomTensors(tinyClip);
  const { [fc1]: _, ...withoutFc1 } = tensors;
  const changed = (change: Partial<RawTensors[string]>): RawTensors => ({
    ...tensors,
    [fc1]: { ...tensors[fc1]!, ...change },
  });
  const safetensors = (content: RawTensors): Files => ({
    'model.safetensors': rawSafetensors(content),
  });
  const sharded = shards(tensors, rawSafetensors, 'safetensors');
  const indexName = 'model.safetensors.index.json';
  const { 'model-00002-of-00002.safetensors': __, ...oneShard } = sharded;
  const wider = { ...tinyClip, vision: { ...tinyClip.vision, width: 24 } };
  const deeper = { ...tinyClip, vision: { ...tinyClip.vision, layers: 3 } };
  const torch = writeTorchFile(tensors);
  const cases: [string, Files, ...string[]][] = [
    ['no weights', {}, 'neither model.safetensors nor pytorch_model.bin'],
    ['configuration of nothing', { ...safetensors(tensors), 'config.json': '{' }, 'config.json'],
    [
      'configuration of another model',
      { ...safetensors(tensors), 'config.json': formatClipConfig(wider) },
      'model.safetensors',
      "tensor 'vision_model.embeddings.position_embedding.weight' is [10, 12]",
      'needs [10, 24]',
    ],
    [
      'configuration of a deeper model',
      { ...safetensors(tensors), 'config.json': formatClipConfig(deeper) },
      "no tensor 'vision_model.encoder.layers.2.",
    ],
    ['a missing tensor', safetensors(withoutFc1), `no tensor '${fc1}' [16, 12]`],
    [
      'a tensor of another shape',
      safetensors(changed({ shape: [12, 16] })),
      'model.safetensors',
      `'${fc1}' is [12, 16], but the model needs [16, 12]`,
    ],
    [
      'a tensor of whole numbers',
      safetensors(changed({ dataType: 'int8', bytes: new Uint8Array(12 * 16) })),
      'model.safetensors',
      `'${fc1}' holds int8`,
    ],
    [
      'a file that is cut off',
      { 'model.safetensors': whole.subarray(0, -1) },
      'model.safetensors',
      `tensor '${Object.keys(tensors).at(-1)}' ends at byte`,
    ],
    ['an empty file', { 'model.safetensors': '' }, 'model.safetensors', '0 bytes'],
    [
      'a PyTorch file that is cut off',
      { 'pytorch_model.bin': torch.subarray(0, -9) },
      'pytorch_model.bin is not a whole PyTorch file',
    ],
    [
      'a file of an old PyTorch',
      { 'pytorch_model.bin': Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex') },
      'pytorch_model.bin',
      'before 1.6',
    ],
    [
      'a pointer in place of a large file',
      { 'model.safetensors': 'version https://git-lfs.github.com/spec/v1\noid sha256:0\n' },
      'model.safetensors is a pointer of Git LFS',
    ],
    [
      'a page in place of a file',
      { 'model.safetensors': '<!DOCTYPE html><html>' },
      'is not a whole',
    ],
    [
      'a missing shard',
      oneShard,
      `lacks the shard model-00002-of-00002.safetensors, which holds tensor '`,
    ],
    ['an index of nothing', { [indexName]: '{"weight_map": {}}' }, indexName, 'lists nothing'],
    ['an index that is none', { [indexName]: '[1]' }, indexName, 'no list of shards'],
    ['half an index', { [indexName]: '{"weight_map": {' }, indexName, 'no list of shards'],
    [
      'an index that leads elsewhere',
      { [indexName]: '{"weight_map": {"a": "../model.safetensors"}}' },
      indexName,
      'no list of shards',
    ],
    [
      'a shard that is cut off',
      { ...sharded, 'model-00001-of-00002.safetensors': whole.subarray(0, 99) },
      'model-00001-of-00002.safetensors is not a whole',
    ],
  ];

  it.each(cases)('%s', async (_name, files, ...parts) => {
    const error = await featuresOf(files).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(IqeError);
    expect(error).toMatchObject({ code: 'checkpoint' });
    for (const part of [folder, ...parts]) expect((error as IqeError).message).toContain(part);
  });

  it('no configuration, and no folder', async () => {
    await writeFile(join(folder, 'model.safetensors'), whole);
    for (const where of [folder, join(folder, 'nowhere')]) {
      await expect(openCheckpoint(where)).rejects.toMatchObject({
        code: 'checkpoint',
        message: expect.stringContaining(join(where, 'config.json')),
        hint: expect.stringContaining('config.json'),
      });
    }
  });

  it('a folder in place of the weights', async () => {
    await write({});
    await mkdir(join(folder, 'model.safetensors'));
    await expect(openCheckpoint(folder)).rejects.toMatchObject({ code: 'checkpoint' });
  });

  it('a file that shrinks after it was opened', async () => {
    const opened = await openCheckpoint(await write({ 'model.safetensors': whole }));
    const path = join(folder, 'model.safetensors');
    await truncate(path, whole.length - 1000);
    await expect(features(opened)).rejects.toMatchObject({ name: 'IqeError' });
    await truncate(path, 100);
    await expect(features(opened)).rejects.toMatchObject({
      code: 'checkpoint',
      message: expect.stringContaining(`${path} ended while it was read`),
    });
    await rm(path);
    await expect(features(opened)).rejects.toMatchObject({
      code: 'checkpoint',
      message: expect.stringContaining(`${path} cannot be read`),
    });
  });
});

describe('the image tower', () => {
  it('refuses stages that the tower does not have', async () => {
    const checkpoint = await openCheckpoint(await write({ 'model.safetensors': whole }));
    for (const stage of [0, 3]) {
      await expect(features(checkpoint, 24, [1, stage])).rejects.toMatchObject({
        code: 'config',
        message: expect.stringContaining(`Stage ${stage}`),
      });
    }
  });

  it('refuses images smaller than a patch', async () => {
    const checkpoint = await openCheckpoint(await write({ 'model.safetensors': whole }));
    await expect(features(checkpoint, 7)).rejects.toMatchObject({ code: 'shape' });
  });

  it('takes other image sizes, with as many patches as fit', async () => {
    const checkpoint = await openCheckpoint(await write({ 'model.safetensors': whole }));
    const [stage, , embedding] = await features(checkpoint, 45);
    expect(stage).toHaveLength(2 * 5 * 5 * tinyClip.vision.width);
    expect(embedding).toHaveLength(2 * tinyClip.embeddingWidth);
  });
});
