import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HubServer } from '../../test/support/hubServer.js';
import { defaultCacheFolder, type ResolveBackboneOptions, resolveBackbone } from './hub.node.js';

describe('resolveBackbone', () => {
  const server = new HubServer();
  let cache: string;
  beforeEach(async () => {
    cache = await mkdtemp(join(tmpdir(), 'iqe-hub-'));
    server.files.clear();
    server.requests.length = 0;
    await server.start();
  });
  afterEach(async () => {
    await server.stop();
    await rm(cache, { recursive: true });
  });

  const serve = (files: Record<string, string>, at = '/o/n/resolve/main') => {
    for (const [name, text] of Object.entries(files)) {
      server.files.set(`${at}/${name}`, { body: Buffer.from(text) });
    }
  };
  const resolve = (backbone: string, options: ResolveBackboneOptions = {}) =>
    resolveBackbone(backbone, {
      cacheFolder: cache,
      hub: server.address,
      environment: {},
      retryDelay: 1,
      ...options,
    });
  const requested = () => server.requests.map((path) => path.split('/').at(-1));
  const index = JSON.stringify({
    weight_map: { b: 'model-2.safetensors', a: 'model-1.safetensors', c: 'model-1.safetensors' },
  });

  it('takes a folder as it is', async () => {
    expect(await resolve(cache)).toBe(cache);
    await writeFile(join(cache, 'file'), '');
    await expect(resolve(join(cache, 'file'))).rejects.toMatchObject({ code: 'usage' });
    await expect(resolve(join(cache, 'nowhere'))).rejects.toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('ViT-L-14-336'),
    });
    expect(server.requests).toEqual([]);
  });

  it('downloads a checkpoint in one file, once', async () => {
    serve({ 'config.json': '{}', 'merges.txt': 'a b', 'model.safetensors': 'weights' });
    const stages = new Set<string>();
    const folder = await resolve('o/n', { onProgress: ({ stage }) => stages.add(stage) });
    expect(folder).toBe(join(cache, 'backbones', 'o--n', 'main'));
    expect((await readdir(folder)).sort()).toEqual([
      'config.json',
      'merges.txt',
      'model.safetensors',
    ]);
    expect(await readFile(join(folder, 'model.safetensors'), 'utf8')).toBe('weights');
    expect([...stages].at(-1)).toBe('download model.safetensors');
    server.requests.length = 0;
    expect(await resolve('o/n')).toBe(folder);
    expect(await resolve('o/n', { offline: true })).toBe(folder);
    expect(server.requests).toEqual([]);
  });

  it('downloads shards and, without merges.txt, tokenizer.json', async () => {
    serve({
      'config.json': '{}',
      'tokenizer.json': '{}',
      'model.safetensors.index.json': index,
      'model-1.safetensors': '1',
      'model-2.safetensors': '2',
    });
    const folder = await resolve('o/n');
    expect(await readdir(folder)).toHaveLength(5);
    await rm(join(folder, 'model-2.safetensors'));
    await expect(resolve('o/n', { offline: true })).rejects.toThrow('model-2.safetensors missing');
    server.requests.length = 0;
    await resolve('o/n');
    expect(requested()).toEqual(['merges.txt', 'model.safetensors', 'model-2.safetensors']);
  });

  it('downloads the weights of PyTorch where there are no others', async () => {
    serve({ 'config.json': '{}', 'merges.txt': 'a b', 'pytorch_model.bin': 'weights' });
    const folder = await resolve('o/n');
    expect(await readdir(folder)).toContain('pytorch_model.bin');
    expect(requested().slice(2)).toEqual([
      'model.safetensors',
      'model.safetensors.index.json',
      'pytorch_model.bin',
    ]);
    expect(await resolve('o/n', { offline: true })).toBe(folder);
    serve({ 'model.safetensors': 'better weights' });
    await rm(folder, { recursive: true });
    expect(await readdir(await resolve('o/n'))).not.toContain('pytorch_model.bin');
  });

  it('downloads the shards of PyTorch, and goes on with those that are missing', async () => {
    serve({
      'config.json': '{}',
      'merges.txt': 'a b',
      'pytorch_model.bin.index.json': index.replaceAll('safetensors', 'bin'),
      'model-1.bin': '1',
    });
    await expect(resolve('o/n')).rejects.toThrow('has no model-2.bin');
    serve({ 'model-2.bin': '2' });
    await expect(resolve('o/n', { offline: true })).rejects.toThrow(': model-2.bin missing');
    server.requests.length = 0;
    expect(await readdir(await resolve('o/n'))).toHaveLength(5);
    expect(requested().at(-1)).toBe('model-2.bin');
    expect(requested()).not.toContain('model-1.bin');
  });

  it('asks for a short name and for a revision where they are', async () => {
    const files = { 'config.json': '{}', 'model.safetensors': 'w' };
    serve(files, '/openai/clip-vit-base-patch16/resolve/main');
    expect(await resolve('ViT-B/16')).toContain('clip-vit-base-patch16');
    serve(files, '/o/n/resolve/refs/pr/3');
    expect(await resolve('o/n@refs/pr/3')).toBe(join(cache, 'backbones', 'o--n', 'refs--pr--3'));
  });

  it('takes hub, cache and offline mode from the environment', async () => {
    serve({ 'config.json': '{}', 'model.safetensors': 'w' });
    const fromEnvironment = (environment: Record<string, string>) =>
      resolveBackbone('o/n', { environment: { IQE_CACHE: cache, ...environment }, retryDelay: 1 });
    for (const offline of [{ IQE_OFFLINE: '1' }, { HF_HUB_OFFLINE: 'true' }]) {
      await expect(
        fromEnvironment({ IQE_HUB_MIRROR: server.address, ...offline }),
      ).rejects.toMatchObject({ code: 'download' });
    }
    expect(server.requests).toEqual([]);
    await expect(fromEnvironment({ HF_ENDPOINT: 'nowhere' })).rejects.toMatchObject({
      code: 'usage',
    });
    await fromEnvironment({ IQE_HUB_MIRROR: `${server.address}/`, HF_ENDPOINT: 'nowhere' });
    expect(server.requests[0]).toBe('/o/n/resolve/main/config.json');
  });

  it('says offline what is missing, where, and what to do', async () => {
    const folder = join(cache, 'backbones', 'o--n', 'main');
    await expect(resolve('o/n', { offline: true })).rejects.toMatchObject({
      code: 'download',
      message: `Offline, and o/n at revision 'main' is not complete in ${folder}: config.json, model.safetensors missing.`,
      hint: expect.stringContaining('IQE_OFFLINE'),
    });
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'config.json'), '{}');
    await expect(resolve('o/n', { offline: true })).rejects.toThrow(': model.safetensors missing');
    expect(server.requests).toEqual([]);
  });

  it('says what the hub does not have', async () => {
    await expect(resolve('o/n')).rejects.toMatchObject({
      code: 'download',
      message: `${server.address} has no config.json of o/n at revision 'main' (Entry not found).`,
      hint: expect.stringContaining('spelling'),
    });
    serve({ 'config.json': '{}' });
    await expect(resolve('o/n')).rejects.toMatchObject({
      message: expect.stringContaining('has no model.safetensors and no pytorch_model.bin of o/n'),
      hint: expect.stringContaining('o/n@refs/pr/NUMBER'),
    });
    serve({ 'model.safetensors.index.json': index, 'model-1.safetensors': '1' });
    await expect(resolve('o/n')).rejects.toThrow('has no model-2.safetensors');
  });

  it('follows no shard out of the folder', async () => {
    const weight_map = { a: '../../evil.safetensors' };
    serve({ 'config.json': '{}', 'model.safetensors.index.json': JSON.stringify({ weight_map }) });
    await expect(resolve('o/n')).rejects.toMatchObject({ code: 'checkpoint' });
    expect(requested()).not.toContain('evil.safetensors');
  });

  it('serves several at once', async () => {
    serve({ 'config.json': '{}', 'merges.txt': 'a b', 'model.safetensors': 'w'.repeat(100_000) });
    const folders = await Promise.all([resolve('o/n'), resolve('o/n'), resolve('o/n')]);
    expect(new Set(folders).size).toBe(1);
    expect(await readdir(folders[0] as string)).toHaveLength(3);
  });
});

describe('defaultCacheFolder', () => {
  it('is $IQE_CACHE, else in the place of the system', () => {
    expect(defaultCacheFolder({ IQE_CACHE: '/here' })).toBe('/here');
    expect(defaultCacheFolder({}).startsWith(homedir())).toBe(true);
    expect(defaultCacheFolder({})).toContain('iqe-clip');
  });
});
