import { beforeAll, describe, expect, it } from 'vitest';
import { expectClose } from '../../../test/support/close.js';
import { evaluate, host } from '../../../test/support/evaluate.js';
import { asMemory, noiseImages, smallFrozenClip } from '../../../test/support/smallMethod.js';
import { Random } from '../../base/random.js';
import { B } from '../../graph/shape.js';
import { constant, input, type Tensor } from '../../graph/tensor.js';
import { Parameters } from '../../nn/parameters.js';
import type { FrozenClip } from '../method.js';
import { adaptivePool, patchEmbedding } from './embedding.js';
import { coreset, patchCore, score } from './patchcore.js';

const size = 32;
const { weights } = new Parameters();
const config = { imageSize: size, stages: [2, 3], coresetFraction: 0.25 };
let frozen: FrozenClip;
beforeAll(async () => {
  frozen = await smallFrozenClip();
});

describe('PatchCore', () => {
  const run = (outputs: Record<string, Tensor>, image: ReturnType<typeof noiseImages>) =>
    evaluate(outputs, { image }, frozen.checkpoint.sessionOptions);

  it('finds nothing new in the images that it remembers whole', async () => {
    const method = await patchCore(config, frozen);
    const features = method.features(input('image', [B, 3, size, size]));
    expect(() => method.forward(features, weights)).toThrow('none were given');
    const rows = await run(method.remember!(features, weights), noiseImages(2, size));
    expect(rows.patches!.shape).toEqual([2, 16, frozen.clip.vision.width]);
    const { map, score: image } = method.forward(features, weights, asMemory(rows));
    const known = await run({ map, image }, noiseImages(2, size));
    const other = await run({ map, image }, noiseImages(2, size, 9));
    expect(other.map!.shape).toEqual([2, size, size]);
    const least = Math.min(...other.image!.data);
    expect(Math.max(...known.image!.data)).toBeLessThan(1e-4 * least);
    expect(Math.max(...known.map!.data)).toBeLessThan(1e-4 * least);
  });

  it('keeps a share of the patches, the same ones from the same seed', () => {
    const random = new Random(1, 'rows');
    const rows = host(
      Array.from({ length: 40 * 3 }, () => random.normal()),
      [40, 3],
    );
    const kept = coreset(rows, 0.25, new Random(3, 'coreset'));
    expect(kept.shape).toEqual([10, 3]);
    expect(coreset(rows, 0.25, new Random(3, 'coreset'))).toEqual(kept);
    const all = new Set(
      Array.from({ length: 40 }, (_, i) => `${rows.data.slice(3 * i, 3 * i + 3)}`),
    );
    for (let i = 0; i < 10; i++) expect(all).toContain(`${kept.data.slice(3 * i, 3 * i + 3)}`);
    expect(coreset(rows, 0.001, new Random(3)).shape).toEqual([1, 3]);
  });

  it('measures squared distances to the nearest row, far from the origin too', async () => {
    const random = new Random(2, 'patches');
    const far = (count: number) =>
      Float32Array.from({ length: count * 3 }, () => 1000 + random.normal());
    const patches = far(16);
    const memory = far(5);
    const { distances, score: image } = score(
      constant(patches, [1, 16, 3]),
      constant(memory, [5, 3]),
      8,
    );
    const results = await evaluate({ distances, image });
    const expected = Array.from({ length: 16 }, (_, i) =>
      Math.min(
        ...Array.from({ length: 5 }, (_, j) =>
          [0, 1, 2].reduce((sum, c) => sum + (patches[3 * i + c]! - memory[3 * j + c]!) ** 2, 0),
        ),
      ),
    );
    expectClose(results.distances!.data, expected, 1e-4);
    expectClose(results.image!.data, [Math.max(...expected)], 1e-4);
  });
});

describe('patchEmbedding', () => {
  it('is the mean of each 3 × 3 neighbourhood where widths agree', async () => {
    const random = new Random(4, 'map');
    const map = Float32Array.from({ length: 12 * 2 }, () => random.normal());
    const x = constant(map, [1, 3, 4, 2]);
    const { y } = await evaluate({ y: patchEmbedding([x], 2) });
    const at = (row: number, column: number, c: number) =>
      row < 0 || row > 2 || column < 0 || column > 3 ? 0 : map[(row * 4 + column) * 2 + c]!;
    const expected = Array.from({ length: 24 }, (_, i) => {
      const [row, column, c] = [Math.floor(i / 8), Math.floor(i / 2) % 4, i % 2];
      let sum = 0;
      for (const down of [-1, 0, 1])
        for (const right of [-1, 0, 1]) sum += at(row + down, column + right, c);
      return sum / 9;
    });
    expectClose(y!.data, expected, 1e-6);
  });

  it.each([
    [12, 5],
    [12, 4],
    [7, 3],
    [3, 7],
  ])('pools %d values to %d bins', async (n, bins) => {
    const values = Array.from({ length: n }, (_, i) => i * i);
    const { y } = await evaluate({ y: adaptivePool(constant(values, [1, n]), bins) });
    const expected = Array.from({ length: bins }, (_, bin) => {
      const part = values.slice(Math.floor((bin * n) / bins), Math.ceil(((bin + 1) * n) / bins));
      return part.reduce((a, b) => a + b, 0) / part.length;
    });
    expectClose(y!.data, expected, 1e-6);
  });
});
