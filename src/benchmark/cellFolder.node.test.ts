import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { evaluateImages } from '../metrics/evaluation.js';
import { CellFolder } from './cellFolder.node.js';
import type { MeasuredCell } from './results.js';

let path: string;
let folder: CellFolder;
beforeEach(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'iqe-clip-cell-')), 'set', 'method');
  folder = new CellFolder(path);
});
afterEach(() => rm(join(path, '..', '..'), { recursive: true }));

const evaluation = {
  ...evaluateImages([{ score: 1, label: 1 }]),
  images: [],
  failures: [],
  seed: 0,
  dataHash: 'none',
} satisfies MeasuredCell['evaluation'];

describe('CellFolder', () => {
  it('knows nothing before it has begun', async () => {
    expect(await folder.isOf('key')).toBe(false);
    expect(await folder.measured('key')).toBeUndefined();
    expect(await folder.shown('key')).toBeUndefined();
    expect(await folder.unread()).toEqual([]);
  });

  it('gives back what was measured and shown, to those who name the same key', async () => {
    await folder.begin('key', { method: 'clip' });
    await folder.saveMeasured('test key', { rule: 'largest F1', evaluation });
    await folder.saveShown('shown key', { gallery: {}, compared: {}, embeddings: [] });
    expect(await folder.measured('test key')).toMatchObject({ rule: 'largest F1', evaluation });
    expect(await folder.measured('key')).toBeUndefined();
    expect(await folder.shown('shown key')).toEqual({ gallery: {}, compared: {}, embeddings: [] });
    expect(await folder.shown('test key')).toBeUndefined();
  });

  it('keeps a run of the same key, and clears away that of another', async () => {
    await folder.begin('key', {});
    await mkdir(folder.run);
    await writeFile(join(folder.run, 'run.json'), '{}');
    await folder.begin('key', {});
    expect(await readdir(folder.run)).toEqual(['run.json']);
    expect(await folder.isOf('key')).toBe(true);
    await folder.begin('other', {});
    expect(await readdir(path)).toEqual(['cell.json']);
    expect(await folder.isOf('key')).toBe(false);
  });

  it('takes a damaged file for a missing one', async () => {
    await folder.begin('key', {});
    await folder.saveMeasured('test key', { rule: '', evaluation });
    await writeFile(join(path, 'evaluation.json'), '{"key": "test k');
    expect(await folder.measured('test key')).toBeUndefined();
  });
});
