import { beforeAll, describe, expect, it } from 'vitest';
import { expectClose } from '../../../test/support/close.js';
import { evaluate } from '../../../test/support/evaluate.js';
import { asMemory, noiseImages, smallFrozenClip } from '../../../test/support/smallMethod.js';
import { nodeRuntime } from '../../graph/runtime.node.js';
import type { HostTensor } from '../../graph/session.js';
import { B } from '../../graph/shape.js';
import { input, type Tensor } from '../../graph/tensor.js';
import { Parameters } from '../../nn/parameters.js';
import type { FrozenClip } from '../method.js';
import { type WinClip, winClip } from './winclip.js';

const size = 32;
const { weights } = new Parameters();
let frozen: FrozenClip;
let method: WinClip;

beforeAll(async () => {
  frozen = await smallFrozenClip();
  const runtime = nodeRuntime({ threads: 1 });
  method = await winClip({ imageSize: size, object: 'cup' }, frozen, runtime);
});

const features = () => method.features(input('image', [B, 3, size, size]));
const run = (outputs: Record<string, Tensor>, image: HostTensor) =>
  evaluate(outputs, { image }, frozen.checkpoint.sessionOptions);

describe('WinCLIP', () => {
  it('scores images and pixels between 0 and 1, each image for itself', async () => {
    const { map, score } = method.forward(features(), weights);
    const both = await run({ map, score }, noiseImages(2, size));
    expect(both.map!.shape).toEqual([2, size, size]);
    expect(both.score!.shape).toEqual([2]);
    for (const value of [...both.map!.data, ...both.score!.data]) {
      expect(value).toBeGreaterThan(0);
      expect(value).toBeLessThan(1);
    }
    const second = noiseImages(2, size).data.slice(3 * size * size) as Float32Array;
    const alone = await run({ map, score }, { data: second, shape: [1, 3, size, size] });
    expectClose(alone.map!.data, both.map!.data.subarray(size * size), 1e-6);
    expectClose(alone.score!.data, both.score!.data.subarray(1), 1e-6);
  });

  it('finds nothing new in an image that it remembers', async () => {
    const images = noiseImages(1, size);
    const memory = asMemory(await run(method.remember!(features(), weights), images));
    const few = method.forward(features(), weights, memory);
    const zero = method.forward(features(), weights);
    const outputs = { few: few.fewMap!, score: few.score, zero: zero.score };
    const known = await run(outputs, images);
    expectClose(known.few!.data, new Float32Array(16), 1e-6);
    expectClose(
      known.score!.data,
      known.zero!.data.map((value) => value / 2),
      1e-6,
    );
    const other = await run(outputs, noiseImages(1, size, 2));
    expect(Math.max(...other.few!.data)).toBeGreaterThan(1e-4);
  });

  it('is told of an object that does not fit', async () => {
    const object = 'x'.repeat(80);
    await expect(
      winClip({ imageSize: size, object }, frozen, nodeRuntime({ threads: 1 })),
    ).rejects.toThrow('positions');
  });
});
