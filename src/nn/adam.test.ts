import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectWithin } from '../../test/support/close.js';
import { Random } from '../base/random.js';
import { adamStep } from './adam.js';

describe('adamStep', () => {
  it('is the formula of the paper in float64', () => {
    const options = fc.record({
      learningRate: fc.constantFrom(1e-4, 1e-3, 0.1),
      betas: fc.constantFrom<[number, number]>([0.9, 0.999], [0.5, 0.999], [0, 0.5]),
      epsilon: fc.constantFrom(1e-8, 1e-3),
    });
    fc.assert(
      fc.property(options, fc.integer(), (settings, seed) => {
        const random = new Random(seed);
        const size = 5;
        const start = Float32Array.from({ length: size }, () => random.normal());
        const parameter = start.slice();
        const moments = { first: new Float32Array(size), second: new Float32Array(size) };
        const [p, m, v] = [Array.from(start), new Array(size).fill(0), new Array(size).fill(0)];
        const [beta1, beta2] = settings.betas;
        for (let step = 1; step <= 30; step++) {
          const gradient = Float32Array.from({ length: size }, () => random.normal() ** 3);
          adamStep(parameter, gradient, moments, step, settings);
          for (const [i, g] of gradient.entries()) {
            m[i] = beta1 * m[i] + (1 - beta1) * g;
            v[i] = beta2 * v[i] + (1 - beta2) * g ** 2;
            const [mHat, vHat] = [m[i] / (1 - beta1 ** step), v[i] / (1 - beta2 ** step)];
            p[i]! -= (settings.learningRate * mHat) / (Math.sqrt(vHat) + settings.epsilon);
          }
        }
        expectWithin(parameter, p, 1e-5 * Math.max(1, ...p.map(Math.abs)), 'parameters');
        expectWithin(moments.first, m, 1e-5 * Math.max(...m.map(Math.abs)), 'first moments');
        expectWithin(moments.second, v, 1e-5 * Math.max(...v), 'second moments');
      }),
      { numRuns: 50, seed: 1 },
    );
  });

  it('moves by the learning rate against the sign of the first gradient', () => {
    const parameter = Float32Array.of(1, 1, 1);
    const moments = { first: new Float32Array(3), second: new Float32Array(3) };
    const options = { learningRate: 0.25, betas: [0.9, 0.999], epsilon: 1e-12 } as const;
    adamStep(parameter, Float32Array.of(1e-3, -1e3, 0), moments, 1, options);
    expectWithin(parameter, [0.75, 1.25, 1], 1e-6);
    expect(moments.first[2]).toBe(0);
  });

  it('finds the bottom of a valley', () => {
    const parameter = Float32Array.of(3, -2);
    const moments = { first: new Float32Array(2), second: new Float32Array(2) };
    const options = { learningRate: 0.05, betas: [0.9, 0.999], epsilon: 1e-8 } as const;
    for (let step = 1; step <= 500; step++) {
      const gradient = Float32Array.of(2 * parameter[0]!, 200 * parameter[1]!);
      adamStep(parameter, gradient, moments, step, options);
    }
    expectWithin(parameter, [0, 0], 1e-3);
  });
});
