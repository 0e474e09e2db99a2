import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeNifti } from '../../../test/support/niftiWriter.js';
import { Random } from '../../base/random.js';
import { decodeNifti, type NiftiVolume } from './decodeNifti.js';
import { invertAffine, orientationCode } from './niftiAffine.js';
import { niftiMaskSlice, niftiSlice, niftiSliceCount } from './niftiSlice.js';
import { niftiRange } from './niftiWindow.js';

/** Voxels to the right, front and top of the patient, and millimetres between them. */
const [size, spacing] = [[3, 4, 5] as const, [2, 3, 4] as const];

/** A value that tells where in the patient it is. */
const label = (right: number, front: number, top: number) => 100 * right + 10 * front + top;

/**
 * The same volume, its voxels stored along the patient's axes in the order `axes` and backwards
 * where `flipped`, the affine tilted by `tilt` radians.
 */
function stored(axes: readonly number[], flipped: readonly boolean[], tilt = 0): NiftiVolume {
  const shape = axes.map((axis) => size[axis] as number);
  const values: number[] = [];
  for (let k = 0; k < (shape[2] as number); k++) {
    for (let j = 0; j < (shape[1] as number); j++) {
      for (let i = 0; i < (shape[0] as number); i++) {
        const place = [0, 0, 0];
        for (const [along, step] of [i, j, k].entries()) {
          const axis = axes[along] as number;
          place[axis] = flipped[along] ? (size[axis] as number) - 1 - step : step;
        }
        values.push(label(...(place as [number, number, number])));
      }
    }
  }
  const turn = [
    [Math.cos(tilt), -Math.sin(tilt), 0],
    [Math.sin(tilt), Math.cos(tilt), 0],
    [0, 0, 1],
  ];
  const rows = turn.flatMap((row) => {
    const directions = axes.map((axis, along) => {
      const step = (spacing[axis] as number) * (flipped[along] ? -1 : 1);
      return (row[axis] as number) * step;
    });
    const corner = axes.reduce((sum, axis, along) => {
      const last = ((size[axis] as number) - 1) * (spacing[axis] as number);
      return sum + (flipped[along] ? (row[axis] as number) * last : 0);
    }, 0);
    return [...directions, corner];
  });
  return decodeNifti(writeNifti({ shape, values, sform: [1, rows], version: 2, datatype: 4 }));
}

const ordinary = stored([0, 1, 2], [false, false, false]);

describe('niftiSlice', () => {
  it('shows the patient from the front and the feet, the right on the left', () => {
    const axial = niftiSlice(ordinary, 'axial', 1);
    expect([axial.width, axial.height]).toEqual([3, 4]);
    expect([...axial.values.subarray(0, 6)]).toEqual([231, 131, 31, 221, 121, 21]);
    expect(axial.spacing).toEqual({ row: 3, column: 2 });
    const coronal = niftiSlice(ordinary, 'coronal', 2);
    expect([...coronal.values.subarray(0, 6)]).toEqual([224, 124, 24, 223, 123, 23]);
    const sagittal = niftiSlice(ordinary, 'sagittal', 1);
    expect([...sagittal.values.subarray(0, 8)]).toEqual([134, 124, 114, 104, 133, 123, 113, 103]);
    expect(sagittal.spacing).toEqual({ row: 4, column: 3 });
  });

  it('mirrors axial and coronal slices, not sagittal ones, for neurologists', () => {
    const row = (axis: 'axial' | 'coronal' | 'sagittal') => {
      const { values, width } = niftiSlice(ordinary, axis, 0, { convention: 'neurological' });
      return [...values.subarray(0, width)];
    };
    expect(row('axial')).toEqual([30, 130, 230]);
    expect(row('coronal')).toEqual([4, 104, 204]);
    expect(row('sagittal')).toEqual([34, 24, 14, 4]);
  });

  it('is the same however the voxels are stored', () => {
    const axes = fc.constantFrom([0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]);
    const flips = fc.tuple(fc.boolean(), fc.boolean(), fc.boolean());
    const tilts = fc.double({ min: -0.6, max: 0.6, noNaN: true });
    fc.assert(
      fc.property(axes, flips, tilts, (order, flipped, tilt) => {
        const volume = stored(order, flipped, tilt);
        const letters = order.map(
          (axis, along) => ['RL', 'AP', 'SI'][axis]?.[flipped[along] ? 1 : 0],
        );
        expect(orientationCode(volume.header.affine)).toBe(letters.join(''));
        for (const axis of ['sagittal', 'coronal', 'axial'] as const) {
          expect(niftiSliceCount(volume, axis)).toBe(niftiSliceCount(ordinary, axis));
          const [actual, expected] = [volume, ordinary].map((one) => niftiSlice(one, axis, 2));
          expect(actual?.values).toEqual(expected?.values);
          expect(actual?.display).toEqual(expected?.display);
          const like = niftiMaskSlice(ordinary, axis, 2, { like: volume });
          if (tilt === 0) expect(like).toEqual(niftiMaskSlice(ordinary, axis, 2));
        }
      }),
    );
  });

  it('shows colours as they are', () => {
    const values = [10, 20, 30, 40, 50, 60];
    const colour = decodeNifti(writeNifti({ shape: [2, 1, 1], values, datatype: 128 }));
    // Without an affine, x goes from right to left, as the picture does.
    expect([...niftiSlice(colour, 'axial', 0).display.data]).toEqual(values);
    expect(niftiSlice(colour, 'axial', 0).range).toBeUndefined();
  });

  it('refuses slices that are not there', () => {
    for (const index of [-1, 5, 0.5]) {
      expect(() => niftiSlice(ordinary, 'axial', index)).toThrow(
        expect.objectContaining({ code: 'usage' }),
      );
    }
  });
});

describe('niftiRange', () => {
  const line = (values: number[]) => decodeNifti(writeNifti({ shape: [values.length], values }));
  const ramp = line(Array.from({ length: 101 }, (_, index) => 2 * index));

  it('takes percentiles of the finite values, linear between ranks', () => {
    expect(niftiRange(ramp)).toEqual({ low: 1, high: 199 });
    expect(niftiRange(ramp, { percentiles: [10.25, 90] })).toEqual({ low: 20.5, high: 180 });
    const broken = line([Number.NaN, 3, Number.POSITIVE_INFINITY, 1]);
    expect(niftiRange(broken, { percentiles: [0, 100] })).toEqual({ low: 1, high: 3 });
    expect(niftiRange(line([...new Array(999).fill(0), 7]))).toEqual({ low: 0, high: 7 });
    expect(niftiRange(line([4, 4]))).toEqual({ low: 4, high: 5 });
    expect(niftiRange(line([Number.NaN]))).toEqual({ low: 0, high: 1 });
  });

  it('takes the percentiles that sorted values have', () => {
    for (let seed = 0; seed < 40; seed++) {
      const random = new Random(seed);
      const values = Array.from({ length: 2 + random.integer(300) }, () => random.integer(50));
      const sorted = [...values].sort((a, b) => a - b);
      const at = (percent: number) => {
        const rank = ((sorted.length - 1) * percent) / 100;
        const [below, above] = [sorted[Math.floor(rank)]!, sorted[Math.ceil(rank)]!];
        return below + (above - below) * (rank - Math.floor(rank));
      };
      const [first, last] = [random.between(1, 50), random.between(51, 99)];
      if (at(first) === at(last)) continue;
      const range = niftiRange(line(values), { percentiles: [first, last] });
      expect(range).toEqual({ low: at(first), high: at(last) });
    }
  });

  it('takes fixed values and presets for CT', () => {
    expect(niftiRange(ramp, { low: 20, high: 60 })).toEqual({ low: 20, high: 60 });
    expect(niftiRange(ramp, 'brain')).toEqual({ low: 0, high: 80 });
    const values = [Number.NaN, -5, 20, 40, 60, 61];
    const { display } = niftiSlice(line(values), 'axial', 0, { window: { low: 20, high: 60 } });
    expect([...display.data]).toEqual([0, 0, 0, 128, 255, 255]);
  });

  it('refuses what is in the wrong order', () => {
    const usage = expect.objectContaining({ code: 'usage' });
    expect(() => niftiRange(ramp, { low: 1, high: 1 })).toThrow(usage);
    expect(() => niftiRange(ramp, { percentiles: [99, 1] })).toThrow(usage);
    expect(() => niftiRange(ramp, { percentiles: [-1, 50] })).toThrow(usage);
  });
});

describe('niftiMaskSlice', () => {
  it('marks what is neither 0 nor NaN', () => {
    const values = [0, 1, -0.5, Number.NaN];
    const mask = decodeNifti(writeNifti({ shape: [4], values }));
    expect([...niftiMaskSlice(mask, 'axial', 0).data]).toEqual([0, 1, 1, 0]);
  });

  it('takes the nearest voxel of a mask on another grid', () => {
    const line = (count: number, step: number, start: number, values: number[]) =>
      decodeNifti(
        writeNifti({
          shape: [count],
          values,
          sform: [1, [-step, 0, 0, -start, 0, 1, 0, 0, 0, 0, 1, 0]],
        }),
      );
    const image = line(6, 1, 0, new Array(6).fill(0));
    // Voxels at 1, 3 and 5 millimetres to the left: 0 is as near to none as to the first.
    const mask = line(3, 2, 1, [1, 0, 1]);
    const at = (like: NiftiVolume) => [...niftiMaskSlice(mask, 'axial', 0, { like }).data];
    expect(at(image)).toEqual([0, 1, 1, 0, 0, 1]);
    expect(at(line(2, 1, 20, [0, 0]))).toEqual([0, 0]);
  });
});

describe('invertAffine', () => {
  it('undoes an affine', () => {
    const affine = [0, -2, 0.5, 5, 3, 0.2, 0, 6, 0.1, 0, 4, 7];
    const inverse = invertAffine(affine);
    const [x, y, z] = [0, 4, 8]
      .map((row) => affine.slice(row, row + 4))
      .map(([a = 0, b = 0, c = 0, d = 0]) => a + 2 * b + 3 * c + d) as [number, number, number];
    const back = [0, 4, 8].map((row) => {
      const [a = 0, b = 0, c = 0, d = 0] = inverse.slice(row, row + 4);
      return a * x + b * y + c * z + d;
    });
    expect(back.map((value) => Number(value.toFixed(9)))).toEqual([1, 2, 3]);
  });
});
