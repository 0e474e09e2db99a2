import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileKernel } from '../../scripts/compileKernel.mjs';
import { expectWithin } from '../../test/support/close.js';
import { Random } from '../base/random.js';
import { Adam } from './adam.js';
import { adamKernel } from './adamKernel.js';

const settings = { learningRate: 0.05, betas: [0.9, 0.999], epsilon: 1e-8 } as const;

function momentsOf(size: number) {
  return { first: new Float32Array(size), second: new Float32Array(size) };
}

describe('Adam', () => {
  it('is the formula of the papers in float64', () => {
    const options = fc.record({
      learningRate: fc.constantFrom(1e-4, 1e-3, 0.1),
      betas: fc.constantFrom<[number, number]>([0.9, 0.999], [0.5, 0.999], [0, 0.5]),
      epsilon: fc.constantFrom(1e-8, 1e-3),
      weightDecay: fc.constantFrom(0, 0.5),
    });
    const size = fc.integer({ min: 1, max: 11 });
    fc.assert(
      fc.property(options, size, fc.integer(), (chosen, count, seed) => {
        const random = new Random(seed);
        const start = Float32Array.from({ length: count }, () => random.normal());
        const parameter = start.slice();
        const moments = momentsOf(count);
        const [p, m, v] = [Array.from(start), new Array(count).fill(0), new Array(count).fill(0)];
        const [beta1, beta2] = chosen.betas;
        const adam = new Adam();
        for (let step = 1; step <= 30; step++) {
          const gradient = Float32Array.from({ length: count }, () => random.normal() ** 3);
          adam.step(parameter, gradient, moments, step, chosen);
          for (const [i, g] of gradient.entries()) {
            m[i] = beta1 * m[i] + (1 - beta1) * g;
            v[i] = beta2 * v[i] + (1 - beta2) * g ** 2;
            const [mHat, vHat] = [m[i] / (1 - beta1 ** step), v[i] / (1 - beta2 ** step)];
            p[i]! *= 1 - chosen.learningRate * chosen.weightDecay;
            p[i]! -= (chosen.learningRate * mHat) / (Math.sqrt(vHat) + chosen.epsilon);
          }
        }
        expectWithin(parameter, p, 1e-5 * Math.max(1, ...p.map(Math.abs)), 'parameters');
        expectWithin(moments.first, m, 1e-5 * Math.max(...m.map(Math.abs)), 'first moments');
        expectWithin(moments.second, v, 1e-5 * Math.max(...v), 'second moments');
      }),
      { numRuns: 50, seed: 1 },
    );
  });

  it('moves every element of a long parameter alike, wherever it lies', () => {
    const size = 9001;
    const parameter = new Float32Array(size).fill(1);
    const gradient = new Float32Array(size).fill(1e-3);
    const moments = momentsOf(size);
    new Adam().step(parameter, gradient, moments, 1, settings);
    expect(new Set(parameter).size).toBe(1);
    expect(new Set(moments.first).size).toBe(1);
    expect(new Set(moments.second).size).toBe(1);
    expectWithin(parameter.subarray(0, 1), [0.95], 1e-5);
  });

  it('gives the same bytes for a parameter as a whole and in parts', () => {
    const random = new Random(2);
    const values = Float32Array.from({ length: 5003 }, () => random.normal());
    const gradient = Float32Array.from(values, () => random.normal());
    const [whole, parts] = [values.slice(), values.slice()];
    const adam = new Adam();
    adam.step(whole, gradient, momentsOf(values.length), 1, settings);
    for (const [from, to] of [
      [0, 7],
      [7, 4999],
      [4999, 5003],
    ] as const) {
      adam.step(
        parts.subarray(from, to),
        gradient.subarray(from, to),
        momentsOf(to - from),
        1,
        settings,
      );
    }
    expect(parts).toEqual(whole);
  });

  it('moves by the learning rate against the sign of the first gradient', () => {
    const parameter = Float32Array.of(1, 1, 1);
    const moments = momentsOf(3);
    const options = { learningRate: 0.25, betas: [0.9, 0.999], epsilon: 1e-12 } as const;
    new Adam().step(parameter, Float32Array.of(1e-3, -1e3, 0), moments, 1, options);
    expectWithin(parameter, [0.75, 1.25, 1], 1e-6);
    expect(moments.first[2]).toBe(0);
  });

  it('finds the bottom of a valley', () => {
    const parameter = Float32Array.of(3, -2);
    const moments = momentsOf(2);
    const adam = new Adam();
    for (let step = 1; step <= 500; step++) {
      const gradient = Float32Array.of(2 * parameter[0]!, 200 * parameter[1]!);
      adam.step(parameter, gradient, moments, step, settings);
    }
    expectWithin(parameter, [0, 0], 1e-3);
  });

  it('runs the kernel that its source compiles to', async () => {
    expect(await compileKernel('adam')).toContain(adamKernel);
  });
});
