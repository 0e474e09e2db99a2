import { beforeAll, describe, expect, it } from 'vitest';
import { expectClose } from '../../../test/support/close.js';
import { evaluate } from '../../../test/support/evaluate.js';
import { weightsOf } from '../../../test/support/goldenMethod.js';
import { builtMethod, lossAndGradients, trainOnSpots } from '../../../test/support/methodRun.js';
import { noiseImages, smallFrozenClip } from '../../../test/support/smallMethod.js';
import { Random } from '../../base/random.js';
import { multiply } from '../../graph/elementwise.js';
import { l2Normalize } from '../../graph/normalization.js';
import type { HostTensor } from '../../graph/session.js';
import { attention } from '../../nn/attention.js';
import { Dropout } from '../../nn/dropout.js';
import { linearLayer, projection } from '../../nn/layers.js';
import type { FrozenClip } from '../method.js';
import { type VcpClip, vcpClip, vcpClipDefaults } from './vcpClip.js';

const size = 48;
const heads = 4;
let frozen: FrozenClip;
let method: VcpClip;
beforeAll(async () => {
  frozen = await smallFrozenClip();
  method = await vcpClip({ ...vcpClipDefaults, imageSize: size, heads, largestPixels: 50 }, frozen);
});
const run: typeof evaluate = (outputs, feeds) =>
  evaluate(outputs, feeds, frozen.checkpoint.sessionOptions);

describe('VCP-CLIP', () => {
  it('has a prompt of its own for each image', async () => {
    const { outputs, start } = builtMethod(method);
    const { map, score, texts } = await run(
      { map: outputs.map, score: outputs.score, texts: outputs.textEmbeddings },
      { ...start, pixelValues: noiseImages(3, size) },
    );
    expect(map!.shape).toEqual([3, size, size]);
    expect(map!.data.every((value) => value >= 0 && value <= 1)).toBe(true);
    expect(score!.data.every((value) => value >= 0 && value <= 2)).toBe(true);
    const { shape, data } = texts!;
    expect(shape).toEqual([3, 2, frozen.clip.embeddingWidth]);
    const row = data.length / 3;
    expect(data.slice(0, row)).not.toEqual(data.slice(row, 2 * row));
  });

  it('updates texts by attention without scaling', async () => {
    const { features, outputs, parameters, start } = builtMethod(method);
    const post = weightsOf(parameters).at('post');
    const { width } = frozen.clip.vision;
    const patches = l2Normalize(features.stage1!);
    // attention() divides scores by √d. The key's bias is left out: it does not change a softmax.
    const q = multiply(
      linearLayer(outputs.textEmbeddings, post.at('q'), width),
      Math.sqrt(width / heads),
    );
    const k = projection(patches, post.at('k'), width);
    const v = linearLayer(patches, post.at('v'), width);
    const mixed = linearLayer(attention(q, k, v, { heads }), post.at('o'), width);
    const { actual, expected } = await run(
      { actual: outputs.updatedText[1]!, expected: l2Normalize(mixed) },
      { ...start, pixelValues: noiseImages(2, size) },
    );
    expectClose(actual!.data, expected!.data, 1e-5);
  });

  it('moves every parameter', async () => {
    const built = builtMethod(method);
    const { gradients } = lossAndGradients(method, built);
    const targets: Record<string, HostTensor> = {
      label: { data: Float32Array.of(0, 1), shape: [2] },
      mask: {
        data: new Float32Array(2 * size * size).fill(1, size * size),
        shape: [2, size, size],
      },
    };
    const images = { pixelValues: noiseImages(2, size) };
    const results = await run(gradients, { ...built.start, ...targets, ...images });
    for (const [name, { data }] of Object.entries(results)) {
      expect(
        data.some((value) => Math.abs(value) > 1e-9),
        name,
      ).toBe(true);
    }
  });

  it('drops parts of the learnable tokens in training', async () => {
    const { features, outputs, parameters, start } = builtMethod(method);
    const dropout = new Dropout(0.5);
    const dropped = method.forward(features, weightsOf(parameters), undefined, dropout);
    const masks = dropout.allocate(2);
    expect(Object.values(masks).map(({ shape }) => shape)).toEqual([
      [frozen.clip.text.layers, 1, frozen.clip.text.width],
    ]);
    const named = { whole: outputs.textEmbeddings, dropped: dropped.textEmbeddings };
    const feeds = { ...start, ...masks, pixelValues: noiseImages(2, size) };
    const before = await run(named, feeds);
    expectClose(before.dropped!.data, before.whole!.data, 1e-6);
    dropout.draw(masks, new Random(1));
    const after = await run(named, feeds);
    expect(after.dropped!.data).not.toEqual(before.dropped!.data);
  });

  it('learns', async () => {
    const options = frozen.checkpoint.sessionOptions;
    const { losses } = await trainOnSpots(method, 20, options, 3e-3);
    expect(losses.at(-1)).toBeLessThan(0.8 * losses[0]!);
  });

  it('says that it needs masks', () => {
    expect(() => lossAndGradients(method, builtMethod(method), false)).toThrow('learns from masks');
  });
});
