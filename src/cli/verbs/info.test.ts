import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandLine } from '../../../test/support/commandLine.js';
import { formatClipConfig, parseClipConfig } from '../../clip/config.js';
import { writeRandomCheckpoint } from '../../clip/randomCheckpoint.node.js';
import { writeSafetensors } from '../../clip/safetensors.js';
import { tensorShapes } from '../../clip/tensorShapes.js';
import { resolveRunConfig } from '../../train/config.js';
import type { SavedRun } from '../../train/savedRun.js';
import { packageVersion } from '../version.js';

const config = parseClipConfig(
  JSON.stringify({
    projection_dim: 6,
    text_config: {
      hidden_size: 8,
      intermediate_size: 12,
      num_hidden_layers: 2,
      num_attention_heads: 2,
      max_position_embeddings: 9,
      vocab_size: 30,
    },
    vision_config: {
      hidden_size: 10,
      intermediate_size: 14,
      num_hidden_layers: 3,
      num_attention_heads: 2,
      image_size: 32,
      patch_size: 16,
      hidden_act: 'gelu',
    },
  }),
  'test',
);

const count = (prefix: string) =>
  [...tensorShapes(config)]
    .filter(([name]) => name.startsWith(prefix))
    .reduce((sum, [, shape]) => sum + shape.reduce((a, b) => a * b, 1), 0);

let folder: string;
let backbone: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iqe info ü '));
  backbone = join(folder, 'backbone');
  await writeRandomCheckpoint(backbone, config, 0);
});
afterAll(() => rm(folder, { recursive: true }));

async function infoJson(...words: string[]) {
  const { status, stdout, stderr } = await commandLine(['info', ...words, '--json']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout);
}

describe('info', () => {
  it('tells what is installed', async () => {
    const { status, stdout } = await commandLine(['info', '--threads', '3'], {
      environment: { IQE_CACHE: '/some/cache' },
    });
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`iqe-clip +${packageVersion.replaceAll('.', '\\.')}\n`));
    expect(stdout).toMatch(/threads +3 on \d+ cores\n/);
    expect(stdout).toMatch(/cache +\/some\/cache\n/);
    expect(stdout).toMatch(/tiny +.*models.tiny/);
    expect(stdout).toMatch(/^ +winclip\+ +WinCLIP that/m);
  });

  it('does so as JSON', async () => {
    const info = await infoJson();
    expect(info).toMatchObject({
      iqeClip: packageVersion,
      node: process.versions.node,
      run: null,
      backbone: null,
    });
    expect(info.backends).toContainEqual({ name: 'cpu', bundled: true });
    expect(info.methods).toContainEqual({
      name: 'patchcore',
      title: 'PatchCore',
      summary: expect.stringContaining('nearest'),
      needs: expect.objectContaining({ images: 'none', masks: 'no', references: 'yes' }),
    });
  });

  it('prints the schema of configurations', async () => {
    const { stdout } = await commandLine(['info', '--schema']);
    expect(JSON.parse(stdout)).toHaveProperty('properties.training.properties.epochs.default', 50);
    expect((await commandLine(['info', '--schema', '--json'])).stdout).toBe(stdout);
  });
});

describe('info BACKBONE', () => {
  it('tells its sizes', async () => {
    const info = await infoJson(backbone);
    expect(info.backbone).toMatchObject({
      folder: backbone,
      embeddingWidth: 6,
      vision: { imageSize: 32, patchSize: 16, width: 10, layers: 3, activation: 'gelu' },
      text: { contextLength: 9, vocabularySize: 30, width: 8, layers: 2 },
      dataTypes: ['float32'],
      parameters: {
        image: count('vis'),
        text: count('text_'),
        all: count('vis') + count('text_') + 1,
      },
    });
    expect(info.backbone.files.map(({ name }: { name: string }) => name)).toEqual([
      'config.json',
      'model.safetensors',
    ]);
    const { stdout } = await commandLine(['info', backbone]);
    expect(stdout).toMatch(/image +32 pixels in patches of 16\n/);
    expect(stdout).toMatch(/model\.safetensors \(\d+\.\d kB\)/);
  });

  it('counts the parameters of all shards, in any data type', async () => {
    const shards = join(folder, 'shards');
    await mkdir(shards);
    await writeFile(join(shards, 'config.json'), formatClipConfig(config));
    const weight_map: Record<string, string> = {};
    for (const [index, name] of ['text_projection.weight', 'visual_projection.weight'].entries()) {
      const file = `model-0000${index + 1}-of-00002.safetensors`;
      weight_map[name] = file;
      const tensor = { data: new Float32Array(6), shape: [2, 3] };
      await writeFile(join(shards, file), writeSafetensors({ [name]: tensor }, {}, index === 1));
    }
    const index = JSON.stringify({ weight_map });
    await writeFile(join(shards, 'model.safetensors.index.json'), index);
    expect((await infoJson(shards)).backbone).toMatchObject({
      parameters: { image: 6, text: 6, all: 12 },
      dataTypes: ['float16', 'float32'],
    });
  });

  it('finds what was downloaded, and downloads nothing', async () => {
    const cache = join(folder, 'cache');
    await cp(backbone, join(cache, 'backbones', 'some--clip', 'main'), { recursive: true });
    const environment = { IQE_CACHE: cache };
    const words = (name: string) => ['info', name, '--json'];
    const { stdout } = await commandLine(words('some/clip'), { environment });
    expect(JSON.parse(stdout).backbone.parameters.image).toBe(count('vis'));
    const { status, stderr } = await commandLine(words('other/clip'), { environment });
    expect(status).toBe(2);
    expect(stderr).toContain("'other/clip' is not on this machine");
  });

  it('is an error where there is neither run nor backbone, or a damaged one', async () => {
    expect((await commandLine(['info', join(folder, 'nothing')])).status).toBe(2);
    const damaged = join(folder, 'damaged');
    await mkdir(damaged);
    await writeFile(join(damaged, 'config.json'), '{');
    const { status, stderr } = await commandLine(['info', damaged]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^Error: .*damaged/);
  });
});

describe('info RUN', () => {
  const run: SavedRun = {
    format: 'iqe-clip run',
    formatVersion: 1,
    createdWith: '0.1.0',
    finished: false,
    config: resolveRunConfig({ preset: 'official', seed: 7 }),
    backboneIdentity: 'abc',
    data: {
      name: 'ultrasound',
      hash: 'def',
      shots: { normal: ['a', 'b'], abnormal: ['c'] },
      masks: true,
    },
    decision: null,
    history: [0.75, 0.5, 0.25],
  };

  it('tells what was trained on what, and with which configuration', async () => {
    const path = join(folder, 'run');
    await mkdir(path);
    await writeFile(join(path, 'run.json'), JSON.stringify(run));
    expect((await infoJson(path)).run).toMatchObject({ folder: path, ...run });
    const { stdout } = await commandLine(['info', path]);
    expect(stdout).toContain('(not finished)');
    expect(stdout).toMatch(/data +ultrasound: 2 normal and 1 abnormal images, with masks\n/);
    expect(stdout).toMatch(/loss +0\.7500 in the first epoch, 0\.2500 in the last\n/);
    expect(stdout).toMatch(/\n {2}preset: official\n/);
    expect(stdout).toMatch(/\n {2}seed: 7\n/);
  });
});
