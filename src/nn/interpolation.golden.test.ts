import { it } from 'vitest';
import { expectClose } from '../../test/support/close.js';
import { evaluate, host } from '../../test/support/evaluate.js';
import { recordedTensors } from '../../test/support/safetensors.js';
import { describeWith, goldenFolder } from '../../test/support/shared.js';
import { grad } from '../graph/gradient.js';
import { constant, input } from '../graph/tensor.js';
import { gaussianSmoothing, interpolate, upsample } from './interpolation.js';

describeWith(`${goldenFolder}/upsample.safetensors`, 'upsampling against PyTorch', () => {
  const recorded = recordedTensors('upsample.safetensors');
  const names = Object.keys(recorded).filter((name) => name.endsWith('.x'));

  it.each(names)('%s, value and gradient', async (name) => {
    const stem = name.slice(0, -2);
    const { data, shape } = recorded[name]!;
    const dy = recorded[`${stem}.dy`]!;
    for (const kind of ['corners', 'halfpixel']) {
      const x = input('x', shape);
      const y = upsample(x, dy.shape[2]!, dy.shape[3]!, kind === 'corners');
      const [dx] = grad(y, [x], constant(dy.data as Float32Array, dy.shape));
      const result = await evaluate({ y, dx: dx! }, { x: host(data as Float32Array, shape) });
      const expected = (key: string) => recorded[`${stem}.${kind}.${key}`]!.data as Float32Array;
      expectClose(result.y!.data, expected('y'), 1e-5, `${stem} ${kind}`);
      expectClose(result.dx!.data, expected('d_x'), 1e-5, `${stem} ${kind} gradient`);
    }
  });
});

describeWith(`${goldenFolder}/gaussian.safetensors`, 'Gaussian smoothing against SciPy', () => {
  const recorded = recordedTensors('gaussian.safetensors');
  const names = Object.keys(recorded).filter((name) => name.includes('.sigma'));

  it.each(names)('%s', async (name) => {
    const [stem, sigma] = name.split('.sigma') as [string, string];
    const { data, shape } = recorded[stem]!;
    const smooth = (size: number) => gaussianSmoothing(size, Number(sigma));
    const x = constant(data as Float32Array, shape);
    const { y } = await evaluate({ y: interpolate(x, smooth(shape[1]!), smooth(shape[2]!)) });
    expectClose(y!.data, recorded[name]!.data as Float32Array, 1e-6, name);
  });
});
