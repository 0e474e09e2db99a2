import { beforeAll, describe, expect, it } from 'vitest';
import { evaluate } from '../../../test/support/evaluate.js';
import {
  builtMethod,
  lossAndGradients,
  spotImages,
  trainOnSpots,
} from '../../../test/support/methodRun.js';
import { noiseImages, smallFrozenClip } from '../../../test/support/smallMethod.js';
import { Random } from '../../base/random.js';
import type { FrozenClip } from '../method.js';
import { type MediClip, mediClip, mediClipDefaults } from './mediClip.js';

const size = 48;
let frozen: FrozenClip;
let method: MediClip;
beforeAll(async () => {
  frozen = await smallFrozenClip();
  method = await mediClip({ ...mediClipDefaults, imageSize: size }, frozen);
});
const run: typeof evaluate = (outputs, feeds) =>
  evaluate(outputs, feeds, frozen.checkpoint.sessionOptions);

describe('MediCLIP', () => {
  it('has tokens of its own for each word, and an adapter for each of three stages', () => {
    const { parameters, features } = builtMethod(method);
    expect(Object.keys(features)).toEqual(['embedding', 'stage0', 'stage1', 'stage2']);
    const shapes = Object.fromEntries(parameters.map(({ name, shape }) => [name, shape]));
    expect(shapes).toMatchObject({
      'prompts.normal': [10, 8, 32],
      'prompts.abnormal': [11, 8, 32],
      'adapters.2.weight': [32, 32],
    });
    expect(parameters).toHaveLength(2 + 2 * 3);
  });

  it('scores an image by its largest pixel', async () => {
    const { outputs, start } = builtMethod(method);
    const { map, score } = await run(
      { map: outputs.map, score: outputs.score },
      { ...start, pixelValues: noiseImages(2, size) },
    );
    expect(map!.shape).toEqual([2, size, size]);
    const largest = [0, 1].map((image) =>
      Math.max(...map!.data.slice(image * size * size, (image + 1) * size * size)),
    );
    expect([...score!.data]).toEqual(largest);
  });

  it('moves every parameter', async () => {
    const built = builtMethod(method);
    const { gradients } = lossAndGradients(method, built);
    const results = await run(gradients, { ...built.start, ...spotImages(size) });
    for (const [name, { data }] of Object.entries(results)) {
      expect(data.filter((value) => value !== 0).length, name).toBeGreaterThan(0.9 * data.length);
    }
  });

  it('learns', async () => {
    const options = frozen.checkpoint.sessionOptions;
    const { losses } = await trainOnSpots(method, 20, options, 5e-3);
    expect(losses.at(-1)).toBeLessThan(0.95 * losses[0]!);
  });

  it('makes its training images of normal ones', () => {
    const normal = [new Float32Array(3 * size * size).fill(0.5)];
    const random = new Random(1);
    const drawn = Array.from({ length: 10 }, () => method.synthesise!(normal, 0, random));
    expect(drawn.some(({ mask }) => mask.includes(1))).toBe(true);
    expect(drawn[0]!.planes).toHaveLength(normal[0]!.length);
    expect(drawn[0]!.mask).toHaveLength(size * size);
    expect(() => lossAndGradients(method, builtMethod(method), false)).toThrow('learns from masks');
  });

  it('refuses prompts that do not fit', async () => {
    const long = { imageSize: size, contextTokens: 70 };
    await expect(mediClip(long, frozen)).rejects.toThrow('the text tower has 77');
  });
});
