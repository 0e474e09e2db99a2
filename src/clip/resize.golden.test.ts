import { expect, it } from 'vitest';
import { recordedTensors } from '../../test/support/safetensors.js';
import { describeWith, goldenFolder, goldenJson } from '../../test/support/shared.js';
import type { RasterImage } from '../base/image.js';
import { type ResizeFilter, resize } from './resize.js';

describeWith(`${goldenFolder}/resize.safetensors`, 'resize, as recorded', () => {
  const { cases, filters } = goldenJson<{
    cases: { case: string; content: string; input: number[]; output: [number, number] }[];
    filters: ResizeFilter[];
  }>('resize.json');
  const tensors = recordedTensors('resize.safetensors');

  it.each(cases)('$case: $content $input to $output, bit for bit', ({ case: name, output }) => {
    const input = tensors[`${name}.input`];
    if (input === undefined) throw new Error(`${name} has no input`);
    const [height, width, channels = 1] = input.shape as [number, number, number?];
    const data = input.data as Uint8Array;
    const image: RasterImage = { width, height, channels: channels === 3 ? 3 : 1, data };
    for (const filter of filters) {
      const resized = resize(image, output[1], output[0], filter);
      expect(resized.data, filter).toEqual(tensors[`${name}.${filter}`]?.data);
    }
  });
});
