import { readdirSync, readFileSync } from 'node:fs';
import { deflateSync } from 'fflate';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { damaged } from '../../../test/support/damage.js';
import {
  Encapsulated,
  runLengthFrame,
  words,
  writeDicom,
  writeDicomImage,
} from '../../../test/support/dicomWriter.js';
import { writeExtendedJpeg, writeLosslessJpeg } from '../../../test/support/jpegWriter.js';
import { has, sharedFolder } from '../../../test/support/shared.js';
import { IqeError } from '../../base/errors.js';
import { wasmCodecs } from './codecs.node.js';
import { decodeDicom } from './decodeDicom.js';
import { isDicom, isDicomDirectory } from './dicomFile.js';
import { readDicomDirectory } from './directory.js';

/** Decoding `bytes` gives an image of its own size, or an IqeError without the patient's name. */
async function expectResultOrError(bytes: Uint8Array, label: string): Promise<void> {
  isDicom(bytes);
  isDicomDirectory(bytes);
  try {
    const image = await decodeDicom(bytes, { codecs: wasmCodecs });
    const pixels = image.width * image.height;
    expect(image.values.length, label).toBe(pixels * image.samplesPerPixel);
    expect(image.display.data.length, label).toBe(pixels * image.display.channels);
  } catch (error) {
    expect(error, label).toBeInstanceOf(IqeError);
    expect((error as IqeError).message, label).not.toContain('Secret');
  }
}

const [rows, columns] = [24, 20];
const samples = Array.from({ length: rows * columns }, (_, index) => (index * index) % 4096);
const bytes = Uint8Array.from(samples, (value) => value >> 4);
const root = '1.2.840.10008.1.2';

async function sources(): Promise<Record<string, Uint8Array>> {
  const image = { rows, columns, pixels: words(samples, 2) };
  const wide = { rows, columns, precision: 12, samples };
  const frames = (ending: string, frame: Uint8Array) =>
    writeDicomImage({
      ...image,
      frames: 2,
      transferSyntax: root + ending,
      pixels: new Encapsulated([frame.slice(0, 60), frame.slice(60), frame]),
    });
  const raw = { width: columns, height: rows, channels: 1 as const };
  const planes = [8, 0].map((shift) => Uint8Array.from(samples, (value) => value >> shift));
  const tables = [0, 1, 2].flatMap((colour) => [
    [0x00281101 + colour, 'US', [256, 0, 16]] as const,
    [0x00281201 + colour, 'OW', words(Array(256).keys(), 2)] as const,
  ]);
  return {
    implicit: writeDicomImage({ ...image, transferSyntax: root }),
    bigEndian: writeDicomImage({ ...image, transferSyntax: `${root}.2` }),
    deflated: writeDicomImage({ ...image, transferSyntax: `${root}.1.99` }),
    bare: writeDicomImage({ ...image, preamble: false, metaHeader: false }),
    palette: writeDicomImage({
      ...image,
      bitsAllocated: 8,
      pixels: bytes,
      photometric: 'PALETTE COLOR',
      more: tables,
    }),
    enhanced: writeDicomImage({
      ...image,
      more: [[0x52009229, 'SQ', [[[0x00289145, 'SQ', [[[0x00281052, 'DS', '-1024']]]]]]]],
    }),
    runLength: frames('.5', runLengthFrame(planes)),
    deflatedFrames: frames('.8.1', deflateSync(words(samples, 2))),
    lossless: frames('.4.70', writeLosslessJpeg(wide)),
    extended: frames('.4.51', writeExtendedJpeg(wide, 2)),
    baseline: frames('.4.50', await sharp(bytes, { raw }).jpeg().toBuffer()),
  };
}

describe('damaged DICOM', () => {
  it('gives a result or an IqeError', async () => {
    for (const [name, file] of Object.entries(await sources())) {
      for (let seed = 0; seed < 30; seed++) {
        await expectResultOrError(damaged(file, seed, name), `${name}, seed ${seed}`);
      }
    }
  });

  it('gives a list of files or an IqeError', () => {
    const record = [
      [0x00041430, 'CS', 'IMAGE'],
      [0x00041500, 'CS', 'A\\B'],
    ] as const;
    const directory = writeDicom([[0x00041220, 'SQ', [record, record]]], {
      sopClass: '1.2.840.10008.1.3.10',
    });
    for (let seed = 0; seed < 100; seed++) {
      try {
        for (const path of readDicomDirectory(damaged(directory, seed))) {
          expect(path.split('/')).not.toContain('..');
        }
      } catch (error) {
        expect(error, `seed ${seed}`).toBeInstanceOf(IqeError);
      }
    }
  });

  const folder = `${sharedFolder}dicom/`;
  it.skipIf(!has(folder))('gives a result or an IqeError for real files too', async () => {
    for (const name of readdirSync(folder)) {
      const file = readFileSync(folder + name);
      for (let seed = 0; seed < 8; seed++) {
        await expectResultOrError(damaged(file, seed, name), `${name}, seed ${seed}`);
      }
    }
  });
});
