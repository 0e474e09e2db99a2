import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeWith, realDataFolder } from '../../../test/support/shared.js';
import { readImageFolders } from './explicit.node.js';
import { readDataSet } from './read.node.js';

let folder: string;
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sets ünï '));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** A new folder with these files, their content where it matters. */
async function make(...files: (string | [path: string, content: string])[]): Promise<string> {
  const root = join(folder, `set ${count++}`);
  await mkdir(root);
  for (const file of files) {
    const [path, content] = typeof file === 'string' ? [file, ''] : file;
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return root;
}

describe('readDataSet', () => {
  it('reads the benchmark', async () => {
    const root = await make(
      'test/good/img/p1_02.png',
      'test/good/img/p1_01.png',
      'test/Ungood/img/größe 1.png',
      'test/Ungood/img/p2_02.png',
      'test/Ungood/img/p2_03.png',
      'test/Ungood/anomaly_mask/p2_02.png',
      'test/.DS_Store',
      '__MACOSX/test/good/img/p1_02.png',
    );
    const set = await readDataSet(root);
    expect(set).toMatchObject({ layout: 'benchmark', root, hasMasks: true, patients: 'derived' });
    expect(root.endsWith(set.name)).toBe(true);
    expect(set.samples.map(({ id, label, patient }) => [id, label, patient])).toEqual([
      ['test/Ungood/img/größe 1.png', 1, null],
      ['test/Ungood/img/p2_02.png', 1, 'p2'],
      ['test/Ungood/img/p2_03.png', 1, 'p2'],
      ['test/good/img/p1_01.png', 0, 'p1'],
      ['test/good/img/p1_02.png', 0, 'p1'],
    ]);
    expect(set.samples[1]).toMatchObject({
      imagePath: join(root, 'test/Ungood/img/p2_02.png'),
      maskPath: join(root, 'test/Ungood/anomaly_mask/p2_02.png'),
    });
    expect(set.problems).toMatchObject([
      {
        kind: 'abnormal-without-mask',
        paths: ['test/Ungood/img/größe 1.png', 'test/Ungood/img/p2_03.png'],
      },
    ]);
  });

  it('reads a manifest before anything else, and says what is missing', async () => {
    const root = await make('normal/a.png', 'b.png', [
      'manifest.csv',
      'path,label,mask,patient\nb.png,1,gone.png,7\nc.png,0,,7\n./normal/a.png,0,,\n',
    ]);
    const set = await readDataSet(root);
    expect(set).toMatchObject({ layout: 'manifest', hasMasks: false, patients: 'given' });
    expect(set.samples.map(({ id, patient }) => [id, patient])).toEqual([
      ['b.png', '7'],
      ['normal/a.png', null],
    ]);
    expect(set.problems).toMatchObject([
      { kind: 'missing-image', paths: ['c.png'] },
      { kind: 'missing-mask', paths: ['gone.png'] },
    ]);
  });

  it('reads a list by its own path', async () => {
    const root = await make('a.png', ['list of images.jsonl', '{"path": "a.png", "label": 1}']);
    const set = await readDataSet(join(root, 'list of images.jsonl'));
    expect(set).toMatchObject({ layout: 'manifest', root });
    expect(set.samples).toMatchObject([{ id: 'a.png', label: 1 }]);
  });

  it('reads meta.json, or says that it is something else', async () => {
    const meta = { test: { brain: [{ img_path: 'a.png', anomaly: 1 }] } };
    const one = await readDataSet(await make('a.png', ['meta.json', JSON.stringify(meta)]));
    expect(one).toMatchObject({ layout: 'meta', samples: [{ id: 'a.png', className: 'brain' }] });
    const other = await readDataSet(await make('normal/a.png', ['meta.json', '{"made": "today"}']));
    expect(other).toMatchObject({
      layout: 'plain',
      problems: [{ kind: 'ignored-file', paths: ['meta.json'] }],
    });
  });

  it('follows links, but in no circle', async () => {
    const root = await make('normal/a.png');
    const other = await make('b.png');
    await symlink(other, join(root, 'abnormal'));
    await symlink(root, join(root, 'normal', 'again'));
    await symlink(join(root, 'nothing'), join(root, 'normal', 'broken.png'));
    const set = await readDataSet(root);
    expect(set.samples.map(({ id }) => id)).toEqual(['abnormal/b.png', 'normal/a.png']);
  });

  it.each([
    ['nothing in it', [], /It is empty/, /manifest\.csv/],
    ['no images', ['a.txt', 'b.mha'], /No image is among its files \(\.txt, \.mha\)/, /normal\//],
    [
      'data sets in it',
      ['A_AD/test/good/img/a.png', 'B/normal/b.png', 'C/c.png'],
      /no data set itself but holds some/,
      /one of its folders: A_AD, B\./,
    ],
  ])('refuses a folder with %s', async (_, files, says, hint) => {
    const root = await make(...files);
    await expect(readDataSet(root)).rejects.toMatchObject({
      code: 'data',
      message: expect.stringMatching(says),
      hint: expect.stringMatching(hint),
    });
  });

  it('refuses what is not there, no list, and a list of what is not there', async () => {
    const root = await make(['list.csv', 'path\na.png\n'], ['a.txt', 'hello'], ['b.json', '{}']);
    await expect(readDataSet(join(root, 'gone'))).rejects.toMatchObject({ code: 'unreadable' });
    await expect(readDataSet(join(root, 'a.txt'))).rejects.toThrow(
      /expected is a folder or a list/,
    );
    await expect(readDataSet(join(root, 'b.json'))).rejects.toThrow(
      /expected is a folder or a list/,
    );
    await expect(readDataSet(join(root, 'list.csv'))).rejects.toThrow(
      /None of the 1 listed images/,
    );
  });

  it('stops when interrupted', async () => {
    const root = await make('normal/a.png');
    const signal = AbortSignal.abort();
    await expect(readDataSet(root, { signal })).rejects.toMatchObject({ code: 'interrupted' });
  });
});

describe('readImageFolders', () => {
  it('joins folders from anywhere', async () => {
    const root = await make('x/ok/a.png', 'y/sick/b.png', 'z/b_mask.png', 'z/c.png');
    const set = await readImageFolders({
      normal: join(root, 'x/ok'),
      abnormal: join(root, 'y/sick'),
      masks: join(root, 'z'),
    });
    expect(set).toMatchObject({
      layout: 'folders',
      root,
      hasMasks: true,
      samples: [
        { id: 'x/ok/a.png', label: 0, maskPath: null, split: null },
        { id: 'y/sick/b.png', label: 1, maskPath: join(root, 'z/b_mask.png') },
      ],
      problems: [{ kind: 'mask-without-image', paths: ['z/c.png'] }],
    });
  });

  it('finds masks within a folder of the benchmark', async () => {
    const root = await make('good/img/1.png', 'Ungood/img/1.png', 'Ungood/anomaly_mask/1.png');
    const set = await readImageFolders({
      normal: join(root, 'good'),
      abnormal: join(root, 'Ungood'),
    });
    expect(set.samples.map(({ id, maskPath }) => [id, maskPath])).toEqual([
      ['Ungood/img/1.png', join(root, 'Ungood/anomaly_mask/1.png')],
      ['good/img/1.png', null],
    ]);
  });

  it('takes normal images alone', async () => {
    const root = await make('a.png', 'deep/b.png');
    const set = await readImageFolders({ normal: root });
    expect(set.samples).toMatchObject([
      { id: 'a.png', label: 0 },
      { id: 'deep/b.png', label: 0 },
    ]);
  });

  it('refuses an empty folder and one within the other', async () => {
    const root = await make('a.png', 'sick/b.png', 'empty/readme.txt');
    const within = { normal: root, abnormal: join(root, 'sick') };
    await expect(readImageFolders(within)).rejects.toThrow(/sick\/b\.png is in/);
    const empty = { normal: join(root, 'sick'), abnormal: join(root, 'empty') };
    await expect(readImageFolders(empty)).rejects.toThrow(/empty has no images/);
  });
});

describeWith(realDataFolder, 'real data', () => {
  it.each([
    ['Brain_MS_AD', { valid: [16, 16], test: [20, 96] }, true, 'derived'],
    ['Breast_US_AD', { valid: [16, 16], test: [34, 83] }, true, 'none'],
    ['Chest_AD', { valid: [16, 16], test: [100, 100] }, false, 'derived'],
    ['Head_CT_AD', { valid: [16, 16], test: [84, 84] }, false, 'none'],
  ])('%s', async (name, counts, hasMasks, patients) => {
    const set = await readDataSet(join(realDataFolder, name));
    expect(set).toMatchObject({ name, layout: 'benchmark', hasMasks, patients, problems: [] });
    for (const [split, labels] of Object.entries(counts)) {
      const found = [0, 1].map(
        (label) =>
          set.samples.filter((sample) => sample.split === split && sample.label === label).length,
      );
      expect(found, split).toEqual(labels);
    }
  });

  it('is to be given set by set', async () => {
    await expect(readDataSet(realDataFolder)).rejects.toMatchObject({
      hint: expect.stringMatching(/Brain_MS_AD/),
    });
  });
});
