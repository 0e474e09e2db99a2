import { describe, expect, it } from 'vitest';
import { AdamW, learningRateAt } from './adamW.js';

const options = {
  betas: [0.9, 0.98],
  epsilon: 1e-6,
  weightDecay: 0,
  gradientNorm: Number.POSITIVE_INFINITY,
} as const;
const tensor = (values: readonly number[], shape: readonly number[] = [values.length]) => ({
  data: Float32Array.from(values),
  shape,
});

describe('AdamW', () => {
  it('finds the minimum of a parabola', () => {
    const optimiser = new AdamW(options);
    const parameters = { x: tensor([3, -2]) };
    for (let step = 0; step < 500; step++) {
      const [a, b] = parameters.x.data;
      optimiser.step(parameters, { x: tensor([2 * (a! - 1), 8 * (b! - 0.5)]) }, 0.05);
    }
    expect(parameters.x.data[0]).toBeCloseTo(1, 2);
    expect(parameters.x.data[1]).toBeCloseTo(0.5, 2);
  });

  it('cuts all gradients together to the norm, and says how long they were', () => {
    const optimiser = new AdamW({ ...options, gradientNorm: 1 });
    const gradients = { a: tensor([3, 0]), b: tensor([4]) };
    const length = optimiser.step({ a: tensor([0, 0]), b: tensor([0]) }, gradients, 0.1);
    expect(length).toBeCloseTo(5, 6);
    expect(gradients.a.data[0]).toBeCloseTo(0.6, 6);
    expect(gradients.b.data[0]).toBeCloseTo(0.8, 6);
  });

  it('decays matrices, not biases and embeddings', () => {
    const parameters = {
      'fc1.weight': tensor([1, 1], [1, 2]),
      'fc1.bias': tensor([1]),
      'position_embedding.weight': tensor([1], [1, 1]),
    };
    const gradients = {
      'fc1.weight': tensor([0, 0], [1, 2]),
      'fc1.bias': tensor([0]),
      'position_embedding.weight': tensor([0], [1, 1]),
    };
    new AdamW({ ...options, weightDecay: 0.5 }).step(parameters, gradients, 0.1);
    expect(parameters['fc1.weight'].data[1]).toBeCloseTo(0.95, 6);
    expect(parameters['fc1.bias'].data[0]).toBe(1);
    expect(parameters['position_embedding.weight'].data[0]).toBe(1);
  });
});

describe('learningRateAt', () => {
  const rate = { peak: 2, warmUp: 10, total: 110, finalShare: 0 };

  it('rises in a line, then falls by half a cosine', () => {
    expect(learningRateAt(1, rate)).toBeCloseTo(0.2);
    expect(learningRateAt(10, rate)).toBeCloseTo(2);
    expect(learningRateAt(60, rate)).toBeCloseTo(1);
    expect(learningRateAt(110, rate)).toBeCloseTo(0);
    expect(learningRateAt(110, { ...rate, finalShare: 0.1 })).toBeCloseTo(0.2);
    expect(learningRateAt(1, { ...rate, warmUp: 0 })).toBeCloseTo(2, 2);
  });
});
