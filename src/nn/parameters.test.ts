import { describe, expect, it } from 'vitest';
import { Random } from '../base/random.js';
import {
  filled,
  type Initialiser,
  normal,
  Parameters,
  uniform,
  uniformFanIn,
} from './parameters.js';

describe('initialisers', () => {
  const draw = (initialiser: Initialiser) => {
    const random = new Random(3, 'initialiser');
    return Float64Array.from({ length: 40_000 }, () => initialiser(random));
  };
  const mean = (values: Float64Array) => values.reduce((a, b) => a + b, 0) / values.length;
  const moments = (values: Float64Array) => {
    const centre = mean(values);
    const central = (power: number) => mean(values.map((value) => (value - centre) ** power));
    return { centre, deviation: Math.sqrt(central(2)), kurtosis: central(4) / central(2) ** 2 };
  };

  it('filled gives one value', () => {
    expect(new Set(draw(filled(0.25)))).toEqual(new Set([0.25]));
  });

  it('normal has mean 0, its deviation and the tails of a normal distribution', () => {
    const { centre, deviation, kurtosis } = moments(draw(normal(0.02)));
    expect(Math.abs(centre)).toBeLessThan((5 * 0.02) / 200);
    expect(Math.abs(deviation / 0.02 - 1)).toBeLessThan(0.02);
    expect(Math.abs(kurtosis - 3)).toBeLessThan(0.15);
  });

  it.each([
    ['uniform', uniform(0.5), 0.5],
    ['uniformFanIn', uniformFanIn(16), 0.25],
  ] as const)('%s fills its range evenly', (_, initialiser, bound) => {
    const values = draw(initialiser);
    const { centre, deviation, kurtosis } = moments(values);
    expect(Math.max(...values)).toBeLessThanOrEqual(bound);
    expect(Math.max(...values)).toBeGreaterThan(0.999 * bound);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-bound);
    expect(Math.min(...values)).toBeLessThan(-0.999 * bound);
    expect(Math.abs(centre)).toBeLessThan((5 * bound) / 200);
    expect(Math.abs((deviation * Math.sqrt(3)) / bound - 1)).toBeLessThan(0.02);
    expect(Math.abs(kurtosis - 9 / 5)).toBeLessThan(0.05);
  });
});

describe('Parameters', () => {
  it('records what a model asks for, once, in order and under full names', () => {
    const parameters = new Parameters();
    const { weights } = parameters;
    const bias = weights.get('bias', [3]);
    const layer = weights.at('layers').at(1);
    const weight = layer.get('weight', [3, 2], filled(1));
    expect(weights.get('bias', [3])).toBe(bias);
    expect(weights.at('layers').get('1.weight', [3, 2])).toBe(weight);
    expect(parameters.list.map(({ name, shape, tensor }) => [name, shape, tensor])).toEqual([
      ['bias', [3], bias],
      ['layers.1.weight', [3, 2], weight],
    ]);
  });

  it('refuses one name for two shapes', () => {
    const { weights } = new Parameters();
    weights.at('layer').get('weight', [3, 2]);
    const act = () => weights.get('layer.weight', [2, 3]);
    expect(act).toThrow(expect.objectContaining({ code: 'shape' }));
    expect(act).toThrow("Parameter 'layer.weight' is [3,2] here and [2,3] there.");
  });

  it('starts a parameter in the same way whichever others there are', () => {
    const start = (names: readonly string[]) => {
      const parameters = new Parameters();
      for (const name of names) parameters.weights.get(name, [4, 5], normal(1));
      return parameters.initialise((name) => new Random(1, name));
    };
    const values = start(['a', 'b']);
    expect(start(['c', 'b']).b).toEqual(values.b);
    expect(values.a).not.toEqual(values.b);
    expect(values.a).toMatchObject({ shape: [4, 5], data: { length: 20 } });
    const parameters = new Parameters();
    parameters.weights.get('scale', []);
    expect(parameters.initialise(() => new Random(1))).toEqual({
      scale: { data: Float32Array.of(0), shape: [] },
    });
  });
});
