import { beforeAll, describe, expect, it } from 'vitest';
import { expectClose } from '../../../test/support/close.js';
import { evaluate } from '../../../test/support/evaluate.js';
import { spotImages, trainingOf } from '../../../test/support/methodRun.js';
import { smallFrozenClip } from '../../../test/support/smallMethod.js';
import { Random } from '../../base/random.js';
import { grad } from '../../graph/gradient.js';
import { compile } from '../../graph/onnx.js';
import { nodeRuntime } from '../../graph/runtime.node.js';
import type { HostTensor } from '../../graph/session.js';
import { B } from '../../graph/shape.js';
import { input, type Tensor } from '../../graph/tensor.js';
import { Adam } from '../../nn/adam.js';
import { Parameters } from '../../nn/parameters.js';
import type { FrozenClip } from '../method.js';
import { type AdaClip, type AdaClipFeatures, adaClip } from './adaclip.js';

const size = 48;
const config = { imageSize: size, object: 'cup', depth: 3, length: 2, clusters: 3 };
let frozen: FrozenClip;
let method: AdaClip;
beforeAll(async () => {
  frozen = await smallFrozenClip();
  method = await adaClip(config, frozen);
});

/** The method with what its interlude gives as an input. */
function build() {
  const parameters = new Parameters();
  const features: AdaClipFeatures = method.features(input('pixelValues', [B, 3, size, size]));
  const reads = { ...method.interlude!.reads(features, parameters.weights) };
  const given = Object.entries(method.interlude!.outputs).map(
    ([name, shape]) => [name, input(name, shape)] as const,
  );
  const all = { ...features, ...Object.fromEntries(given) };
  const outputs = method.forward(all, parameters.weights);
  const loss = method.loss!(outputs, input('label', [B]), input('mask', [B, size, size]));
  const start = parameters.initialise((name) => new Random(1, name));
  return { parameters: parameters.list, reads, outputs, loss, start };
}

async function fusion(reads: Record<string, Tensor>, feeds: Record<string, HostTensor>) {
  const values = await evaluate(reads, feeds, frozen.checkpoint.sessionOptions);
  return method.interlude!.gives(values, new Random(1, 'clusters'));
}

/** One of the images, and its label and mask. */
function one(images: ReturnType<typeof spotImages>, index: number) {
  const rows = Object.entries(images).map(([name, { data, shape }]) => {
    const length = data.length / shape[0]!;
    const values = data.slice(index * length, (index + 1) * length);
    return [name, { data: values, shape: [1, ...shape.slice(1)] }] as const;
  });
  return Object.fromEntries(rows);
}

describe('AdaCLIP', () => {
  it('sees each image of a batch for itself', async () => {
    const { reads, outputs, start } = build();
    const images = spotImages(size);
    const options = frozen.checkpoint.sessionOptions;
    const named = { map: outputs.map, score: outputs.score, texts: outputs.texts };
    const feeds = { ...start, ...images };
    const given = await fusion(reads, feeds);
    const together = await evaluate(named, { ...feeds, ...given }, options);
    expect(together.map!.shape).toEqual([4, size, size]);
    expect(together.texts!.shape).toEqual([4, 2, frozen.clip.embeddingWidth]);
    const weights = given.fusion!;
    const row = (weights.data as Float32Array).slice(2 * 36, 3 * 36);
    const alone = await evaluate(
      named,
      { ...start, ...one(images, 2), fusion: { data: row, shape: [1, 36] } },
      options,
    );
    expectClose(alone.map!.data, together.map!.data.slice(2 * size ** 2, 3 * size ** 2), 1e-4);
    expectClose(alone.score!.data, together.score!.data.slice(2, 3), 1e-4);
    // The texts follow the image.
    const texts = together.texts!.data;
    const length = texts.length / 4;
    expect(texts.slice(0, length)).not.toEqual(texts.slice(length, 2 * length));
  });

  it('gives every parameter a gradient', async () => {
    const { reads, loss, parameters, start } = build();
    expect(parameters.map(({ name }) => name)).not.toContain('static.text.0');
    const feeds = { ...start, ...spotImages(size) };
    const gradients = grad(
      loss,
      parameters.map(({ tensor }) => tensor),
    );
    const named = parameters.map(({ name }, i) => [name, gradients[i]!] as const);
    const results = await evaluate(
      Object.fromEntries(named),
      { ...feeds, ...(await fusion(reads, feeds)) },
      frozen.checkpoint.sessionOptions,
    );
    for (const [name, { data }] of Object.entries(results)) {
      expect(data.every(Number.isFinite), name).toBe(true);
      expect(Math.max(...data.map(Math.abs)), name).toBeGreaterThan(0);
    }
  });

  it('learns, its patches clustered anew before each step', async () => {
    const { reads, loss, parameters, start } = build();
    const gradients = grad(
      loss,
      parameters.map(({ tensor }) => tensor),
    );
    const named = Object.fromEntries(parameters.map(({ name }, i) => [name, gradients[i]!]));
    const runtime = nodeRuntime({ threads: 1 });
    const { sessionOptions } = frozen.checkpoint;
    const session = await runtime.createSession(compile({ ...named, loss }), sessionOptions);
    const images = spotImages(size);
    const moments = new Map(
      parameters.map(({ name }) => {
        const length = start[name]!.data.length;
        return [name, { first: new Float32Array(length), second: new Float32Array(length) }];
      }),
    );
    const losses: number[] = [];
    const adam = new Adam();
    for (let step = 1; step <= 6; step++) {
      const feeds = { ...start, ...images };
      const results = await session.run({ ...feeds, ...(await fusion(reads, feeds)) });
      losses.push(results.loss!.data[0] as number);
      for (const { name } of parameters) {
        const gradient = results[name]!.data as Float32Array;
        adam.step(start[name]!.data as Float32Array, gradient, moments.get(name)!, step, {
          learningRate: trainingOf(method).learningRate,
          betas: trainingOf(method).betas,
          epsilon: 1e-8,
        });
      }
    }
    await session.release();
    expect(losses.at(-1)).toBeLessThan(losses[0]! - 0.3);
  });

  it.each([
    [{ depth: 5 }, 'Prompts in 5 blocks'],
    [{ length: 70 }, '70 prompts do not fit'],
    [{ stages: [9] }, 'Stage 9'],
  ])('refuses %o', async (changes, message) => {
    await expect(adaClip({ ...config, ...changes }, frozen)).rejects.toThrow(message);
  });
});
