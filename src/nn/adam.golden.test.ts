import { it } from 'vitest';
import { expectClose } from '../../test/support/close.js';
import { describeWith, goldenFolder, goldenJson } from '../../test/support/shared.js';
import { Adam } from './adam.js';

interface Recording {
  readonly start: number[];
  readonly gradients: number[][];
  readonly runs: {
    readonly lr: number;
    readonly betas: [number, number];
    readonly eps: number;
    readonly steps: { readonly parameters: number[]; readonly m: number[]; readonly v: number[] }[];
  }[];
}

describeWith(`${goldenFolder}/adam.json`, 'Adam against recorded values', () => {
  const recording = goldenJson<Recording>('adam.json');

  it.each(recording.runs)('learning rate $lr, betas $betas', ({ lr, betas, eps, steps }) => {
    const adam = new Adam();
    const parameters = Float32Array.from(recording.start);
    const moments = {
      first: new Float32Array(parameters.length),
      second: new Float32Array(parameters.length),
    };
    for (const [index, expected] of steps.entries()) {
      const gradient = Float32Array.from(recording.gradients[index]!);
      adam.step(parameters, gradient, moments, index + 1, {
        learningRate: lr,
        betas,
        epsilon: eps,
      });
      expectClose(parameters, expected.parameters, 1e-6, `parameters after step ${index + 1}`);
      expectClose(moments.first, expected.m, 1e-6, `m after step ${index + 1}`);
      expectClose(moments.second, expected.v, 1e-6, `v after step ${index + 1}`);
    }
  });
});
