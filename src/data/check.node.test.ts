import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { words, writeDicomImage } from '../../test/support/dicomWriter.js';
import { pattern, png } from '../../test/support/images.js';
import { writeNifti } from '../../test/support/niftiWriter.js';
import { describeWith, realDataFolder } from '../../test/support/shared.js';
import type { DataCheck, FindingKind } from './check.js';
import { checkDataSet } from './check.node.js';
import { describeDataCheck } from './checkText.js';

let folder: string;
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'checks ünï '));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** Another picture for each number. */
async function picture(number: number, width = 4, height = 3): Promise<Buffer> {
  const data = pattern(width, height, 1);
  data[0] = number;
  return png(width, height, 1, data);
}

async function maskOf(value: number, width = 4, height = 3): Promise<Buffer> {
  const data = new Uint8Array(width * height);
  data[5] = value;
  return png(width, height, 1, data);
}

async function make(files: Record<string, Buffer | string | number>): Promise<string> {
  const root = join(folder, `set ${count++}`);
  await mkdir(root);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(
      join(root, path),
      typeof content === 'number' ? await picture(content) : content,
    );
  }
  return root;
}

function items(check: DataCheck, kind: FindingKind): readonly string[] | undefined {
  return check.findings.find((finding) => finding.kind === kind)?.items;
}

describe('checkDataSet', () => {
  it('finds nothing wrong with a good set', async () => {
    const root = await make({
      'test/good/img/a.png': 1,
      'test/Ungood/img/b.png': 2,
      'test/Ungood/anomaly_mask/b.png': await maskOf(255),
      'valid/good/img/c.png': 3,
      'valid/good/img/d.png': 4,
      'valid/Ungood/img/e.png': 5,
      'valid/Ungood/anomaly_mask/e.png': await maskOf(255, 8, 6),
    });
    const check = await checkDataSet(root);
    expect(check).toEqual({
      path: root,
      name: expect.stringMatching(/^set/),
      usable: true,
      layout: 'benchmark',
      reason: null,
      suggestion: null,
      counts: [
        { split: 'valid', normal: 2, abnormal: 1, unlabelled: 0, masks: 1 },
        { split: 'test', normal: 1, abnormal: 1, unlabelled: 0, masks: 1 },
      ],
      uses: { predict: true, maxShots: 1, evaluate: true, pixelMetrics: true },
      patients: { source: 'none', count: 0, inSeveralSplits: [] },
      duplicates: [],
      sizes: {
        distinct: 1,
        smallest: { width: 4, height: 3 },
        largest: { width: 4, height: 3 },
      },
      findings: [],
    });
    expect(JSON.parse(JSON.stringify(check))).toEqual(check);
  });

  it('finds what is wrong with a bad one', async () => {
    const root = await make({
      'test/good/img/p1_1.png': 1,
      'test/good/img/p2_1.png': 2,
      'test/good/img/twin.png': 7,
      'test/good/label/p2_1.png': await maskOf(255),
      'test/Ungood/img/broken.png': 'no image',
      'test/Ungood/img/deep.png': await png(
        4,
        3,
        1,
        Uint16Array.from({ length: 12 }, (_, i) => i),
      ),
      'test/Ungood/img/empty.png': 3,
      'test/Ungood/img/odd.png': 4,
      'test/Ungood/img/twin.png': 7,
      'test/Ungood/label/empty.png': await maskOf(1),
      'test/Ungood/label/odd.png': await maskOf(255, 4, 4),
      'test/Ungood/label/broken.png': 'no mask',
      'test/Ungood/label/nobody.png': await maskOf(255),
      'valid/good/img/p1_2.png': 1,
      'valid/good/img/p2_2.png': await picture(6, 40, 30),
      'valid/good/img/scan.dcm': 'DICOM',
      'valid/good/img/p2_3.png': await picture(6, 40, 30),
      'notes/x.png': 9,
    });
    const check = await checkDataSet(root);
    expect(check.usable).toBe(true);
    expect(items(check, 'unreadable-image')).toEqual([
      'test/Ungood/img/broken.png (it is not an image)',
      'valid/good/img/scan.dcm (it is no DICOM file, or damaged at its start)',
    ]);
    expect(items(check, 'unreadable-mask')).toEqual([
      'test/Ungood/label/broken.png (it is not an image)',
    ]);
    expect(items(check, 'deep-images')).toEqual(['test/Ungood/img/deep.png']);
    expect(items(check, 'empty-mask')).toEqual([
      'test/Ungood/label/empty.png (largest value 1 of 255)',
    ]);
    expect(items(check, 'mask-size')).toEqual(['test/Ungood/label/odd.png (4×4, its image 4×3)']);
    expect(items(check, 'mask-of-normal')).toEqual(['test/good/label/p2_1.png']);
    expect(items(check, 'mask-without-image')).toEqual(['test/Ungood/label/nobody.png']);
    expect(items(check, 'abnormal-without-mask')).toEqual([
      'test/Ungood/img/deep.png',
      'test/Ungood/img/twin.png',
    ]);
    expect(items(check, 'ignored-images')).toEqual(['notes/x.png']);
    expect(items(check, 'no-abnormal')).toEqual([]);
    expect(items(check, 'duplicates-across-labels')).toEqual([
      'test/Ungood/img/twin.png = test/good/img/twin.png',
    ]);
    expect(items(check, 'duplicates-across-splits')).toEqual([
      'test/good/img/p1_1.png = valid/good/img/p1_2.png',
    ]);
    expect(items(check, 'duplicates')).toEqual([
      'valid/good/img/p2_2.png = valid/good/img/p2_3.png',
    ]);
    expect(items(check, 'patients-across-splits')).toEqual([
      'p1 (valid, test)',
      'p2 (valid, test)',
    ]);
    expect(check.duplicates).toHaveLength(3);
    expect(check.patients).toMatchObject({ source: 'derived', count: 2 });
    expect(check.uses).toEqual({ predict: true, maxShots: 0, evaluate: true, pixelMetrics: true });
  });

  it.each([
    ['only normal images', { 'normal/a.png': 1 }, /No abnormal images: no few-shot training/],
    ['only abnormal images', { 'abnormal/a.png': 1 }, /No normal images/],
    ['no labels', { 'a.png': 1 }, /No image says whether it is normal or abnormal/],
    [
      'no valid split',
      { 'test/good/a.png': 1, 'test/Ungood/b.png': 2 },
      /There is no split 'valid': no few-shot training/,
    ],
    [
      'no test split',
      { 'valid/good/a.png': 1, 'valid/Ungood/b.png': 2 },
      /There is no split 'test': no AUROC/,
    ],
    [
      'normal images alone to test on',
      { 'train/good/a.png': 1, 'test/good/b.png': 2, 'valid/good/c.png': 3 },
      /No abnormal images in test: no AUROC/,
    ],
  ])('says clearly that there are %s', async (_, files, says) => {
    const check = await checkDataSet(await make(files));
    expect(check.usable).toBe(true);
    expect(check.findings.map(({ message }) => message).join('\n')).toMatch(says);
  });

  it('opens DICOM and NIfTI files, slices that a manifest names, and their masks', async () => {
    const values = (marked: number) => Array.from({ length: 36 }, (_, i) => Number(i === marked));
    const volume = { shape: [4, 3, 3], sform: [1, [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]] } as const;
    const cine = { rows: 3, columns: 4, frames: 2, pixels: words(new Array(24).keys(), 2) };
    const root = await make({
      'scan.nii.gz': Buffer.from(writeNifti({ ...volume, values: values(3), gzip: true })),
      'mask.nii': Buffer.from(writeNifti({ ...volume, values: values(20) })),
      'small.nii': Buffer.from(writeNifti({ ...volume, shape: [4, 2, 3], values: values(20) })),
      'cine.dcm': Buffer.from(writeDicomImage(cine)),
      'manifest.csv': [
        'path,label,mask',
        'cine.dcm,0,',
        'cine.dcm#frame=0,0,',
        'scan.nii.gz#axial=0,1,mask.nii',
        'scan.nii.gz#axial=1,1,mask.nii',
        'scan.nii.gz#coronal=1,1,small.nii#coronal=1',
      ].join('\n'),
    });
    const check = await checkDataSet(root);
    expect(check).toMatchObject({ usable: true, sizes: { distinct: 1 }, duplicates: [] });
    expect(items(check, 'several-images')).toEqual(['cine.dcm (2)']);
    expect(items(check, 'empty-mask')).toEqual(['mask.nii (largest value 0 of 255)']);
    expect(items(check, 'deep-images')).toBeUndefined();
    expect(items(check, 'unreadable-mask')).toBeUndefined();
  });

  it('suggests a layout for images without labels', async () => {
    const check = await checkDataSet(await make({ 'p1/a.png': 1, 'p2/b.png': 2 }));
    expect(check).toMatchObject({ usable: true, layout: 'images', uses: { maxShots: 0 } });
    expect(check.suggestion).toMatch(/normal\/ and abnormal\//);
  });

  it.each([
    ['sets within', { 'A_AD/normal/a.png': 1 }, /holds some/, /A_AD/],
    ['no images', { 'a.mha': 'x' }, /No image is among its files \(\.mha\)/, /normal\//],
    [
      'a wrong manifest',
      { 'a.png': 1, 'manifest.csv': 'path,label\na.png,9\n' },
      /line 2: label "9"/,
      /Correct/,
    ],
  ])('is not usable with %s, and says what to do', async (_, files, reason, suggestion) => {
    const check = await checkDataSet(await make(files));
    expect(check).toMatchObject({
      usable: false,
      layout: null,
      reason: expect.stringMatching(reason),
      suggestion: expect.stringMatching(suggestion),
    });
  });

  it('is not usable where no image can be read', async () => {
    const check = await checkDataSet(await make({ 'normal/a.png': '', 'abnormal/b.png': 'x' }));
    expect(check).toMatchObject({ usable: false, layout: 'plain' });
    expect(items(check, 'unreadable-image')).toEqual([
      'abnormal/b.png (it is not an image)',
      'normal/a.png (it is empty (0 bytes))',
    ]);
  });

  it('changes nothing, tells how far it is, and can be interrupted', async () => {
    const root = await make({ 'normal/a.png': 1, 'normal/b.png': 2, 'abnormal/c.png': 3 });
    const before = await readdir(root, { recursive: true });
    const reports: string[] = [];
    await checkDataSet(root, {
      onProgress: ({ stage, done, total }) => reports.push(`${stage} ${done}/${total}`),
    });
    expect(reports).toContain('checking images 3/3');
    expect(await readdir(root, { recursive: true })).toEqual(before);
    const controller = new AbortController();
    const interrupted = checkDataSet(root, {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(interrupted).rejects.toMatchObject({ code: 'interrupted' });
  });

  it('throws where there is nothing', async () => {
    await expect(checkDataSet(join(folder, 'nothing'))).rejects.toMatchObject({
      code: 'unreadable',
    });
  });
});

describe('describeDataCheck', () => {
  it('shows counts, uses and findings, warnings first', async () => {
    const root = await make({
      'test/good/img/a.png': 1,
      'test/good/img/b.png': 1,
      'test/Ungood/img/c.png': 3,
      'valid/good/img/d.png': 4,
    });
    const text = describeDataCheck(await checkDataSet(root));
    expect(text.split('\n').slice(1)).toEqual([
      'Read as the benchmark, {train,valid,test}/{good,Ungood}/{img,anomaly_mask}.',
      '',
      '          normal  abnormal  unlabelled  masks',
      'valid          1         0           0      0',
      'test           2         1           0      0',
      '',
      'Sizes: all 4×3 pixels.',
      'Patients: not known; intervals will take each image for a patient of its own.',
      'Good for: predict, evaluate images.',
      '',
      'warning: No abnormal images in valid: no few-shot training with both, and no threshold can be chosen.',
      'note: The same image more than once: it counts more than others.',
      '    test/good/img/a.png = test/good/img/b.png',
    ]);
  });

  it('cuts long lists', async () => {
    const names = Array.from({ length: 8 }, (_, i) => `normal/${i}.png`);
    const root = await make({
      'abnormal/a.png': 1,
      ...Object.fromEntries(names.map((name) => [name, 'x'])),
    });
    expect(describeDataCheck(await checkDataSet(root))).toMatch(/4\.png .*\n {4}and 3 more/);
  });

  it('says why a folder is not usable', async () => {
    const root = await make({ 'A_AD/normal/a.png': 1 });
    expect(describeDataCheck(await checkDataSet(root)).split('\n')).toEqual([
      `${root}: not usable`,
      `${root} cannot be used as a data set. It is no data set itself but holds some.`,
      'Give one of its folders: A_AD.',
    ]);
  });
});

describeWith(realDataFolder, 'real data', () => {
  it.each(['Brain_MS_AD', 'Breast_US_AD', 'Chest_AD', 'Head_CT_AD'])(
    '%s can be used',
    async (name) => {
      const check = await checkDataSet(join(realDataFolder, name));
      expect(check).toMatchObject({
        usable: true,
        layout: 'benchmark',
        uses: { maxShots: 16, evaluate: true },
      });
      const kinds = new Set(check.findings.map(({ kind }) => kind));
      expect(kinds.has('unreadable-image') || kinds.has('mask-size')).toBe(false);
    },
  );
});
