import { beforeAll, describe, expect, it } from 'vitest';
import { expectClose } from '../../../test/support/close.js';
import { evaluate } from '../../../test/support/evaluate.js';
import { asMemory, noiseImages, smallFrozenClip } from '../../../test/support/smallMethod.js';
import { nodeRuntime } from '../../graph/runtime.node.js';
import type { HostTensor } from '../../graph/session.js';
import { B } from '../../graph/shape.js';
import { input } from '../../graph/tensor.js';
import { Parameters } from '../../nn/parameters.js';
import type { FrozenClip } from '../method.js';
import { encodePrompts } from '../shared/promptEnsemble.js';
import { clipPlus, plainClip } from './clip.js';

const size = 32;
const runtime = nodeRuntime({ threads: 1 });
let frozen: FrozenClip;
beforeAll(async () => {
  frozen = await smallFrozenClip();
});

const cosine = (a: Float32Array, b: Float32Array) =>
  a.reduce((sum, value, i) => sum + value * b[i]!, 0) / (Math.hypot(...a) * Math.hypot(...b));

describe('CLIP', () => {
  it.each(['single', 'ensemble'] as const)(
    'scores by the texts of both states, %s',
    async (prompts) => {
      const method = await plainClip({ imageSize: size, object: 'cup', prompts }, frozen, runtime);
      expect(method.name).toBe(prompts === 'single' ? 'clip' : 'clip-ac');
      const features = method.features(input('image', [B, 3, size, size]));
      const { map, score } = method.forward(features, new Parameters().weights);
      const results = await evaluate(
        { map, score, embedding: features.embedding },
        { image: noiseImages(3, size) },
        frozen.checkpoint.sessionOptions,
      );
      expect(results.map!.shape).toEqual([3, size, size]);
      expect(results.map!.data.every((value) => value >= 0 && value <= 1)).toBe(true);
      if (prompts === 'ensemble') return;
      const texts = ['a photo of a normal cup.', 'a photo of an anomalous cup.'];
      const [normal, abnormal] = await encodePrompts(texts, frozen, runtime);
      const width = frozen.clip.embeddingWidth;
      const expected = [0, 1, 2].map((image) => {
        const x = results.embedding!.data.slice(image * width, (image + 1) * width);
        return 1 / (1 + Math.exp((cosine(x, normal!) - cosine(x, abnormal!)) / 0.01));
      });
      expectClose(results.score!.data, expected, 1e-4);
    },
  );

  it('adds distances to a memory of normal images to the map of CLIP-AC, and half the largest to its score', async () => {
    const config = { imageSize: size, object: 'cup' };
    const plus = await clipPlus(config, frozen, runtime);
    const plain = await plainClip({ ...config, prompts: 'ensemble' }, frozen, runtime);
    const features = plus.features(input('image', [B, 3, size, size]));
    const { weights } = new Parameters();
    const session = frozen.checkpoint.sessionOptions;
    const [normal, other] = [noiseImages(1, size, 1), noiseImages(1, size, 2)];
    const rows = await evaluate(plus.remember!(features, weights), { image: normal }, session);
    const memory = asMemory(rows);
    const { map, score } = plus.forward(features, weights, memory);
    const text = plain.forward(features, weights);
    const outputs = { map, score, textMap: text.map, textScore: text.score };
    const measured = async (image: HostTensor) => {
      const results = await evaluate(outputs, { image }, session);
      const distance = results.map!.data.map((value, i) => value - results.textMap!.data[i]!);
      return {
        distance: Math.max(...distance),
        score: results.score!.data[0]!,
        text: results.textScore!.data[0]!,
      };
    };
    const same = await measured(normal);
    expect(same.distance).toBeCloseTo(0, 4);
    expect(same.score).toBeCloseTo(same.text / 2, 4);
    const unlike = await measured(other);
    expect(unlike.distance).toBeGreaterThan(0.01);
    expect(unlike.score).toBeCloseTo((unlike.text + unlike.distance / 8) / 2, 4);
  });

  it('maps what it says of patches, in the order of the patches', async () => {
    const config = { imageSize: size, object: 'cup', prompts: 'single' } as const;
    const method = await plainClip(config, frozen, runtime);
    const width = frozen.clip.embeddingWidth;
    const patches = input('patches', [B, 16, width]);
    const features = { embedding: input('embedding', [B, width]), patches };
    const { map } = method.forward(features, new Parameters().weights);
    const texts = ['a photo of a normal cup.', 'a photo of an anomalous cup.'];
    const [normal, abnormal] = await encodePrompts(texts, frozen, runtime);
    const data = new Float32Array(16 * width);
    for (let patch = 0; patch < 16; patch++)
      data.set(patch === 5 ? abnormal! : normal!, patch * width);
    const feeds = { patches: { data, shape: [1, 16, width] } };
    const { map: pixels } = await evaluate({ map }, feeds);
    const peak = pixels!.data.indexOf(Math.max(...pixels!.data));
    const [row, column] = [Math.floor(peak / size), peak % size];
    expect([Math.floor(row / 8), Math.floor(column / 8)]).toEqual([1, 1]);
  });
});
