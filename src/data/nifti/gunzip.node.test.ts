import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Random } from '../../base/random.js';
import { inflateAtMost } from '../dicom/boundedInflate.js';
import { zlibGunzip } from './gunzip.node.js';

const random = new Random(0);
const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => (i % 100) + random.integer(4));
const zipped = gzipSync(bytes);

const outcome = (work: () => Uint8Array) => {
  try {
    return Buffer.from(work()).toString('latin1');
  } catch (error) {
    return `${error}`;
  }
};

describe('zlibGunzip', () => {
  it.each([
    ['all', zipped, 100_000, 0],
    ['a part', zipped, 5000, 60_000],
    ['the start', zipped, 540, 0],
    ['the start of a file that is cut off', zipped.subarray(0, 4096), 540, 0],
    ['more than there is', zipped, 200_000, 0],
    ['a file that is cut off', zipped.subarray(0, 30_000), 100_000, 352],
    ['little of a large one', gzipSync(new Uint8Array(1e7)), 10_000, 0],
    [
      'a file with a wrong sum',
      Uint8Array.from(zipped, (v, i) => (i === zipped.length - 6 ? v ^ 1 : v)),
      100_000,
      0,
    ],
    ['a damaged one', Uint8Array.from(zipped, (v, i) => (i === 5000 ? v ^ 255 : v)), 100_000, 0],
    ['two files in one', Buffer.concat([zipped, zipped]), 150_000, 0],
  ])('gives %s, as the one in JavaScript does', (_, file, length, skip) => {
    const own = outcome(() => zlibGunzip(file, length, skip));
    expect(own).toEqual(outcome(() => inflateAtMost(file, 'gzip', length, skip)));
  });
});
