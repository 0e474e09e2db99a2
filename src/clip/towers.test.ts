import { describe, expect, it } from 'vitest';
import { expectWithin } from '../../test/support/close.js';
import { evaluate, host } from '../../test/support/evaluate.js';
import { Random } from '../base/random.js';
import { B } from '../graph/shape.js';
import { input } from '../graph/tensor.js';
import { Parameters } from '../nn/parameters.js';
import type { ClipConfig } from './config.js';
import { gridSize, imageTower, resizePositions } from './imageTower.js';
import { tensorShapes } from './tensorShapes.js';
import { textBlocks, textHead } from './textTower.js';

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
