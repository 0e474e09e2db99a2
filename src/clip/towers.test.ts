import { describe, expect, it } from 'vitest';
import { expectClose, expectWithin } from '../../test/support/close.js';
import { evaluate, host } from '../../test/support/evaluate.js';
import { Random } from '../base/random.js';
import { multiply, square } from '../graph/elementwise.js';
import { grad } from '../graph/gradient.js';
import { concat, slice, take, unsqueeze } from '../graph/layout.js';
import { B } from '../graph/shape.js';
import { expand, sumAll } from '../graph/sum.js';
import { input, type Tensor } from '../graph/tensor.js';
import { Parameters } from '../nn/parameters.js';
import type { ClipConfig } from './config.js';
import { gridSize, imageTower, resizePositions } from './imageTower.js';
import { tensorShapes } from './tensorShapes.js';
import { prefixedTextBlocks, textBlocks, textHead } from './textTower.js';

const tower = {
  width: 8,
  intermediateWidth: 12,
  layers: 3,
  heads: 2,
  layerNormEpsilon: 1e-5,
  activation: 'gelu',
} as const;
const config: ClipConfig = {
  embeddingWidth: 6,
  text: { ...tower, contextLength: 9, vocabularySize: 11 },
  vision: { ...tower, layers: 2, imageSize: 12, patchSize: 4 },
};

const numbers = (length: number, ...labels: (string | number)[]) => {
  const random = new Random(1, ...labels);
  return Float32Array.from({ length }, () => random.normal());
};

describe('the text tower', () => {
  const hidden = async (length: number, values: Float32Array) => {
    const parameters = new Parameters();
    const x = input('x', [B, length, tower.width]);
    const blocks = textBlocks(x, parameters.weights, config);
    const outputs = Object.fromEntries(blocks.map((block, index) => [`${index}`, block]));
    const weights = parameters.initialise((name) => new Random(2, name));
    const feeds = { ...weights, x: host(values, [1, length, tower.width]) };
    return Object.values(await evaluate(outputs, feeds)).map(({ data }) => data);
  };

  it('gives a position the same whatever comes after it', async () => {
    const values = numbers(9 * tower.width, 'text');
    const whole = await hidden(9, values);
    expect(whole).toHaveLength(1 + tower.layers);
    for (const length of [1, 4, 8]) {
      const part = await hidden(length, values.slice(0, length * tower.width));
      for (const [index, block] of part.entries()) {
        expectWithin(block, whole[index]!.slice(0, length * tower.width), 1e-5, `block ${index}`);
      }
    }
    const other = values.slice();
    other[8 * tower.width] = 5;
    const changed = await hidden(9, other);
    for (const [index, block] of changed.entries()) {
      expect(block.slice(0, 8 * tower.width)).toEqual(whole[index]!.slice(0, 8 * tower.width));
      expect(block.slice(8 * tower.width)).not.toEqual(whole[index]!.slice(8 * tower.width));
    }
  });

  it('computes a common prefix once, to the same values and gradients', async () => {
    const { width } = tower;
    const [kinds, batch, prefixLength, length] = [2, 3, 4, 2];
    const changed = (x: Tensor, layer: number) => multiply(x, 1 + layer / 10);
    const tensors = {
      prefix: input('prefix', [kinds, prefixLength, width]),
      own: input('own', [kinds, B, length, width]),
    };
    const parameters = new Parameters();
    const { prefix, own } = tensors;
    const fast = prefixedTextBlocks(prefix, own, parameters.weights, config, changed);
    // The prefix changes before each block and what follows it does not, as learned prompts do.
    const plain = Array.from({ length: kinds }, (_, kind) => {
      const rows = take(own, 0, kind); // [B, N, D]
      const beginning = expand(take(prefix, 0, kind), [B, prefixLength, width], rows);
      const joined = concat([beginning, rows], 1);
      const blocks = textBlocks(joined, parameters.weights, config, (x, layer) =>
        concat(
          [
            changed(slice(x, 1, 0, prefixLength), layer),
            slice(x, 1, prefixLength, prefixLength + length),
          ],
          1,
        ),
      );
      return unsqueeze(slice(blocks.at(-1)!, 1, prefixLength, prefixLength + length), 0);
    });
    const forms = { fast, plain: concat(plain, 0) };
    const outputs: Record<string, Tensor> = { ...forms };
    const inputs = [...Object.values(tensors), ...parameters.list.map(({ tensor }) => tensor)];
    for (const [form, y] of Object.entries(forms)) {
      for (const [index, gradient] of grad(sumAll(square(y)), inputs).entries()) {
        outputs[`${form} ${index}`] = gradient;
      }
    }
    const feeds = {
      ...parameters.initialise((name) => new Random(2, name)),
      prefix: host(numbers(kinds * prefixLength * width, 'prefix'), [kinds, prefixLength, width]),
      own: host(numbers(kinds * batch * length * width, 'own'), [kinds, batch, length, width]),
    };
    const results = await evaluate(outputs, feeds);
    expectClose(results.fast!.data, results.plain!.data, 1e-5, 'value');
    for (const [index, { node }] of inputs.entries()) {
      const [actual, expected] = [results[`fast ${index}`]!, results[`plain ${index}`]!];
      expectClose(actual.data, expected.data, 5e-5, node.name);
    }
  });

  it('lets the input of every block be changed', async () => {
    const layers: number[] = [];
    const parameters = new Parameters();
    textBlocks(input('x', [B, 2, tower.width]), parameters.weights, config, (x, layer) => {
      layers.push(layer);
      return x;
    });
    expect(layers).toEqual([0, 1, 2]);
  });
});

describe('both towers', () => {
  it('ask for tensors that tensorShapes lists, in their shapes', () => {
    const parameters = new Parameters();
    const { weights } = parameters;
    const patch = config.vision.patchSize;
    imageTower(
      {
        pixelValues: input('pixels', [B, 3, 12, 12]),
        positions: input('positions', [10, tower.width]),
        patchEmbedding: input('patches', [tower.width, 3 * patch * patch]),
      },
      weights,
      config,
    );
    textHead(textBlocks(input('x', [B, 9, tower.width]), weights, config).at(-1)!, weights, config);
    const shapes = tensorShapes(config);
    for (const { name, shape } of parameters.list)
      expect([name, shape]).toEqual([name, shapes.get(name)]);
    const asked = new Set(parameters.list.map(({ name }) => name));
    const elsewhere = [...shapes.keys()].filter((name) => !asked.has(name));
    expect(elsewhere.every((name) => /embedding\.weight$|logit_scale/.test(name))).toBe(true);
  });
});

describe('resizePositions', () => {
  const width = 5;

  it('keeps everything at the own size, and the class position at any', () => {
    const positions = numbers((1 + 16) * width, 'positions');
    expect(resizePositions(positions, width, 4)).toBe(positions);
    for (const grid of [1, 3, 9]) {
      const resized = resizePositions(positions, width, grid);
      expect(resized).toHaveLength((1 + grid * grid) * width);
      expect(resized.slice(0, width)).toEqual(positions.slice(0, width));
    }
  });

  it('keeps what is the same everywhere', () => {
    const row = numbers(width, 'row');
    const same = Float32Array.from({ length: (1 + 16) * width }, (_, index) => row[index % width]!);
    for (const grid of [1, 2, 3, 7, 12]) {
      const resized = resizePositions(same, width, grid);
      const expected = Float32Array.from(resized, (_, index) => row[index % width]!);
      expectWithin(resized, expected, 1e-6, `${grid}`);
    }
  });

  it('turns with the grid', () => {
    const positions = numbers((1 + 16) * width, 'turn');
    const transposed = (values: Float32Array, grid: number) =>
      values.map((_, index) => {
        const place = Math.floor(index / width) - 1;
        if (place < 0) return values[index]!;
        const other = (place % grid) * grid + Math.floor(place / grid);
        return values[(1 + other) * width + (index % width)]!;
      });
    for (const grid of [3, 6]) {
      expectWithin(
        resizePositions(transposed(positions, 4), width, grid),
        transposed(resizePositions(positions, width, grid), grid),
        1e-6,
      );
    }
  });

  it('counts whole patches', () => {
    expect([4, 7, 8, 12, 15].map((size) => gridSize(config, size))).toEqual([1, 1, 2, 3, 3]);
  });
});
