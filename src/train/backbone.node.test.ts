import { mkdtemp, rm, writeFile } from 'node:fs/promises';
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
