import type { DataSet } from 'dicom-parser';
import { IqeError } from '../../base/errors.js';

const photometrics = [
  'MONOCHROME1',
  'MONOCHROME2',
  'PALETTE COLOR',
  'RGB',
  'YBR_FULL',
  'YBR_FULL_422',
  'YBR_RCT',
  'YBR_ICT',
] as const;

/** Photometric interpretation (0028,0004). */
export type Photometric = (typeof photometrics)[number];

/** What is needed to read the samples of an image (PS3.3 C.7.6.3). */
export interface ImageHeader {
  readonly rows: number;
  readonly columns: number;
  readonly samplesPerPixel: 1 | 3;
  readonly photometric: Photometric;
  /** Samples stored plane by plane instead of pixel by pixel. */
  readonly planar: boolean;
  readonly bitsAllocated: number;
  readonly bitsStored: number;
  /** Unused bits below the stored ones. */
  readonly lowBit: number;
  readonly signed: boolean;
  readonly frames: number;
}

/** 8192 × 8192 pixels: the largest mammograms and radiographs have 50 million. */
const mostSamples = 2 ** 26;

/**
 * The header of the image in `dataSet`, checked.
 *
 * @throws {IqeError} `unreadable`: a value is missing, impossible, or of a kind that is not read.
 */
export function readImageHeader(dataSet: DataSet): ImageHeader {
  const rows = positive(dataSet, 'x00280010', 'Rows');
  const columns = positive(dataSet, 'x00280011', 'Columns');
  const samplesPerPixel = dataSet.uint16('x00280002') ?? 1;
  if (samplesPerPixel !== 1 && samplesPerPixel !== 3) {
    throw unreadable(`${samplesPerPixel} samples per pixel; 1 or 3 can be read.`);
  }
  if (rows * columns * samplesPerPixel > mostSamples) {
    throw unreadable(
      `${columns} × ${rows} pixels of ${samplesPerPixel}; at most ${mostSamples} samples are read.`,
    );
  }
  const bitsAllocated = positive(dataSet, 'x00280100', 'Bits Allocated');
  if (![1, 8, 16, 32, 64].includes(bitsAllocated)) {
    throw unreadable(`${bitsAllocated} bits allocated; 1, 8, 16, 32 and 64 can be read.`);
  }
  const bitsStored = dataSet.uint16('x00280101') ?? bitsAllocated;
  if (bitsStored < 1 || bitsStored > bitsAllocated) {
    throw unreadable(`${bitsStored} bits stored of ${bitsAllocated} allocated.`);
  }
  const lowBit = (dataSet.uint16('x00280102') ?? bitsStored - 1) - (bitsStored - 1);
  return {
    rows,
    columns,
    samplesPerPixel,
    photometric: readPhotometric(dataSet, samplesPerPixel),
    planar: dataSet.uint16('x00280006') === 1,
    bitsAllocated,
    bitsStored,
    lowBit: lowBit >= 0 && lowBit + bitsStored <= bitsAllocated ? lowBit : 0,
    signed: dataSet.uint16('x00280103') === 1,
    frames: Math.max(1, finite(dataSet.intString('x00280008')) ?? 1),
  };
}

function readPhotometric(dataSet: DataSet, samplesPerPixel: number): Photometric {
  const stated = dataSet.string('x00280004')?.trim().toUpperCase();
  const photometric = photometrics.find((name) => name === stated);
  if (photometric === undefined) {
    throw unreadable(
      `${stated === undefined ? 'no' : 'an unknown'} photometric interpretation; expected one of ${photometrics.join(', ')}.`,
    );
  }
  const colours = photometric === 'RGB' || photometric.startsWith('YBR') ? 3 : 1;
  if (colours !== samplesPerPixel) {
    throw unreadable(`${photometric} with ${samplesPerPixel} samples per pixel.`);
  }
  return photometric;
}

function positive(dataSet: DataSet, tag: string, name: string): number {
  const value = dataSet.uint16(tag);
  if (value === undefined || value === 0) {
    throw unreadable(value === undefined ? `no ${name}.` : `${name} 0.`);
  }
  return value;
}

function finite(value: number | undefined): number | undefined {
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}

function unreadable(what: string): IqeError {
  return new IqeError('unreadable', `This DICOM image has ${what}`);
}
