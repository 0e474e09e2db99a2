import { describe, expect, it } from 'vitest';
import { evaluate, host } from '../../test/support/evaluate.js';
import { Random } from '../base/random.js';
import { grad } from '../graph/gradient.js';
import { B, times } from '../graph/shape.js';
import { sumAll } from '../graph/sum.js';
import { input } from '../graph/tensor.js';
import { Dropout } from './dropout.js';

describe('Dropout', () => {
  /** Masks of a model that drops twice, drawn for batches of 50. */
  const draw = (rate: number, seed: number) => {
    const dropout = new Dropout(rate);
    dropout.apply(input('x', [B, 40]));
    dropout.apply(input('y', [times(B, 2), 30]));
    const masks = dropout.allocate(50);
    dropout.draw(masks, new Random(seed));
    return masks;
  };

  it('has one mask per use, sized for the batch', () => {
    const shapes = Object.values(draw(0.5, 1)).map(({ data, shape }) => [shape, data.length]);
    expect(shapes).toEqual([
      [[50, 40], 2000],
      [[100, 30], 3000],
    ]);
  });

  it.each([0.1, 0.5, 0.9])('keeps a share of 1 − %d, scaled so that means stay', (rate) => {
    let [kept, count, sum] = [0, 0, 0];
    for (let seed = 0; seed < 20; seed++) {
      for (const { data } of Object.values(draw(rate, seed))) {
        expect(new Set(data as Float32Array)).toEqual(new Set([0, Math.fround(1 / (1 - rate))]));
        for (const value of data as Float32Array) {
          kept += value === 0 ? 0 : 1;
          sum += value;
          count++;
        }
      }
    }
    // Five deviations of a mean of 100,000 draws.
    const bound = 5 * Math.sqrt((rate * (1 - rate)) / count);
    expect(Math.abs(kept / count - (1 - rate))).toBeLessThan(bound);
    expect(Math.abs(sum / count - 1)).toBeLessThan(bound / (1 - rate));
  });

  it('draws the same for the same seed, and others for others and for each use', () => {
    expect(draw(0.5, 7)).toEqual(draw(0.5, 7));
    expect(draw(0.5, 7)).not.toEqual(draw(0.5, 8));
    const [x, y] = Object.values(draw(0.5, 7));
    expect(x!.data.slice(0, 1000)).not.toEqual(y!.data.slice(0, 1000));
  });

  it('drops in the forward pass what it drops in the backward pass', async () => {
    const dropout = new Dropout(0.5);
    const x = input('x', [B, 8]);
    const y = dropout.apply(x);
    const [dx] = grad(sumAll(y), [x]);
    const masks = dropout.allocate(2);
    const ones = host(new Array(16).fill(1), [2, 8]);
    const untouched = await evaluate({ y, dx: dx! }, { x: ones, ...masks });
    expect([...untouched.y!.data]).toEqual(new Array(16).fill(1));
    dropout.draw(masks, new Random(1));
    const mask = Object.values(masks)[0]!.data as Float32Array;
    expect(mask).toContain(0);
    expect(mask).toContain(2);
    const results = await evaluate({ y, dx: dx! }, { x: ones, ...masks });
    expect(results.y!.data).toEqual(mask);
    expect(results.dx!.data).toEqual(mask);
  });

  it('leaves the graph as it is at rate 0', () => {
    const dropout = new Dropout(0);
    const x = input('x', [B, 8]);
    expect(dropout.apply(x)).toBe(x);
    expect(dropout.allocate(4)).toEqual({});
  });
});
