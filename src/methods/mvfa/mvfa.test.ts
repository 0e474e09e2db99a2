import { beforeAll, describe, expect, it } from 'vitest';
import { expectClose } from '../../../test/support/close.js';
import { evaluate } from '../../../test/support/evaluate.js';
import { weightsOf } from '../../../test/support/goldenMethod.js';
import {
  builtMethod,
  lossAndGradients,
  spotImages,
  trainOnSpots,
} from '../../../test/support/methodRun.js';
import { asMemory, noiseImages, smallFrozenClip } from '../../../test/support/smallMethod.js';
import { grad } from '../../graph/gradient.js';
import { nodeRuntime } from '../../graph/runtime.node.js';
import { B } from '../../graph/shape.js';
import { constant, input } from '../../graph/tensor.js';
import type { FrozenClip } from '../method.js';
import { type Mvfa, mvfa } from './mvfa.js';

const size = 48;
const runtime = nodeRuntime({ threads: 1 });
let frozen: FrozenClip;
let method: Mvfa;
beforeAll(async () => {
  frozen = await smallFrozenClip();
  method = await mvfa({ imageSize: size, object: 'cup', masks: true }, frozen, runtime);
});

describe('MVFA', () => {
  it('adapts after every stage, but does not return to the stream after the last', () => {
    const names = builtMethod(method).parameters.map(({ name }) => name);
    const expected = ['seg', 'det'].flatMap((branch) =>
      [0, 1, 2, 3].flatMap((stage) => [
        `${branch}.${stage}.down.weight`,
        ...(stage < 3 ? [`${branch}.${stage}.up.weight`] : []),
      ]),
    );
    expect([...names].sort()).toEqual(expected.sort());
  });

  it('says nothing where the adapters are zero', async () => {
    const { outputs, parameters, features } = builtMethod(method);
    const zeros = Object.fromEntries(
      parameters.map(({ name, shape }) => [
        name,
        { data: new Float32Array(shape.reduce((a, b) => a * b, 1)), shape },
      ]),
    );
    const { map, score, stream } = await evaluate(
      { map: outputs.map, score: outputs.score, stream: features.stream },
      { ...zeros, pixelValues: noiseImages(2, size) },
      frozen.checkpoint.sessionOptions,
    );
    expect(stream!.shape).toEqual([2, 1 + 36, frozen.clip.vision.width]);
    // h = 0 says nothing: one half at each of four stages.
    expectClose(map!.data, new Float32Array(2 * size * size).fill(2), 1e-6);
    expectClose(score!.data, [2, 2], 1e-6);
  });

  it('gives every parameter a gradient with masks, the seg adapters none without', async () => {
    const built = builtMethod(method);
    const { gradients } = lossAndGradients(method, built);
    const feeds = { ...built.start, ...spotImages(size) };
    const options = frozen.checkpoint.sessionOptions;
    const results = await evaluate(gradients, feeds, options);
    for (const [name, { data }] of Object.entries(results)) {
      expect(data.every(Number.isFinite), name).toBe(true);
      expect(Math.max(...data.map(Math.abs)), name).toBeGreaterThan(0);
    }
    const trained = built.parameters.filter(({ name }) => method.trains!(name, false));
    expect(trained).toHaveLength(7);
    const loss = method.loss!(built.outputs, input('label', [B]), undefined);
    expect(() =>
      grad(
        loss,
        trained.map(({ tensor }) => tensor),
      ),
    ).not.toThrow();
  });

  it('learns', async () => {
    const { losses } = await trainOnSpots(method, 12, frozen.checkpoint.sessionOptions);
    expect(losses.at(-1)).toBeLessThan(losses[0]! - 0.5);
  });

  it.each([true, false])('mixes texts and memory by their ranges, masks: %s', async (masks) => {
    const config = { imageSize: size, object: 'cup', masks };
    const few = masks ? method : await mvfa(config, frozen, runtime);
    const { features, parameters, start } = builtMethod(few);
    const options = frozen.checkpoint.sessionOptions;
    const weights = weightsOf(parameters);
    const feeds = { ...start, pixelValues: noiseImages(3, size) };
    const references = { ...start, pixelValues: noiseImages(2, size, 5) };
    const rows = { ...few.remember!(features, weights) };
    const memory = asMemory(await evaluate(rows, references, options));
    expect(memory.seg0!.shape).toEqual([2 * 37, frozen.clip.embeddingWidth]);

    const parts = { ...few.ranged!(features, weights, memory) };
    const found = await evaluate(parts, feeds, options);
    const ranges = Object.entries(found).map(
      ([name, { data }]) =>
        [`${name}.range`, constant([Math.min(...data), Math.max(...data)], [2])] as const,
    );
    const { outputs } = builtMethod(few, { ...memory, ...Object.fromEntries(ranges) });
    const { map, score } = await evaluate(
      { map: outputs.map, score: outputs.score },
      feeds,
      options,
    );
    const half = (zero: Float32Array, bank: Float32Array) => {
      const scaled = (x: Float32Array) => {
        const [low, high] = [Math.min(...x), Math.max(...x)];
        return x.map((value) => (value - low) / (high - low));
      };
      const other = scaled(bank);
      return scaled(zero).map((value, i) => (value + other[i]!) / 2);
    };
    const expected = half(found.zeroMap!.data, found.fewMap!.data);
    expectClose(map!.data, expected, 1e-4);
    const scores = masks
      ? [0, 1, 2].map((i) => Math.max(...expected.subarray(i * size ** 2, (i + 1) * size ** 2)))
      : half(found.zeroScore!.data, found.fewScore!.data);
    expectClose(score!.data, scores, 1e-4);
  });
});
