import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Progress } from '../../base/progress.js';
import { readDataSet } from '../layouts/read.node.js';
import { type WritePhantomSetOptions, writePhantomSet } from './writePhantomSet.node.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'phantom set ü '));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function options(over: Partial<WritePhantomSetOptions> = {}): WritePhantomSetOptions {
  return {
    folder,
    seed: 4,
    size: 40,
    modalities: ['chest-xray', 'dermoscopy'],
    counts: {
      train: { normal: 1, abnormal: 0 },
      valid: { normal: 1, abnormal: 1 },
      test: { normal: 2, abnormal: 2 },
    },
    ...over,
  };
}

describe('writePhantomSet', () => {
  it("writes the benchmark's layout, masks of the images' size, and what it drew", async () => {
    const reports: Progress[] = [];
    const sets = await writePhantomSet(options({ onProgress: (report) => reports.push(report) }));
    expect(sets.map(({ images }) => images)).toEqual([7, 7]);
    expect(reports.map(({ done }) => done)).toEqual(Array.from({ length: 14 }, (_, i) => i + 1));
    const set = path.join(folder, 'Phantom_Dermoscopy_AD');
    expect(sets[1]?.folder).toBe(set);
    const files = (await readdir(set, { recursive: true })).filter((file) => /\.\w+$/.test(file));
    expect(files.map((file) => file.replaceAll('\\', '/')).sort()).toEqual([
      'phantoms.json',
      'test/Ungood/anomaly_mask/phantom_0000.png',
      'test/Ungood/anomaly_mask/phantom_0001.png',
      'test/Ungood/img/phantom_0000.png',
      'test/Ungood/img/phantom_0001.png',
      'test/good/img/phantom_0000.png',
      'test/good/img/phantom_0001.png',
      'train/good/img/phantom_0000.png',
      'valid/Ungood/anomaly_mask/phantom_0000.png',
      'valid/Ungood/img/phantom_0000.png',
      'valid/good/img/phantom_0000.png',
    ]);
    const image = await sharp(path.join(set, 'test/Ungood/img/phantom_0001.png')).metadata();
    expect([image.width, image.height, image.channels]).toEqual([40, 40, 3]);
    const mask = await sharp(path.join(set, 'test/Ungood/anomaly_mask/phantom_0001.png'))
      .extractChannel(0)
      .raw()
      .toBuffer();
    expect(mask.length).toBe(1600);
    expect(new Set(mask)).toEqual(new Set([0, 255]));
    const about = JSON.parse(await readFile(path.join(set, 'phantoms.json'), 'utf8'));
    expect(about).toMatchObject({ modality: 'dermoscopy', seed: 4, size: 40 });
    expect(about.images).toHaveLength(7);
    expect(about.images[0]).toMatchObject({
      image: 'train/good/img/phantom_0000.png',
      lesion: null,
    });
  });

  it('is read back as a data set without problems', async () => {
    await writePhantomSet(options({ modalities: ['retinal-oct'] }));
    const set = await readDataSet(path.join(folder, 'Phantom_Retinal_OCT_AD'));
    expect(set.layout).toBe('benchmark');
    expect(set.problems).toEqual([]);
    expect(set.samples.filter(({ split, label }) => split === 'test' && label === 1)).toHaveLength(
      2,
    );
    expect(set.samples.filter(({ maskPath }) => maskPath !== null)).toHaveLength(3);
  });

  it('draws the same image whatever the counts and the other modalities are', async () => {
    await writePhantomSet(options());
    const larger = path.join(folder, 'larger');
    const none = { normal: 0, abnormal: 0 };
    await writePhantomSet(
      options({
        folder: larger,
        modalities: ['dermoscopy'],
        counts: { train: none, valid: none, test: { normal: 0, abnormal: 3 } },
      }),
    );
    const file = 'Phantom_Dermoscopy_AD/test/Ungood/img/phantom_0001.png';
    expect(await readFile(path.join(larger, file))).toEqual(
      await readFile(path.join(folder, file)),
    );
  });

  it('leaves a set that is there alone', async () => {
    const there = path.join(folder, 'Phantom_Dermoscopy_AD');
    await mkdir(there);
    await writeFile(path.join(there, 'mine.txt'), 'kept');
    await expect(writePhantomSet(options())).rejects.toThrowError(/there already/);
    expect(await readdir(folder)).toEqual(['Phantom_Dermoscopy_AD']);
    expect(await readdir(there)).toEqual(['mine.txt']);
  });

  it('leaves no incomplete set when it is interrupted', async () => {
    const controller = new AbortController();
    const stopped = writePhantomSet(
      options({
        signal: controller.signal,
        onProgress: ({ done }) => {
          if (done === 9) controller.abort();
        },
      }),
    );
    await expect(stopped).rejects.toMatchObject({ code: 'interrupted' });
    expect(await readdir(folder)).toEqual(['Phantom_Chest_XRay_AD']);
  });

  it('refuses counts that are none', async () => {
    const counts = { ...options().counts, test: { normal: -1, abnormal: 2 } };
    await expect(writePhantomSet(options({ counts }))).rejects.toMatchObject({ code: 'usage' });
  });
});
