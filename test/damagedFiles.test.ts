import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IqeError } from '../src/base/errors.js';
import type { RasterImage } from '../src/base/image.js';
import { Random } from '../src/base/random.js';
import { readImage, readImageHeader } from '../src/data/decode.node.js';
import { ImageReader } from '../src/data/imageReader.node.js';
import { readMask } from '../src/data/mask.node.js';
import { NodeAnomalyDetector } from '../src/train/nodeDetector.node.js';
import { damaged } from './support/damage.js';
import {
  Encapsulated,
  patientName,
  runLengthFrame,
  words,
  writeDicomImage,
} from './support/dicomWriter.js';
import { pattern, png, tiff } from './support/images.js';
import { writeExtendedJpeg, writeLosslessJpeg } from './support/jpegWriter.js';
import { writeNifti } from './support/niftiWriter.js';
import { has, realDataFolder, sharedFolder } from './support/shared.js';
import { writeSmallClip } from './support/smallClip.js';
import { drawSpot } from './support/smallDataSet.js';

/** So many cases of all files together; with `IQE_DAMAGE_CASES=500` so many of each file. */
const casesOfEach = Number(process.env.IQE_DAMAGE_CASES ?? 0);
const cases = 500;
const root = '1.2.840.10008.1.2';
let folder: string;
let detector: NodeAnomalyDetector;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'damaged '));
  await writeSmallClip(join(folder, 'clip'));
  detector = await NodeAnomalyDetector.fromPretrained(join(folder, 'clip'), { threads: 1 });
  const spot = (abnormal: boolean): RasterImage => {
    const { image } = drawSpot(48, abnormal, new Random(0, String(abnormal)));
    return { width: 48, height: 48, channels: 1, data: image };
  };
  await detector.fit(
    [
      { image: spot(false), label: 'normal' },
      { image: spot(true), label: 'abnormal' },
    ],
    {
      config: {
        model: { imageSize: 48, queryModule: { blocks: 1, heads: 4 } },
        training: { epochs: 1, augmentations: ['identity'] },
      },
    },
  );
});
afterAll(async () => {
  await detector.dispose();
  await rm(folder, { recursive: true });
});

/** A file of each kind that is read, all of a few kilobytes. */
async function writtenFiles(): Promise<Record<string, Uint8Array>> {
  const [rows, columns] = [24, 20];
  const samples = Array.from({ length: rows * columns }, (_, i) => (i * i) % 4096);
  const grey = { rows, columns, pixels: words(samples, 2) };
  const jpeg = { rows, columns, precision: 12, samples };
  const planes = [8, 0].map((shift) => Uint8Array.from(samples, (value) => value >> shift));
  const framed = (ending: string, frame: Uint8Array) =>
    writeDicomImage({
      ...grey,
      frames: 2,
      transferSyntax: root + ending,
      pixels: new Encapsulated([frame, frame]),
    });
  const colours = sharp(pattern(columns, rows, 3), {
    raw: { width: columns, height: rows, channels: 3 },
  });
  const volume = { shape: [columns, rows, 3], values: [...samples, ...samples, ...samples] };
  const deep = Uint16Array.from(samples, (value) => 16 * value);
  const strip = new Uint8Array(deep.buffer);
  return {
    'plain.dcm': writeDicomImage({ ...grey, transferSyntax: root }),
    bare: writeDicomImage({ ...grey, preamble: false, metaHeader: false }),
    'deflated.dcm': writeDicomImage({ ...grey, transferSyntax: `${root}.1.99` }),
    'run length.dcm': framed('.5', runLengthFrame(planes)),
    'lossless.dcm': framed('.4.70', writeLosslessJpeg(jpeg)),
    'extended.dcm': framed('.4.51', writeExtendedJpeg(jpeg, 2)),
    'volume.nii': writeNifti({ ...volume, datatype: 512 }),
    'volume.nii.gz': writeNifti({ ...volume, gzip: true }),
    'volume2.nii.gz': writeNifti({ ...volume, version: 2, littleEndian: false, gzip: true }),
    'grey.png': await png(columns, rows, 1, deep),
    'colours.png': await png(columns, rows, 3, pattern(columns, rows, 3)),
    'baseline.jpg': await colours.clone().jpeg().toBuffer(),
    'progressive.jpg': await colours.clone().jpeg({ progressive: true }).toBuffer(),
    'grey.tif': tiff(columns, rows, {
      channels: 1,
      photometric: 1,
      bits: 16,
      kind: 1,
      bytes: strip,
    }),
    'colours.webp': await colours.clone().webp({ lossless: true }).toBuffer(),
  };
}

/** Real files, where they are at hand: every DICOM and NIfTI file, pictures of each data set. */
function* realFiles(): Generator<[name: string, bytes: Uint8Array]> {
  for (const kind of ['dicom', 'nifti']) {
    const place = join(sharedFolder, kind);
    for (const name of has(place) ? readdirSync(place) : []) {
      yield [name, readFileSync(join(place, name))];
    }
  }
  for (const set of has(realDataFolder) ? readdirSync(realDataFolder) : []) {
    for (const place of ['valid/good/img', 'test/Ungood/img']) {
      const path = join(realDataFolder, set, place);
      const name = has(path) ? readdirSync(path)[0] : undefined;
      if (name !== undefined) yield [`${set} ${name}`, readFileSync(join(path, name))];
    }
  }
}

/** What `work` gives; nothing where it fails in a way that a user can understand. */
async function resultOrError<Result>(
  work: Promise<Result>,
  label: string,
): Promise<Result | undefined> {
  try {
    return await work;
  } catch (error) {
    expect(error, label).toBeInstanceOf(IqeError);
    const { code, message, hint } = error as IqeError;
    expect(['unreadable', 'data'], label).toContain(code);
    expect(hint, label).toBeTruthy();
    expect(message, label).toContain(folder);
    expect(message, label).not.toMatch(/\n/);
    expect(message, label).not.toContain(patientName.slice(0, 6));
    return undefined;
  }
}

function expectWhole({ width, height, channels, data }: RasterImage, label: string): void {
  expect(width * height, label).toBeGreaterThan(0);
  expect(data.length, label).toBe(width * height * channels);
}

describe('a damaged file', () => {
  it('gives an image or an error', { timeout: 120_000 + casesOfEach * 60_000 }, async () => {
    const sources = [...Object.entries(await writtenFiles()), ...realFiles()];
    const all = casesOfEach > 0 ? casesOfEach * sources.length : cases;
    let readable = 0;
    let slowest = 0;
    for (let seed = 0; seed < all; seed++) {
      const [name, bytes] = sources[seed % sources.length] as [string, Uint8Array];
      const label = `${name}, seed ${seed}`;
      const path = join(folder, name);
      await writeFile(path, damaged(bytes, seed, name));
      const started = performance.now();
      const header = await resultOrError(readImageHeader(path), label);
      const image = await resultOrError(readImage(path), label);
      slowest = Math.max(slowest, performance.now() - started);
      if (image === undefined) continue;
      readable++;
      expectWhole(image, label);
      expect(header, label).toMatchObject({ width: image.width, height: image.height });
      if (readable % 10 === 0) await expectMap(image, label);
      if (readable % 4 === 0) await expectParts(path, image, label);
    }
    // Neither is the damage always too small to matter, nor always too large to see its effect.
    expect(readable).toBeGreaterThan(all / 10);
    expect(readable).toBeLessThan((9 * all) / 10);
    if (casesOfEach > 0) {
      console.log(
        `${all} cases of ${sources.length} files: ${readable} readable, ${all - readable} refused; the slowest took ${Math.round(slowest)} ms.`,
      );
    }
  });
});

/** The map has the size of the image, and is one. */
async function expectMap(image: RasterImage, label: string): Promise<void> {
  const { score, map, peak } = await detector.predict(image);
  expect([map.width, map.height, map.data.length], label).toEqual([
    image.width,
    image.height,
    image.width * image.height,
  ]);
  expect(
    map.data.every((value) => value >= 0 && value <= 1),
    label,
  ).toBe(true);
  expect(score >= 0 && score <= 1, label).toBe(true);
  expect(peak.x < image.width && peak.y < image.height, label).toBe(true);
}

/** The last of the images in a file, and the file as the mask of itself. */
async function expectParts(path: string, image: RasterImage, label: string): Promise<void> {
  const reader = new ImageReader();
  const names = await resultOrError(reader.names(path), label);
  const last = names && (await resultOrError(reader.image(names.at(-1)!), label));
  if (last) expectWhole(last, label);
  const { width, height } = image;
  const mask = await resultOrError(readMask(path, { width, height, path }), label);
  if (mask)
    expect([mask.width, mask.height, mask.data.length]).toEqual([width, height, width * height]);
}
