import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { expectClose } from '../../../test/support/close.js';
import { damaged } from '../../../test/support/damage.js';
import { recordedTensors } from '../../../test/support/safetensors.js';
import {
  describeWith,
  goldenFolder,
  goldenJson,
  sharedFolder,
} from '../../../test/support/shared.js';
import { IqeError } from '../../base/errors.js';
import { decodeNifti, isNifti, type NiftiVolume, niftiValue } from './decodeNifti.js';
import { orientationCode } from './niftiAffine.js';
import { niftiMaskSlice, niftiSlice, niftiSliceCount } from './niftiSlice.js';

interface RecordedFile {
  readonly file: string;
  readonly version: number;
  readonly little_endian: boolean;
  readonly shape: number[];
  readonly datatype: string;
  readonly datatype_code: number;
  readonly zooms: number[];
  readonly affine: number[][];
  readonly qform_code: number;
  readonly sform_code: number;
  readonly slope: number;
  readonly inter: number;
  readonly orientation: string;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** `[axis, index]` of the array as stored, further axes at 0. */
  readonly slices: [number, number][];
}

const folder = `${sharedFolder}nifti/`;

/** The slice across a stored axis, its last axis fastest. */
function storedSlice(volume: NiftiVolume, axis: number, index: number): Float64Array {
  const [first, second] = [0, 1, 2].filter((other) => other !== axis) as [number, number];
  const values: number[] = [];
  const voxel = [0, 0, 0] as [number, number, number];
  voxel[axis] = index;
  for (let a = 0; a < (volume.shape[first] as number); a++) {
    for (let b = 0; b < (volume.shape[second] as number); b++) {
      voxel[first] = a;
      voxel[second] = b;
      values.push(niftiValue(volume, ...voxel));
    }
  }
  return Float64Array.from(values);
}

describeWith([`${goldenFolder}/nifti.json`, folder], 'NIfTI files as recorded', () => {
  const { files, not_read } = goldenJson<{ files: RecordedFile[]; not_read: { file: string }[] }>(
    'nifti.json',
  );
  const tensors = recordedTensors('nifti.safetensors');

  it.each(files)('$file', (expected) => {
    const bytes = readFileSync(folder + expected.file);
    const first = decodeNifti(bytes);
    const { header } = first;
    expect(isNifti(bytes)).toBe(true);
    expect(header).toMatchObject({
      version: expected.version,
      littleEndian: expected.little_endian,
      shape: expected.shape,
      dataType: { name: expected.datatype, code: expected.datatype_code },
      qformCode: expected.qform_code,
      sformCode: expected.sform_code,
    });
    expectClose(header.zooms, expected.zooms, 1e-6, 'zooms');
    expectClose(header.affine, expected.affine.slice(0, 3).flat(), 1e-6, 'affine');
    expectClose(
      [header.slope, header.intercept],
      [expected.slope, expected.inter],
      1e-6,
      'scaling',
    );
    expect(orientationCode(header.affine)).toBe(expected.orientation);

    let [sum, count] = [0, 0];
    let [smallest, largest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let volume = 0; volume < first.volumeCount; volume++) {
      const { stored } = volume === 0 ? first : decodeNifti(bytes, { volume });
      for (const value of stored) {
        const scaled = value * header.slope + header.intercept;
        sum += scaled;
        count += 1;
        if (scaled < smallest) smallest = scaled;
        if (scaled > largest) largest = scaled;
      }
    }
    expect(count).toBe(expected.shape.reduce((product, size) => product * size, 1));
    expect(Math.abs(sum / count - expected.mean)).toBeLessThan(1e-9 * Math.max(1, expected.max));
    expectClose([smallest, largest], [expected.min, expected.max], 1e-6, 'range');

    for (const [axis, index] of expected.slices) {
      const tensor = tensors[`${expected.file}.axis${axis}`];
      expectClose(
        storedSlice(first, axis, index),
        tensor?.data as Float32Array,
        1e-6,
        `axis ${axis}`,
      );
    }
  });

  it.each(files)('$file has slices of every axis, of masks too', ({ file }) => {
    const volume = decodeNifti(readFileSync(folder + file));
    for (const axis of ['sagittal', 'coronal', 'axial'] as const) {
      const index = niftiSliceCount(volume, axis) >> 1;
      const slice = niftiSlice(volume, axis, index);
      const mask = niftiMaskSlice(volume, axis, index);
      expect([mask.width, mask.height]).toEqual([slice.width, slice.height]);
      expect([...mask.data]).toEqual([...slice.values].map((value) => (value === 0 ? 0 : 1)));
    }
  });

  it('gives a result or an IqeError where a file is damaged', () => {
    for (const { file } of files) {
      const bytes = readFileSync(folder + file);
      for (let seed = 0; seed < 6; seed++) {
        try {
          decodeNifti(damaged(bytes, seed, file));
        } catch (error) {
          expect(error, `${file}, seed ${seed}`).toBeInstanceOf(IqeError);
        }
      }
    }
  });

  it.each(not_read)('$file is refused', ({ file }) => {
    const bytes = readFileSync(folder + file);
    expect(isNifti(bytes)).toBe(false);
    expect(() => decodeNifti(bytes)).toThrow(expect.objectContaining({ code: 'unreadable' }));
  });
});
