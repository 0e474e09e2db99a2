import { beforeAll, describe, expect, it } from 'vitest';
import { expectClose } from '../../../test/support/close.js';
import { evaluate } from '../../../test/support/evaluate.js';
import {
  builtMethod,
  lossAndGradients,
  spotImages,
  trainOnSpots,
} from '../../../test/support/methodRun.js';
import { noiseImages, smallFrozenClip } from '../../../test/support/smallMethod.js';
import { projections } from '../../clip/block.js';
import { add, multiply } from '../../graph/elementwise.js';
import { concat, slice, transposeLast } from '../../graph/layout.js';
import { matmul } from '../../graph/matmul.js';
import { softmax } from '../../graph/normalization.js';
import { B } from '../../graph/shape.js';
import { input } from '../../graph/tensor.js';
import { linearLayer } from '../../nn/layers.js';
import type { FrozenClip } from '../method.js';
import { type AnomalyClip, anomalyClip, anomalyClipDefaults } from './anomalyClip.js';
import { secondPathBlock } from './secondPath.js';

const size = 48;
const defaults = { ...anomalyClipDefaults, imageSize: size };
let frozen: FrozenClip;
let method: AnomalyClip;
beforeAll(async () => {
  frozen = await smallFrozenClip();
  method = await anomalyClip({ ...defaults, stages: [2, 4], secondPathBlocks: 2 }, frozen);
});
const run: typeof evaluate = (outputs, feeds) =>
  evaluate(outputs, feeds, frozen.checkpoint.sessionOptions);

describe('AnomalyCLIP', () => {
  it('learns prompts alone, for whatever backbone', async () => {
    const { outputs, parameters, start } = builtMethod(await anomalyClip(defaults, frozen));
    expect(parameters.map(({ name, shape }) => [name, shape])).toEqual([
      ['prompts.context', [2, 12, 32]],
      ['prompts.deep', [3, 4, 32]],
    ]);
    expect(outputs.maps).toHaveLength(1);
    const { map, score } = await run(
      { map: outputs.map, score: outputs.score },
      { ...start, pixelValues: noiseImages(2, size) },
    );
    expect(map!.shape).toEqual([2, size, size]);
    expect(score!.data.every((value) => value >= 0 && value <= 1)).toBe(true);
  });

  it('uses plain tokens before the second path begins', async () => {
    const config = { ...defaults, stages: [2] };
    const [without, later, from] = await Promise.all(
      [0, 2, 3].map(async (secondPathBlocks) => {
        const { features } = builtMethod(
          await anomalyClip({ ...config, secondPathBlocks }, frozen),
        );
        const results = await run({ ...features }, { pixelValues: noiseImages(1, size) });
        return { tokens: results.stage0!.data, embedding: results.embedding!.data };
      }),
    );
    expect(later!.tokens).toEqual(without!.tokens);
    expect(from!.tokens).not.toEqual(without!.tokens);
    expectClose(from!.embedding, without!.embedding, 1e-5);
  });

  it('mixes values by their own similarity on the second path', async () => {
    const { clip, checkpoint } = frozen;
    const { width, heads } = clip.vision;
    const [main, local] = ['main', 'local'].map((name) => input(name, [B, 5, width]));
    const frozenWeights = checkpoint.tensors.weights;
    const { local: actual } = secondPathBlock(
      { main: main!, local: local! },
      1,
      frozenWeights,
      clip,
    );
    const weights = frozenWeights.at('vision_model').at('encoder').at('layers').at(1);
    const { v } = projections(main!, weights, clip.vision);
    const headWidth = width / heads;
    const mixed = Array.from({ length: heads }, (_, head) => {
      const own = slice(v, 2, head * headWidth, (head + 1) * headWidth);
      const scores = multiply(matmul(own, transposeLast(own)), 1 / Math.sqrt(headWidth));
      return matmul(softmax(scores), own);
    });
    const out = weights.at('self_attn').at('out_proj');
    const expected = add(local!, linearLayer(concat(mixed, 2), out, width));
    const noise = (seed: number) => {
      const { data } = noiseImages(2, 16, seed);
      return { data: data.slice(0, 2 * 5 * width) as Float32Array, shape: [2, 5, width] };
    };
    const results = await run({ actual, expected }, { main: noise(1), local: noise(2) });
    expectClose(results.actual!.data, results.expected!.data, 1e-5);
  });

  it('moves every parameter', async () => {
    const built = builtMethod(method);
    const { gradients } = lossAndGradients(method, built);
    const results = await run(gradients, { ...built.start, ...spotImages(size) });
    for (const [name, { data }] of Object.entries(results)) {
      expect(data.filter((value) => Math.abs(value) > 1e-9).length, name).toBeGreaterThan(
        0.9 * data.length,
      );
    }
  });

  it('learns', async () => {
    const options = frozen.checkpoint.sessionOptions;
    const { losses } = await trainOnSpots(method, 20, options, 1e-2);
    expect(losses.at(-1)).toBeLessThan(0.8 * losses[0]!);
  });

  it('refuses what does not fit', async () => {
    expect(() => lossAndGradients(method, builtMethod(method), false)).toThrow('learns from masks');
    await expect(anomalyClip({ ...defaults, stages: [9] }, frozen)).rejects.toThrow('Stage 9');
    const long = { ...defaults, contextTokens: 77 };
    await expect(anomalyClip(long, frozen)).rejects.toThrow('the text tower has 77');
  });
});
