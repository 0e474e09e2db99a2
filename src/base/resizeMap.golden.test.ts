import { it } from 'vitest';
import { expectClose } from '../../test/support/close.js';
import { recordedTensors } from '../../test/support/safetensors.js';
import { describeWith, goldenFolder } from '../../test/support/shared.js';
import { resizeMap } from './resizeMap.js';

describeWith(`${goldenFolder}/upsample.safetensors`, 'resizeMap as recorded', () => {
  it('upsamples like PyTorch with half-pixel centres', () => {
    const tensors = recordedTensors('upsample.safetensors');
    let compared = 0;
    for (const [name, expected] of Object.entries(tensors)) {
      const input = name.endsWith('.halfpixel.y')
        ? tensors[name.replace('.halfpixel.y', '.x')]
        : undefined;
      if (!input) continue;
      const [h, w] = input.shape.slice(-2) as [number, number];
      const [toH, toW] = expected.shape.slice(-2) as [number, number];
      for (let plane = 0; plane < input.data.length / (h * w); plane++) {
        const data = (input.data as Float32Array).slice(plane * h * w, (plane + 1) * h * w);
        const recorded = expected.data as Float32Array;
        expectClose(
          resizeMap({ width: w, height: h, data }, toW, toH).data,
          recorded.subarray(plane * toH * toW, (plane + 1) * toH * toW),
          1e-5,
          name,
        );
        compared++;
      }
    }
    if (compared === 0) throw new Error(`no recorded case among ${Object.keys(tensors).join(' ')}`);
  });
});
