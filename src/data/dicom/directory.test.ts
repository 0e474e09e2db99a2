import { describe, expect, it } from 'vitest';
import {
  type DicomElement,
  words,
  writeDicom,
  writeDicomImage,
} from '../../../test/support/dicomWriter.js';
import { isDicom, isDicomDirectory } from './dicomFile.js';
import { readDicomDirectory } from './directory.js';

const sopClass = '1.2.840.10008.1.3.10';

const record = (type: string, path?: string, inUse = 0xffff): DicomElement[] => [
  [0x00041410, 'US', inUse],
  [0x00041430, 'CS', type],
  ...(path === undefined ? [] : [[0x00041500, 'CS', path] as const]),
];

const directory = (records: DicomElement[][]) =>
  writeDicom(
    [
      [0x00041130, 'CS', 'DISK'],
      [0x00041220, 'SQ', records],
    ],
    { sopClass },
  );

describe('readDicomDirectory', () => {
  it('lists the images that are in use, in order', () => {
    const bytes = directory([
      record('PATIENT'),
      record('IMAGE', 'DICOM\\S1\\IM2'),
      record('IMAGE', 'DICOM\\S1\\IM1'),
      record('SR DOCUMENT', 'DICOM\\S1\\SR1'),
      record('IMAGE', 'DICOM\\S1\\OLD', 0),
      record('IMAGE'),
    ]);
    expect(isDicomDirectory(bytes)).toBe(true);
    expect(readDicomDirectory(bytes)).toEqual(['DICOM/S1/IM2', 'DICOM/S1/IM1']);
  });

  it.each(['..\\IM1', 'A\\..\\..\\IM1', '/etc\\passwd', 'A\\\\B', 'C:\\IM1'])(
    'refuses the path %s',
    (path) => {
      expect(() => readDicomDirectory(directory([record('IMAGE', path)]))).toThrow(
        expect.objectContaining({ code: 'unreadable' }),
      );
    },
  );

  it('refuses what is no directory', () => {
    const image = writeDicomImage({ rows: 1, columns: 1, pixels: words([1], 2) });
    expect(isDicomDirectory(image)).toBe(false);
    expect(() => readDicomDirectory(image)).toThrow(/not a DICOMDIR/);
    expect(() => readDicomDirectory(new Uint8Array(9))).toThrow(/not a DICOM file/);
  });
});

describe('isDicom', () => {
  const image = { rows: 1, columns: 1, pixels: words([1], 2) };

  it('knows files with and without preamble and meta header', () => {
    for (const preamble of [true, false]) {
      for (const metaHeader of [true, false]) {
        for (const transferSyntax of [
          '1.2.840.10008.1.2',
          '1.2.840.10008.1.2.1',
          '1.2.840.10008.1.2.2',
        ]) {
          expect(isDicom(writeDicomImage({ ...image, preamble, metaHeader, transferSyntax }))).toBe(
            true,
          );
        }
      }
    }
  });

  it('knows what is something else', () => {
    const text = (start: string) => Uint8Array.from(start.padEnd(300, 'x'), (c) => c.charCodeAt(0));
    for (const start of [
      '',
      '\x89PNG\r\n',
      'II*\0',
      'P5 2 2',
      '\x08\0',
      '\x08\0\x05\0',
      '\x02\0\0\0UL',
    ]) {
      expect(isDicom(text(start)), JSON.stringify(start)).toBe(false);
    }
    expect(isDicom(new Uint8Array(0))).toBe(false);
    expect(isDicom(new Uint8Array(1000))).toBe(false);
  });
});
