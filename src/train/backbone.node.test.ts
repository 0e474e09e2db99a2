import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluate } from '../../test/support/evaluate.js';
import { formulaWeights } from '../../test/support/formulaWeights.js';
import { noiseImages } from '../../test/support/smallMethod.js';
import { networkMaps } from '../backbones/network.js';
import { resnet, resnetConfigs } from '../backbones/resnet.js';
import { writeSafetensors } from '../clip/safetensors.js';
import { nodeRuntime } from '../graph/runtime.node.js';
import { B } from '../graph/shape.js';
import { input } from '../graph/tensor.js';
import { Parameters } from '../nn/parameters.js';
import { openBackbone } from './backbone.node.js';
import { resolveRunConfig } from './config.js';
import { openMethod } from './openMethod.js';

let folder: string;
const pixels = input('pixels', [B, 3, 64, 64]);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iqe-network-'));
  const parameters = new Parameters();
  resnet(pixels, parameters.weights, resnetConfigs.resnet18);
  const bytes = writeSafetensors(formulaWeights(1, parameters.list));
  await writeFile(join(folder, 'model.safetensors'), bytes);
  await writeFile(join(folder, 'config.json'), '{"architecture": "resnet18"}');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a folder with the weights of a network', () => {
  it('is recognised by them, and gives its maps', async () => {
    const { network, checkpoint } = await openBackbone(folder);
    expect(network?.name).toBe('resnet18');
    const maps = networkMaps(network!, pixels, 3);
    const results = await evaluate(
      Object.fromEntries(maps.map((map, level) => [`${level}`, map])),
      { pixels: noiseImages(1, 64) },
      checkpoint.sessionOptions,
    );
    expect(Object.values(results).map(({ shape: own }) => own)).toEqual([
      [1, 64, 16, 16],
      [1, 128, 8, 8],
      [1, 256, 4, 4],
    ]);
  });

  it('has the names of torchvision or those of transformers', async () => {
    const parameters = new Parameters();
    resnet(pixels, parameters.weights, resnetConfigs.resnet18);
    // As transformers writes `microsoft/resnet-18`.
    const written = Object.entries(formulaWeights(1, parameters.list)).map(([name, tensor]) => {
      const part = (kind: string) => (kind === 'conv' ? 'convolution' : 'normalization');
      const stem = name.replace(/^(conv|bn)1\./, (_, kind) => `embedder.embedder.${part(kind)}.`);
      const inLayer = stem
        .replace(
          /^layer(\d)\.(\d)\./,
          (_, stage, block) => `encoder.stages.${stage - 1}.layers.${block}.`,
        )
        .replace(/\.(conv|bn)(\d)\./, (_, kind, index) => `.layer.${index - 1}.${part(kind)}.`)
        .replace('downsample.0', 'shortcut.convolution')
        .replace('downsample.1', 'shortcut.normalization');
      return [`resnet.${inLayer}`, tensor];
    });
    const other = join(folder, 'transformers');
    await mkdir(other);
    const bytes = writeSafetensors({
      ...Object.fromEntries(written),
      'resnet.embedder.embedder.normalization.num_batches_tracked': {
        data: new BigInt64Array(1),
        shape: [],
      },
    });
    await writeFile(join(other, 'model.safetensors'), bytes);
    await writeFile(join(other, 'config.json'), '{"model_type": "resnet"}');
    const values = await Promise.all(
      [folder, other].map(async (from) => {
        const { network, checkpoint } = await openBackbone(from);
        const [map] = networkMaps(network!, pixels, 1);
        const feeds = { pixels: noiseImages(1, 64) };
        return (await evaluate({ map: map! }, feeds, checkpoint.sessionOptions)).map!.data;
      }),
    );
    expect(values[1]).toEqual(values[0]);
  });

  it('says what is wrong with weights without a description', async () => {
    const old = join(folder, 'old');
    await mkdir(old);
    await writeFile(
      join(old, 'pytorch_model.bin'),
      Uint8Array.from([0x80, 2, ...Buffer.alloc(20)]),
    );
    await expect(openBackbone(old)).rejects.toThrow('PyTorch before 1.6');
  });

  it('makes methods that take networks, and no others', async () => {
    const backbone = await openBackbone(folder);
    const runtime = nodeRuntime({ threads: 1 });
    const open = (method: string) =>
      openMethod(backbone, resolveRunConfig({ method, model: { imageSize: 64 } }), runtime, true);
    const { features } = await open('patchcore');
    expect(features(pixels).patches!.shape).toEqual([B, 64, 1024]);
    await expect(open('april-gan')).rejects.toThrow(
      'APRIL-GAN is made on a CLIP model; resnet18 is none',
    );
  });
});
