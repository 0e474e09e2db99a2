import { copyFile, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { EarlierWork } from './support/earlierWork.js';
import { pattern, png, pngClaiming, tiff } from './support/images.js';
import { expectClear } from './support/messages.js';
import { evaluationSchema, fitSchema, predictionsSchema } from './support/promises.js';
import type { Workplace } from './support/workplace.js';

/** Images, masks and data sets with something wrong, on the command line. */

let work: EarlierWork;
let place: Workplace;

beforeAll(async () => {
  work = await EarlierWork.create();
  place = work.place;
});
afterAll(() => place.remove());
afterEach(() => work.expectUnharmed());

async function write(name: string, bytes: string | Uint8Array): Promise<string> {
  const path = place.at(name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
  return path;
}

const original = () => readFile(work.image());
const half = (bytes: Uint8Array) => bytes.subarray(0, bytes.length / 2);

type Bytes = string | Uint8Array;

/** What the file is, its name, its content and what is said of it. */
const noImages: [string, string, () => Bytes | Promise<Bytes>, RegExp][] = [
  ['a text', 'note.png', () => 'Nothing to see here.', /it is not an image/],
  ['a web page', 'scan.jpg', () => '<!DOCTYPE html><html>', /it is a web page/],
  ['an empty file', 'empty.png', () => '', /it is empty .*\s+Download/],
  ['half a PNG', 'half.png', async () => half(await original()), /damaged or cut short/],
  [
    'half a JPEG',
    'half.jpg',
    async () =>
      half(
        await sharp(await original())
          .jpeg()
          .toBuffer(),
      ),
    /damaged or cut short/,
  ],
  ['a PNG with a wrong byte', 'byte.png', async () => withWrongByte(await original()), /damaged/],
  [
    '400 million pixels',
    'huge.png',
    () => pngClaiming(20_000, 20_000),
    /20000×20000 pixels, .*\s+Scale it down/,
  ],
];

function withWrongByte(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const middle = copy.length >> 1;
  copy[middle] = (copy[middle] as number) ^ 0x55;
  return copy;
}

describe.each(noImages)('%s', (_, name, bytes, says) => {
  let path: string;
  beforeAll(async () => {
    path = await write(`no image/${name}`, await bytes());
  });
  afterAll(() => rm(path));

  it('is refused by predict', async () => {
    const result = await work.predict(path);
    const report = predictionsSchema.parse(expectClear(result, { status: 3, says }));
    expect(report.predictions).toEqual([]);
    const message = expect.stringMatching(says);
    expect(report.failures).toEqual([{ path, code: 'unreadable', message }]);
    expect(result.stderr).toContain(path);
    expect(report.failures[0]!.message).toContain(path);
  });

  it('is refused by fit before it learns anything', async () => {
    const output = place.at('no run');
    const abnormal = join(place.data, 'valid', 'Ungood');
    const words = ['--normal', dirname(path), '--abnormal', abnormal, '-o', output];
    const result = await work.json('fit', ...words);
    expect(expectClear(result, { status: 3, says })).toBeUndefined();
    expect(result.stderr).toContain(path);
    expect(await readdir(output)).toEqual(['run.json']);
  });
});

it('lets a fit be repeated in its folder once its images are mended', async () => {
  const image = await write('mended/scan.png', 'no image yet');
  const abnormal = join(place.data, 'valid', 'Ungood');
  const folders = ['--normal', dirname(image), '--abnormal', abnormal];
  const words = ['fit', ...folders, '-o', place.at('mended run')];
  expectClear(await work.json(...words), { status: 3 });
  await copyFile(work.image(), image);
  expectClear(await work.json(...words), { status: 0 });
});

describe('an unusual image', () => {
  const colours = () => {
    const data = Uint8Array.from({ length: 40 * 30 * 3 }, (_, i) => 60 * ((i >> 4) % 4));
    return { data, info: { width: 40, height: 30, channels: 3 } as const };
  };
  const rgb = () => png(40, 30, 3, colours().data);
  const deep = () =>
    png(
      40,
      30,
      3,
      Uint16Array.from(colours().data, (value) => value * 256 + 99),
    );
  const transparent = () => {
    const { data } = colours();
    const withAlpha = Uint8Array.from({ length: 40 * 30 * 4 }, (_, i) =>
      i % 4 === 3 ? 128 : (data[3 * (i >> 2) + (i % 4)] as number),
    );
    return png(40, 30, 4, withAlpha);
  };
  const palette = () => sharp(colours().data, { raw: colours().info }).png({ palette: true });
  const cmyk = () =>
    sharp(
      tiff(40, 30, { channels: 4, photometric: 5, bits: 8, kind: 1, bytes: pattern(40, 30, 4) }),
    )
      .pipelineColourspace('cmyk')
      .toColourspace('cmyk')
      .jpeg();
  const deepGrey = () =>
    png(
      40,
      30,
      1,
      Uint16Array.from(pattern(40, 30, 1), (v) => 30_000 + v),
    );

  /** Its content, its size, and the content of a plain image that must have the same score. */
  const cases: [string, () => Promise<Buffer>, [number, number], (() => Promise<Buffer>)?][] = [
    ['1x1.png', () => png(1, 1, 1, Uint8Array.of(77)), [1, 1]],
    ['1x300.png', () => png(1, 300, 1, pattern(1, 300, 1)), [1, 300]],
    ['cmyk.jpg', () => cmyk().toBuffer(), [40, 30]],
    ['16 bit.png', deep, [40, 30], rgb],
    ['16 bit grey.png', deepGrey, [40, 30]],
    ['palette.png', () => palette().toBuffer(), [40, 30], rgb],
    ['transparent.png', transparent, [40, 30], rgb],
    ['wrong name.jpg', rgb, [40, 30], rgb],
  ];

  it('is scored and drawn like any other', async () => {
    const folder = place.at('unusual');
    for (const [name, bytes] of cases) await write(`unusual/${name}`, await bytes());
    await write('unusual/plain.png', await rgb());
    const output = place.at('unusual output');
    const result = await work.predict(folder, '-o', output);
    const { predictions } = predictionsSchema.parse(expectClear(result, { status: 0 }));
    const of = (name: string) => predictions.find(({ path }) => path === join(folder, name))!;
    for (const [name, , size, same] of cases) {
      const { outputs, ...record } = of(name);
      expect(record.size, name).toEqual(size);
      if (same) expect(record.score, name).toBe(of('plain.png').score);
      const heatmap = await sharp(join(output, outputs.heatmap!)).metadata();
      expect([heatmap.width, heatmap.height], name).toEqual(size);
      const overlay = await sharp(join(output, outputs.overlay!)).metadata();
      expect(overlay.width, name).toBeGreaterThan(size[0]);
    }
  });

  it('can be learned from', async () => {
    const words = ['--normal', place.at('unusual'), '--abnormal', join(place.data, 'valid/Ungood')];
    const result = await work.json('fit', ...words, '-o', place.at('unusual run'));
    const { data } = fitSchema.parse(expectClear(result, { status: 0 }));
    expect(data.shots.normal).toHaveLength(cases.length + 1);
  });
});

describe('among good images', () => {
  it('what predict cannot read is listed, and the rest is done', async () => {
    const broken = await write('mixed/broken.png', 'no image');
    const output = place.at('mixed output');
    await copyFile(work.image(), place.at('mixed', 'fine.png'));
    const result = await work.predict(place.at('mixed'), work.image('1.png'), '-o', output);
    const says = /Failed: Cannot read .*broken\.png: it is not an image/;
    const report = predictionsSchema.parse(expectClear(result, { status: 4, says }));
    expect(report.failures.map(({ path }) => path)).toEqual([broken]);
    expect(report.predictions.map(({ path }) => path)).toEqual([
      place.at('mixed', 'fine.png'),
      work.image('1.png'),
    ]);
    expect(await readdir(output)).toContain('1.overlay.png');
    expect(JSON.parse(await readFile(join(output, 'predictions.json'), 'utf8'))).toEqual(report);

    const told = await place.run(['predict', '--run', work.run, place.at('mixed'), '--quiet']);
    expect(told.status).toBe(4);
    expect(told.stdout).toMatch(/1 of 2 images failed:\n {2}Cannot read .*broken\.png: .*\n$/);
  });

  it('what is not there ends predict before it begins', async () => {
    const missing = place.at('lost.png');
    const result = await work.predict(work.image(), missing);
    expect(expectClear(result, { status: 3, says: /lost\.png is not there/ })).toBeUndefined();
  });

  it('what evaluate cannot read is listed, and the rest is measured', async () => {
    const data = await copyOfData('Broken_AD');
    const broken = join(data, 'test', 'good', 'img', '1.png');
    const masked = join(data, 'test', 'Ungood', 'img', '2.png');
    await writeFile(broken, half(await original()));
    await writeFile(join(data, 'test', 'Ungood', 'anomaly_mask', '2.png'), 'no mask');
    const result = await work.json('evaluate', '--run', work.run, data);
    const says = [/good\/img\/1\.png: .*damaged/, /anomaly_mask\/2\.png: it is not an image/];
    const report = evaluationSchema.parse(expectClear(result, { status: 4, says }));
    expect(report.failures.map(({ path }) => path)).toEqual([masked, broken]);
    expect(report.n).toMatchObject({ normal: 3, abnormal: 3 });
    expect(report.pixel).not.toBeNull();
  });

  it('what fit cannot read for its threshold is listed, and it learns', async () => {
    const data = await copyOfData('Broken threshold_AD');
    const words = ['fit', data, '--shots', '2', '-o', place.at('broken threshold')];
    const { data: used } = JSON.parse(await readFile(join(work.run, 'run.json'), 'utf8'));
    const support: string[] = used.shots.normal;
    const name = ['0.png', '1.png', '2.png', '3.png'].find(
      (file) => !support.includes(`valid/good/img/${file}`),
    )!;
    const broken = join(data, 'valid', 'good', 'img', name);
    await writeFile(broken, '');
    const result = await work.json(...words);
    const report = fitSchema.parse(expectClear(result, { status: 4, says: /it is empty/ }));
    expect(report.failures).toEqual([
      { path: broken, code: 'unreadable', message: expect.stringContaining(broken) },
    ]);
  });
});

it('is refused by evaluate if not one image can be read', async () => {
  const data = await copyOfData('Gone_AD');
  for (const label of ['good', 'Ungood']) {
    const images = join(data, 'test', label, 'img');
    for (const name of await readdir(images)) await writeFile(join(images, name), '');
  }
  const result = await work.json('evaluate', '--run', work.run, data);
  const says = /Not one of 8 images could be scored: Cannot read .*\.png: it is empty/;
  expect(expectClear(result, { status: 3, says })).toBeUndefined();
});

describe('a mask of another size than its image', () => {
  const resized = async (data: string, split: string, width: number, height: number) => {
    const masks = join(data, split, 'Ungood', 'anomaly_mask');
    for (const name of await readdir(masks)) {
      const mask = await readFile(join(masks, name));
      const other = sharp(mask).resize(width, height, { kernel: 'nearest', fit: 'fill' });
      await writeFile(join(masks, name), await other.png().toBuffer());
    }
  };

  it('is scaled where it has the aspect of its image', async () => {
    const data = await copyOfData('Scaled_AD');
    await resized(data, 'valid', 112, 112);
    await resized(data, 'test', 112, 112);
    const words = ['--shots', '2', '-o', place.at('scaled run')];
    expectClear(await work.json('fit', data, ...words), { status: 0 });
    const [scaled, own] = await Promise.all(
      [data, place.data].map(async (set) => {
        const result = await work.json('evaluate', '--run', work.run, set);
        return evaluationSchema.parse(expectClear(result, { status: 0 }));
      }),
    );
    expect(scaled!.pixel).toEqual(own!.pixel);
  });

  it('is refused where it has another aspect', async () => {
    const data = await copyOfData('Aspect_AD');
    await resized(data, 'valid', 56, 40);
    await resized(data, 'test', 56, 40);
    const says = /Mask and image have other sizes: .*anomaly_mask.* has 56×40 .*img.* has 56×56/;
    const result = await work.json('fit', data, '--shots', '2', '-o', place.at('aspect run'));
    expect(expectClear(result, { status: 1, says })).toBeUndefined();
    const measured = await work.json('evaluate', '--run', work.run, data);
    const report = evaluationSchema.parse(expectClear(measured, { status: 4, says }));
    expect(report.n).toMatchObject({ normal: 4, abnormal: 0 });
    expect(report.failures.map(({ code }) => code)).toEqual(['data', 'data', 'data', 'data']);
  });
});

describe('a data set', () => {
  const normalOnly = async () => {
    const data = await copyOfData('Normal_AD');
    for (const split of ['valid', 'test']) {
      await rm(join(data, split, 'Ungood'), { recursive: true, force: true });
    }
    return data;
  };

  it('without abnormal images cannot be learned from', async () => {
    const result = await work.json('fit', await normalOnly(), '-o', place.at('none'));
    const says = /Too few abnormal images: 4 wanted, 0 found .*\n.*normal images alone/;
    expect(expectClear(result, { status: 1, says })).toBeUndefined();
  });

  it('without abnormal images has no AUROC, and passes no gate', async () => {
    const words = ['evaluate', '--run', work.run, await normalOnly()];
    const report = evaluationSchema.parse(expectClear(await work.json(...words), { status: 0 }));
    expect(report).toMatchObject({ n: { normal: 4, abnormal: 0 }, image: { auroc: null } });
    const gated = await work.json(...words, '--min-auroc', '0.5');
    expectClear(gated, { status: 1, says: /no AUROC: it needs normal and abnormal images/ });
  });

  it('with fewer images than shots is refused', async () => {
    const result = await work.json('fit', place.data, '--shots', '5', '-o', place.at('none'));
    const says = /Too few normal images: 5 wanted, 4 found in the split 'valid' .*\n.*at most 4/;
    expect(expectClear(result, { status: 1, says })).toBeUndefined();
    expect(await readdir(place.folder)).not.toContain('none');
  });

  it.each(['fit', 'evaluate'])('without images is refused by %s', async (verb) => {
    const empty = place.at('nothing in it');
    await mkdir(empty, { recursive: true });
    const rest = verb === 'fit' ? ['-o', place.at('none')] : ['--run', work.run];
    const result = await work.json(verb, empty, ...rest);
    expect(expectClear(result, { status: 1, says: /nothing in it/ })).toBeUndefined();
    expectClear(await work.predict(empty), { status: 3, says: /no images in .*nothing in it/ });
  });
});

async function copyOfData(name: string): Promise<string> {
  await cp(place.data, place.at(name), { recursive: true });
  return place.at(name);
}
