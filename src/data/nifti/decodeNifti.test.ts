import fc from 'fast-check';
import { gzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { expectWithin } from '../../../test/support/close.js';
import { damaged } from '../../../test/support/damage.js';
import { type NiftiFileOptions, writeNifti } from '../../../test/support/niftiWriter.js';
import { IqeError } from '../../base/errors.js';
import { decodeNifti, isNifti, niftiValue } from './decodeNifti.js';

const unreadable = expect.objectContaining({ code: 'unreadable' });

/** What a stored value has to be to survive its data type. */
const ranges: Record<string, [code: number, low: number, high: number]> = {
  uint8: [2, 0, 255],
  int8: [256, -128, 127],
  int16: [4, -32768, 32767],
  uint16: [512, 0, 65535],
  int32: [8, -(2 ** 31), 2 ** 31 - 1],
  uint32: [768, 0, 2 ** 32 - 1],
  int64: [1024, -(2 ** 53), 2 ** 53],
  uint64: [1280, 0, 2 ** 53],
  float32: [16, -(2 ** 24), 2 ** 24],
  float64: [64, -(2 ** 53), 2 ** 53],
};

describe('decodeNifti', () => {
  it.each(Object.entries(ranges))('reads %s of both versions and byte orders', (name, range) => {
    const [datatype, low, high] = range;
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: low, max: high }), { minLength: 12, maxLength: 12 }),
        fc.constantFrom<1 | 2>(1, 2),
        fc.boolean(),
        fc.boolean(),
        fc.constantFrom(0, 32),
        (values, version, littleEndian, gzip, extension) => {
          const shape = [2, 3, 1, 2];
          const file = { shape, values, datatype, version, littleEndian, gzip, extension };
          const volume = decodeNifti(writeNifti(file), { volume: 1 });
          expect(volume.header).toMatchObject({ version, littleEndian, shape, dataType: { name } });
          expect(volume).toMatchObject({ shape: [2, 3, 1], volume: 1, volumeCount: 2 });
          expect([...volume.stored]).toEqual(values.slice(6));
        },
      ),
      { numRuns: 20 },
    );
  });

  it('reads complex numbers as magnitudes and colours without their opacity', () => {
    for (const datatype of [32, 1792]) {
      const file = { shape: [2], values: [3, -4, 0, 2], datatype };
      expect([...decodeNifti(writeNifti(file)).stored]).toEqual([5, 2]);
    }
    const colour = decodeNifti(
      writeNifti({ shape: [2], values: [1, 2, 3, 4, 5, 6], datatype: 128 }),
    );
    expect([0, 1, 2].map((channel) => niftiValue(colour, 1, 0, 0, channel))).toEqual([4, 5, 6]);
    const values = [1, 2, 3, 99, 4, 5, 6, 99];
    const opaque = decodeNifti(writeNifti({ shape: [2], values, datatype: 2304 }));
    expect([...opaque.stored]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('reads 128-bit floats of either kind', () => {
    // 1.5, −0.375 and 0: sign and exponent + 16383, then the mantissa with and without its leading 1.
    const eighty = [
      [0x3f, 0xff, 0xc0],
      [0xbf, 0xfd, 0xc0],
      [0, 0, 0],
    ];
    const quadruple = [
      [0x3f, 0xff, 0x80],
      [0xbf, 0xfd, 0x80],
      [0, 0, 0],
    ];
    const padded = (number: number[], length: number) => [
      ...number,
      ...new Array(length - number.length).fill(0),
    ];
    const lower = eighty.flatMap((number) => [
      ...padded(number, 10).reverse(),
      ...new Array(6).fill(0),
    ]);
    const little = quadruple.flatMap((number) => padded(number, 16).reverse());
    const big = quadruple.flatMap((number) => padded(number, 16));
    for (const [values, littleEndian] of [
      [lower, true],
      [little, true],
      [big, false],
    ] as const) {
      const file = { shape: [3], values, datatype: 1536, littleEndian };
      expect([...decodeNifti(writeNifti(file)).stored]).toEqual([1.5, -0.375, 0]);
    }
    const complex = decodeNifti(
      writeNifti({ shape: [1], values: lower.slice(0, 32), datatype: 2048 }),
    );
    expect(complex.stored[0]).toBeCloseTo(Math.hypot(1.5, 0.375), 12);
  });

  it('scales unless the slope says not to', () => {
    const value = (slope: number, intercept: number) =>
      niftiValue(decodeNifti(writeNifti({ shape: [1], values: [7], slope, intercept })), 0, 0, 0);
    expect(value(2, -3)).toBe(11);
    expect(value(2, Number.NaN)).toBe(14);
    expect(value(0, 5)).toBe(7);
    expect(value(Number.NaN, 5)).toBe(7);
  });

  it('prefers the sform to the qform, and takes neither without its code', () => {
    const rows = [0, -2, 0, 5, 3, 0, 0, 6, 0, 0, 4, 7];
    const file: NiftiFileOptions = {
      shape: [3, 3, 3],
      values: new Array(27).fill(0),
      pixdim: [-1, 2, 3, 4, 0, 0, 0, 0],
      sform: [1, rows],
      // A quarter turn about z.
      qform: [1, [0, 0, Math.SQRT1_2, 1, 2, 3]],
    };
    const affine = (more: Partial<NiftiFileOptions>) =>
      decodeNifti(writeNifti({ ...file, ...more, version: 2 })).header.affine;
    expectWithin(affine({}), rows, 0, 'sform');
    const turned = [0, -3, 0, 1, 2, 0, 0, 2, 0, 0, -4, 3];
    expectWithin(affine({ sform: [0, rows] }), turned, 1e-12, 'qform');
    const flat = new Array(12).fill(0);
    expectWithin(affine({ sform: [1, flat] }), turned, 1e-12, 'a sform that cannot be');
    const base = [-2, 0, 0, 2, 0, 3, 0, -3, 0, 0, 4, -4];
    expectWithin(affine({ sform: [0, rows], qform: [0, []] }), base, 0, 'neither');
  });
});

describe('what cannot be read', () => {
  const file = { shape: [4, 4, 4], values: new Array(64).fill(1) };

  it('is refused with the reason', () => {
    const bytes = writeNifti(file);
    const refusal = (refused: Uint8Array) => {
      expect(() => decodeNifti(refused)).toThrow(unreadable);
      try {
        decodeNifti(refused);
      } catch (error) {
        return (error as IqeError).message;
      }
      return '';
    };
    expect(refusal(new Uint8Array(0))).toContain('not a NIfTI file');
    expect(refusal(new Uint8Array(1000))).toContain('not a NIfTI file');
    expect(refusal(writeNifti({ ...file, magic: 'ni1\0' }))).toContain('pair');
    expect(refusal(writeNifti({ ...file, datatype: 1 }))).toContain('data type 1');
    expect(refusal(writeNifti({ ...file, shape: [4, 0, 4] }))).toContain('4 × 0 × 4');
    expect(refusal(writeNifti({ ...file, shape: [] }))).toContain('0 dimensions');
    expect(refusal(bytes.slice(0, -1))).toContain('needs 256 bytes, 255 are there');
    expect(refusal(gzipSync(bytes.slice(0, -1)))).toContain('255 are there');
    expect(refusal(gzipSync(bytes).slice(0, -30))).toContain('not a NIfTI file');
  });

  it('is refused for its size before anything is allocated', () => {
    const large = { shape: [2000, 2000, 100], values: [], gzip: true };
    expect(() => decodeNifti(writeNifti(large))).toThrow('0 are there');
    const absurd = { shape: [30000, 30000, 30000], values: [], gzip: true };
    expect(() => decodeNifti(writeNifti(absurd))).toThrow('at most 2147483648');
  });

  it('is a volume that is not there', () => {
    for (const volume of [-1, 1, 0.5]) {
      expect(() => decodeNifti(writeNifti(file), { volume })).toThrow(
        expect.objectContaining({ code: 'usage' }),
      );
    }
  });

  it('gives a result or an IqeError, however damaged', () => {
    const values = Array.from({ length: 600 }, (_, index) => (index * 7919) % 251);
    for (const [name, options] of Object.entries({
      plain: { datatype: 4 },
      zipped: { gzip: true },
      second: { version: 2 as const, littleEndian: false, datatype: 8 },
    })) {
      const bytes = writeNifti({ shape: [10, 6, 5, 2], values, ...options });
      for (let seed = 0; seed < 120; seed++) {
        const copy = damaged(bytes, seed, name);
        isNifti(copy);
        try {
          decodeNifti(copy);
        } catch (error) {
          expect(error, `${name}, seed ${seed}`).toBeInstanceOf(IqeError);
        }
      }
    }
  });
});
