import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type DicomElement,
  words,
  writeDicom,
  writeDicomImage,
} from '../../test/support/dicomWriter.js';
import { imagesAmong, listDicomDirectory } from './imageFiles.node.js';
import { readDataSet } from './layouts/read.node.js';
import { listFiles } from './layouts/walk.node.js';

let folder: string;
const image = writeDicomImage({ rows: 1, columns: 2, pixels: words([1, 2], 2) });

function dicomDirectory(...files: string[]): Uint8Array {
  const records = files.map((file): DicomElement[] => [
    [0x00041430, 'CS', 'IMAGE'],
    [0x00041500, 'CS', file],
  ]);
  return writeDicom([[0x00041220, 'SQ', records]], { sopClass: '1.2.840.10008.1.3.10' });
}

async function make(name: string, files: Record<string, Uint8Array | string>): Promise<string> {
  const root = join(folder, name);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return root;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'image files '));
});
afterAll(() => rm(folder, { recursive: true }));

describe('imagesAmong', () => {
  it('finds DICOM files whose names tell nothing', async () => {
    const root = await make('disc', {
      DICOMDIR: dicomDirectory('IMAGES\\IM1'),
      'IMAGES/IM1': image,
      'IMAGES/1.2.840.113619.2': image,
      'IMAGES/scan.ima': image,
      'IMAGES/scan.txt': image,
      'IMAGES/LICENSE': 'MIT',
      'picture.png': '',
    });
    const found = await imagesAmong(root, await listFiles(root));
    expect(found).toEqual([
      'IMAGES/1.2.840.113619.2',
      'IMAGES/IM1',
      'IMAGES/scan.ima',
      'picture.png',
    ]);
  });

  it('serves data sets', async () => {
    const root = await make('set', {
      'normal/IM1': image,
      'abnormal/IM1': image,
      'abnormal/notes': 'none',
    });
    const { layout, samples } = await readDataSet(root);
    expect(layout).toBe('plain');
    expect(samples.map(({ id, label }) => [id, label])).toEqual([
      ['abnormal/IM1', 1],
      ['normal/IM1', 0],
    ]);
  });
});

describe('listDicomDirectory', () => {
  it('lists images as they are on the disk', async () => {
    const root = await make('listed', {
      DICOMDIR: dicomDirectory('A\\IM1', 'A\\IM2', 'A\\GONE'),
      'A/IM1': image,
      'a/im2': image,
    });
    expect(await listDicomDirectory(join(root, 'DICOMDIR'))).toEqual(['A/IM1', 'a/im2', 'a/gone']);
    expect(await listDicomDirectory(join(root, 'A/IM1'))).toBeUndefined();
  });

  it('names the file where it is damaged', async () => {
    const bytes = dicomDirectory('A', 'B');
    const root = await make('damaged', { DICOMDIR: bytes.subarray(0, -5) });
    await expect(listDicomDirectory(join(root, 'DICOMDIR'))).rejects.toMatchObject({
      code: 'unreadable',
      message: expect.stringContaining(join(root, 'DICOMDIR')),
    });
  });
});
