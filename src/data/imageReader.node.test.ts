import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { patientName, words, writeDicomImage } from '../../test/support/dicomWriter.js';
import { pattern, png } from '../../test/support/images.js';
import { writeNifti } from '../../test/support/niftiWriter.js';
import { type DecodeOptions, readImage, readImageHeader } from './decode.node.js';
import { ImageReader } from './imageReader.node.js';
import type { Sample } from './layout.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reader ünï '));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

/** Voxels that grow to the right, to the front and to the top: x + 10 y + 100 z. */
const identity = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0];
const shape = [3, 4, 5] as const;
const volume = (more: object = {}) =>
  writeNifti({
    shape,
    values: Array.from(
      { length: 60 },
      (_, i) => (i % 3) + 10 * (Math.floor(i / 3) % 4) + 100 * Math.floor(i / 12),
    ),
    sform: [1, identity],
    ...more,
  });

/** Frames of 2 × 3 pixels, frame f from 100 f on. */
const frames = (count: number, more: object = {}) =>
  writeDicomImage({
    rows: 2,
    columns: 3,
    frames: count,
    pixels: words(
      Array.from({ length: 6 * count }, (_, i) => 100 * Math.floor(i / 6) + (i % 6)),
      2,
    ),
    ...more,
  });

const grey = async (path: string, options: DecodeOptions = {}) => [
  ...(await readImage(path, options)).data,
];

describe('readImage', () => {
  it('tells formats by their content, whatever the name is', async () => {
    const dicom = await file('IM0001', frames(1));
    expect(await readImage(dicom)).toMatchObject({ width: 3, height: 2, channels: 1 });
    const gzipped = await file('volume.png', volume({ gzip: true }));
    expect(await readImage(gzipped)).toMatchObject({ width: 3, height: 4, channels: 1 });
    const picture = await file('picture.dcm', await png(5, 2, 3, pattern(5, 2, 3)));
    expect(await readImage(picture)).toMatchObject({ width: 5, height: 2, channels: 3 });
  });

  it('shows of DICOM the window that is wanted, else its own, else everything', async () => {
    const window = [
      [0x00281050, 'DS', '2'],
      [0x00281051, 'DS', '3'],
    ];
    const path = await file('window.dcm', frames(1, { more: window }));
    // LINEAR: below c − ½ − (w − 1) / 2 = 0.5 black, above 2.5 white.
    expect(await grey(path)).toEqual([0, 64, 191, 255, 255, 255]);
    expect(await grey(path, { window: 'full' })).toEqual([0, 51, 102, 153, 204, 255]);
    expect(await grey(path, { window: { center: 4, width: 3 } })).toEqual([0, 0, 0, 64, 191, 255]);
  });

  it('shows of NIfTI a window, a range of the volume, or everything', async () => {
    const path = `${await file('windows.nii', volume())}#sagittal=0`;
    const full = await readImage(path, { range: 'full' });
    expect(full).toEqual(await readImage(path, { window: 'full' }));
    expect(full).toEqual(await readImage(path, { window: { center: 216, width: 432 } }));
    // The front is on the left, the top at the top.
    expect([...full.data.subarray(0, 4)]).toEqual(
      [430, 420, 410, 400].map((value) => Math.floor((255 * value) / 432 + 0.5)),
    );
    const half = await readImage(path, { range: { percentiles: [0, 50] } });
    expect(half.data.filter((value) => value === 255).length).toBe(10);
  });

  it('takes the middle image of several, unless another is named or wanted', async () => {
    const cine = await file('cine.dcm', frames(3));
    const window = { center: 150, width: 400 };
    const first = async (path: string, options = {}) =>
      (await grey(path, { window, ...options }))[0];
    const middle = await first(cine);
    expect(await first(`${cine}#frame=1`)).toBe(middle);
    expect(await first(cine, { frame: 2 })).toBe(await first(`${cine}#frame=2`));
    expect(await first(cine, { frame: 2 })).toBeGreaterThan(middle!);
    expect(await first(`${cine}#frame=0`, { frame: 2 })).toBeLessThan(middle!);

    const scan = await file('scan.nii', volume());
    const image = (path: string, options: DecodeOptions = {}) =>
      readImage(path, { range: 'full', ...options });
    expect(await image(scan)).toEqual(await image(`${scan}#axial=2`));
    expect(await image(scan, { axis: 'coronal' })).toEqual(await image(`${scan}#coronal=2`));
    expect(await image(scan, { slice: 4 })).toEqual(await image(`${scan}#axial=4`));
    expect(await image(`${scan}#axial=0`, { slice: 4, axis: 'sagittal' })).toEqual(
      await image(`${scan}#axial=0`),
    );
  });

  it('lets what is wanted of several alone where there is one', async () => {
    const one = await file('one.dcm', frames(1));
    expect(await readImage(one, { frame: 7 })).toEqual(await readImage(one));
    const flat = await file('flat.nii', volume({ shape: [3, 4] }).slice(0, 352 + 48));
    expect(await readImage(flat, { slice: 7, frame: 7 })).toEqual(await readImage(flat));
  });

  it('takes volumes of a series as frames, the first by default', async () => {
    const values = Array.from({ length: 24 }, (_, i) => i);
    const series = await file('series.nii', volume({ shape: [2, 3, 2, 2], values }));
    const range = { window: { center: 12, width: 24 } } as const;
    const at = (part: string) => readImage(`${series}#${part}`, range);
    expect(await readImage(series, range)).toEqual(await at('frame=0,axial=1'));
    expect(await readImage(series, { ...range, frame: 1 })).toEqual(await at('frame=1,axial=1'));
    expect(await at('frame=1,axial=1')).not.toEqual(await at('frame=0,axial=1'));
  });

  it.each([
    ['cine.dcm#frame=3', /Frame 3 of a DICOM image with 3 frames/],
    ['cine.dcm#axial=0', /there are no slices in a DICOM file/],
    ['scan.nii#axial=5', /Slice 5 of 5 axial slices/],
    ['scan.nii#frame=1,axial=0', /Volume 1 of a NIfTI file with 1 volumes/],
    ['plain.png#axial=0', /there are no slices in a picture/],
    ['missing.nii#axial=0', /there is no such file/],
  ])('says what is not there: %s', async (name, says) => {
    await file('plain.png', await png(2, 2, 1, pattern(2, 2, 1)));
    await expect(readImage(join(folder, name))).rejects.toMatchObject({
      code: 'unreadable',
      message: expect.stringMatching(says),
      hint: expect.stringMatching(/./),
    });
  });

  it.each([
    ['cut.dcm', frames(1).subarray(0, -4), /the pixel data is cut off/],
    ['few.dcm', frames(3, { frames: 4_000_000 }), /room for 3 of 4000000 frames/],
    ['cut.nii', volume().subarray(0, 400), /this NIfTI file is cut off/],
    ['deep.nii', volume({ datatype: 1 }), /data type/],
    ['pair.hdr', volume({ magic: 'ni1\0' }), /the header of a NIfTI pair/],
    ['none.nii.gz', Uint8Array.of(31, 139, 8, 0, 1, 2, 3), /no NIfTI file, or damaged/],
    ['none.dcm', Uint8Array.of(1, 2, 3), /no DICOM file, or damaged/],
    ['empty.dcm', Uint8Array.of(), /it is empty/],
  ])('names what is damaged: %s', async (name, bytes, says) => {
    const path = await file(name, bytes);
    const error = await readImage(path).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'unreadable', hint: expect.stringMatching(/./) });
    const { message } = error as Error;
    expect(message.startsWith(`Cannot read ${path}: `)).toBe(true);
    expect(message).toMatch(says);
    expect(message).not.toContain(patientName);
  });

  it('refuses slices that are too large', async () => {
    const path = await file('large.nii', volume());
    await expect(readImage(path, { maxPixels: 11 })).rejects.toThrow('3×4 pixels');
  });
});

describe('readImageHeader', () => {
  it('tells the size that is read, and how many images there are', async () => {
    const cine = await file('header.dcm', frames(3));
    const header = { format: 'dicom', width: 3, height: 2, bits: 16, images: 3 };
    expect(await readImageHeader(cine)).toEqual(header);
    const scan = await file('header.nii.gz', volume({ gzip: true }));
    const nifti = { format: 'nifti', bits: 32 };
    expect(await readImageHeader(scan)).toEqual({ ...nifti, width: 3, height: 4, images: 5 });
    const side = { ...nifti, width: 4, height: 5, images: 3 };
    expect(await readImageHeader(`${scan}#sagittal=1`)).toEqual(side);
    expect(await readImageHeader(scan, { axis: 'sagittal' })).toEqual(side);
  });
});

describe('ImageReader', () => {
  it('names all images of a file, or those that are wanted', async () => {
    const cine = await file('names.dcm', frames(2));
    const scan = await file('names.nii', volume());
    const single = await file('names.png', await png(2, 2, 1, pattern(2, 2, 1)));
    const names = (path: string, options = {}) => new ImageReader(options).names(path);
    expect(await names(cine)).toEqual([`${cine}#frame=0`, `${cine}#frame=1`]);
    expect(await names(cine, { frame: 1 })).toEqual([`${cine}#frame=1`]);
    expect(await names(scan)).toEqual([0, 1, 2, 3, 4].map((slice) => `${scan}#axial=${slice}`));
    expect(await names(scan, { axis: 'coronal', slice: 3 })).toEqual([`${scan}#coronal=3`]);
    expect(await names(`${scan}#sagittal=2`)).toEqual([`${scan}#sagittal=2`]);
    expect(await names(single, { slice: 3, frame: 3 })).toEqual([single]);
    expect(await names(await file('one more.dcm', frames(1)))).toEqual([
      join(folder, 'one more.dcm'),
    ]);
  });

  it('reads the same as alone, in any order', async () => {
    const scan = await file('order.nii.gz', volume({ gzip: true }));
    const reader = new ImageReader();
    const names = (await reader.names(scan)).toReversed();
    for (const name of names) expect(await reader.image(name)).toEqual(await readImage(name));
  });

  it('stops when interrupted', async () => {
    const path = await file('stop.nii', volume());
    const reader = new ImageReader({ signal: AbortSignal.abort() });
    await expect(reader.image(path)).rejects.toMatchObject({ code: 'interrupted' });
  });
});

describe('masks', () => {
  const marked = async (reader: ImageReader, mask: string, image: string) => {
    const { width, height } = await reader.image(image);
    const { data } = await reader.mask(mask, { width, height, path: image });
    return [...data];
  };

  it('are the slice that the image is, where the patient is the same', async () => {
    const reader = new ImageReader();
    const scan = await file('image.nii', volume());
    const values = Array.from({ length: 60 }, (_, i) => (i === 14 || i === 40 ? 3 : 0));
    const mask = await file('mask.nii.gz', volume({ values, gzip: true }));
    // Voxel 14 is (2, 0, 1): the last column of the bottom row, seen from the feet the first.
    const first = new Array(12).fill(0).with(9, 1);
    expect(await marked(reader, mask, `${scan}#axial=1`)).toEqual(first);
    expect(await marked(reader, mask, scan)).toEqual(new Array(12).fill(0));

    // The same mask stored from top to bottom.
    const flipped = Array.from(
      { length: 60 },
      (_, i) => values[i + 12 * (4 - 2 * Math.floor(i / 12))]!,
    );
    const sform = [1, [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, -1, 4]] as const;
    const other = await file('flipped.nii', volume({ values: flipped, sform }));
    expect(await marked(reader, other, `${scan}#axial=1`)).toEqual(first);
    expect(await marked(reader, `${mask}#axial=1`, `${scan}#axial=3`)).toEqual(first);
  });

  it('may be of another format than the image', async () => {
    const reader = new ImageReader();
    const scan = await file('mixed.nii', volume());
    const picture = new Uint8Array(12).with(4, 255);
    const mask = await file('mixed.png', await png(3, 4, 1, picture));
    expect(await marked(reader, mask, `${scan}#axial=1`)).toEqual([...picture.with(4, 1)]);

    const image = await file('mixed image.png', await png(3, 4, 1, pattern(3, 4, 1)));
    const values = Array.from({ length: 60 }, (_, i) => Number(i >= 24 && i < 36));
    const middle = await file('middle.nii', volume({ values }));
    expect(await marked(reader, middle, image)).toEqual(new Array(12).fill(1));
  });

  it('are the frame that the image is', async () => {
    const reader = new ImageReader();
    const cine = await file('mask of.dcm', frames(2));
    const values = Array.from({ length: 12 }, (_, i) => Number(i === 7));
    const mask = await file('mask.dcm', frames(2, { pixels: words(values, 2) }));
    expect(await marked(reader, mask, `${cine}#frame=1`)).toEqual([0, 1, 0, 0, 0, 0]);
    expect(await marked(reader, mask, `${cine}#frame=0`)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  describe('of samples', () => {
    const size = { width: 2, height: 1 };
    const sample: Sample = {
      id: 'a.png',
      imagePath: 'a.png',
      label: 1,
      maskPath: null,
      split: null,
      patient: null,
      className: null,
    };
    const reader = new ImageReader();

    it("are the sample's own", async () => {
      const maskPath = await file('own.png', await png(2, 1, 1, Uint8Array.of(0, 255)));
      const mask = await reader.sampleMask({ ...sample, maskPath }, { hasMasks: true }, size);
      expect([...(mask?.data ?? [])]).toEqual([0, 1]);
    });

    it('are empty for normal images of a set with masks, else not known', async () => {
      const normal = { ...sample, label: 0 as const };
      const mask = await reader.sampleMask(normal, { hasMasks: true }, size);
      expect([...(mask?.data ?? [])]).toEqual([0, 0]);
      expect(await reader.sampleMask(normal, { hasMasks: false }, size)).toBeNull();
      expect(await reader.sampleMask(sample, { hasMasks: true }, size)).toBeNull();
    });
  });
});
