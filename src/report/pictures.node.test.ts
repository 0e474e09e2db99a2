import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeFileSafely } from '../base/writeFile.node.js';
import { decodeNpy } from './npy.js';
import { drawOverlay } from './overlay.js';
import { encodePng, writePictures, writePredictions } from './pictures.node.js';
import { pictureKinds } from './predictions.js';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'iqe-pictures-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const content = {
  image: { width: 3, height: 2, channels: 1, data: Uint8Array.of(0, 50, 100, 150, 200, 250) },
  map: { width: 3, height: 2, data: Float32Array.of(0, 0.2, 0.4, 0.6, 0.8, 1) },
  score: 1,
  threshold: 0.5,
} as const;

describe('encodePng', () => {
  it('keeps every sample, grey as grey', async () => {
    const grey = sharp(await encodePng(content.image));
    expect(await grey.metadata()).toMatchObject({
      format: 'png',
      channels: 1,
      width: 3,
      height: 2,
    });
    expect([...(await grey.extractChannel(0).raw().toBuffer())]).toEqual([...content.image.data]);
    const overlay = drawOverlay(content);
    const coloured = await sharp(await encodePng(overlay))
      .raw()
      .toBuffer();
    expect(coloured.equals(overlay.data)).toBe(true);
  });
});

describe('writePictures', () => {
  it('writes every kind under the name, folders included, and leaves nothing else', async () => {
    const outputs = await writePictures(folder, 'Röntgen/b c', content, pictureKinds);
    expect(outputs).toEqual({
      overlay: 'Röntgen/b c.overlay.png',
      heatmap: 'Röntgen/b c.heatmap.png',
      mask: 'Röntgen/b c.mask.png',
      npy: 'Röntgen/b c.npy',
    });
    expect((await readdir(path.join(folder, 'Röntgen'))).sort()).toEqual(
      Object.values(outputs)
        .map((file) => path.basename(file))
        .sort(),
    );
    const mask = await sharp(path.join(folder, outputs.mask as string))
      .extractChannel(0)
      .raw()
      .toBuffer();
    expect([...mask]).toEqual([0, 0, 0, 255, 255, 255]);
    const npy = decodeNpy(await readFile(path.join(folder, outputs.npy as string)));
    expect(npy).toEqual(content.map);
  });

  it('writes no mask without a threshold', async () => {
    const outputs = await writePictures(folder, 'x', { ...content, threshold: null }, [
      'mask',
      'npy',
    ]);
    expect(outputs).toEqual({ npy: 'x.npy' });
  });
});

describe('writePredictions', () => {
  it('writes the table and the JSON', async () => {
    await writePredictions(folder, { model: {}, predictions: [], failures: [] });
    expect((await readdir(folder)).sort()).toEqual(['predictions.csv', 'predictions.json']);
  });
});

describe('writeFileSafely', () => {
  it('replaces what was there', async () => {
    const file = path.join(folder, 'a.txt');
    await writeFileSafely(file, 'old');
    await writeFileSafely(file, 'new');
    expect(await readFile(file, 'utf8')).toBe('new');
    expect(await readdir(folder)).toEqual(['a.txt']);
  });

  it('says what is in the way, as an output error, and leaves it alone', async () => {
    const file = path.join(folder, 'a.txt');
    await writeFile(file, 'kept');
    await expect(writeFileSafely(path.join(file, 'b', 'c.png'), 'x')).rejects.toMatchObject({
      code: 'output',
      hint: expect.stringContaining('is a file'),
    });
    expect(await readFile(file, 'utf8')).toBe('kept');
  });

  it.skipIf(process.getuid?.() === 0)('refuses a read-only folder', async () => {
    await chmod(folder, 0o555);
    await expect(writeFileSafely(path.join(folder, 'a'), 'x')).rejects.toMatchObject({
      code: 'output',
      hint: expect.stringContaining('not writable'),
    });
    await chmod(folder, 0o755);
  });
});
