import { beforeAll, describe, expect, it } from 'vitest';
import { expectWithin } from '../../../test/support/close.js';
import { evaluate } from '../../../test/support/evaluate.js';
import { weightsOf } from '../../../test/support/goldenMethod.js';
import {
  builtMethod,
  lossAndGradients,
  spotImages,
  trainOnSpots,
} from '../../../test/support/methodRun.js';
import { asMemory, noiseImages, smallFrozenClip } from '../../../test/support/smallMethod.js';
import { nodeRuntime } from '../../graph/runtime.node.js';
import { constant } from '../../graph/tensor.js';
import type { FrozenClip } from '../method.js';
import { type AprilGan, aprilGan } from './aprilGan.js';

const size = 48;
const runtime = nodeRuntime({ threads: 1 });
let frozen: FrozenClip;
let method: AprilGan;
beforeAll(async () => {
  frozen = await smallFrozenClip();
  method = await aprilGan({ imageSize: size, object: 'cup' }, frozen, runtime);
});

describe('APRIL-GAN', () => {
  it('maps every stage and scores by the class token', async () => {
    const { outputs, parameters, start } = builtMethod(method);
    expect(parameters.map(({ name }) => name)).toEqual(
      [0, 1, 2, 3].flatMap((stage) =>
        ['weight', 'bias'].map((leaf) => `projections.${stage}.${leaf}`),
      ),
    );
    const { map, score } = await evaluate(
      { map: outputs.map, score: outputs.score },
      { ...start, pixelValues: noiseImages(3, size) },
      frozen.checkpoint.sessionOptions,
    );
    expect(map!.shape).toEqual([3, size, size]);
    expect(map!.data.every((value) => value >= 0 && value <= 4)).toBe(true);
    expect(score!.data.every((value) => value >= 0 && value <= 1)).toBe(true);
  });

  it('finds nothing new in the images that it remembers', async () => {
    const options = frozen.checkpoint.sessionOptions;
    const images = { pixelValues: noiseImages(2, size) };
    const { features, parameters, start } = builtMethod(method);
    const rows = method.remember!(features, weightsOf(parameters));
    const memory = asMemory(await evaluate({ ...rows }, images, options));
    const { outputs } = builtMethod(method, {
      ...memory,
      'mapMaximum.range': constant([1, 3], [2]),
    });
    const zero = builtMethod(method).outputs;
    const ranged = method.ranged!(features, weightsOf(parameters), memory);
    const measured = {
      map: outputs.map,
      zero: zero.map,
      clip: outputs.clipScore,
      score: outputs.score,
      ...ranged,
    };
    const known = await evaluate(measured, { ...images, ...start }, options);
    expectWithin(known.map!.data, known.zero!.data, 1e-5);
    const others = { pixelValues: noiseImages(2, size, 2), ...start };
    const unknown = await evaluate(measured, others, options);
    expect(unknown.map!.data.every((value, i) => value > unknown.zero!.data[i]!)).toBe(true);
    const expected = unknown.clip!.data.map((clip, i) => {
      return (clip + (unknown.mapMaximum!.data[i]! - 1) / 2) / 2;
    });
    expectWithin(unknown.score!.data, expected, 1e-5);
  });

  it('learns where anomalies are', async () => {
    const { losses, values } = await trainOnSpots(method, 25, frozen.checkpoint.sessionOptions);
    expect(losses.at(-1)).toBeLessThan(0.7 * losses[0]!);
    const { outputs } = builtMethod(method);
    const images = spotImages(size);
    const { map } = await evaluate(
      { map: outputs.map },
      { pixelValues: images.pixelValues, ...values },
      frozen.checkpoint.sessionOptions,
    );
    const mean = (inside: number) => {
      const chosen = map!.data.filter((_, i) => images.mask.data[i] === inside);
      return chosen.reduce((a, b) => a + b, 0) / chosen.length;
    };
    expect(mean(1)).toBeGreaterThan(1.5 * mean(0));
  });

  it('says that it needs masks', () => {
    expect(() => lossAndGradients(method, builtMethod(method), false)).toThrow('learns from masks');
  });

  it('refuses stages that the tower does not have', async () => {
    const config = { imageSize: size, object: 'cup', stages: [1, 5] };
    await expect(aprilGan(config, frozen, runtime)).rejects.toThrow('Stage 5 is no block');
  });
});
