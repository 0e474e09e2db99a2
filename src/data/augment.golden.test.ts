import { expect, it } from 'vitest';
import { expectClose } from '../../test/support/close.js';
import { recordedTensors } from '../../test/support/safetensors.js';
import { describeWith, goldenFolder } from '../../test/support/shared.js';
import { AUGMENTATIONS, augment, type Planes, sampleAffine } from './augment.js';

const TOLERANCE = 5e-5;

describeWith(`${goldenFolder}/augment.safetensors`, 'augment, as recorded', () => {
  const tensors = recordedTensors('augment.safetensors');

  /** Entry `index` of a recorded batch `[N, C, H, W]`. */
  function planes(name: string, index: number): Planes {
    const tensor = tensors[name];
    if (tensor === undefined) throw new Error(`no ${name}`);
    const [, channels, height, width] = tensor.shape as [number, number, number, number];
    const length = channels * height * width;
    const data = (tensor.data as Float32Array).subarray(index * length, (index + 1) * length);
    return { channels, height, width, data };
  }

  const batch = tensors.images?.shape[0] ?? 0;
  const recorded = tensors.matrices?.data as Float32Array;

  it.each(['images', 'masks'])('gives the eleven versions of %s', (name) => {
    for (const [version, augmentation] of AUGMENTATIONS.entries()) {
      for (let index = 0; index < batch; index++) {
        const expected = planes(`out_${name}`, version * batch + index);
        const actual = augment(planes(name, index), augmentation);
        expectClose(actual.data, expected.data, TOLERANCE, `${augmentation} of ${index}`);
      }
    }
  });

  it('samples by the recorded matrices', () => {
    expect(recorded.length).toBe(8 * 6);
    for (let version = 0; version < 8; version++) {
      const matrix = [...recorded.subarray(6 * version, 6 * version + 6)];
      const actual = sampleAffine(
        planes('images', 0),
        matrix as [number, number, number, number, number, number],
      );
      const expected = planes('out_images', (version + 1) * batch);
      expectClose(actual.data, expected.data, TOLERANCE, `matrix ${version}`);
    }
  });
});
