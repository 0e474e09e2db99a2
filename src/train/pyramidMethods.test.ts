import { beforeAll, describe, expect, it } from 'vitest';
import { spotImage } from '../../test/support/smallDataSet.js';
import { smallFrozenClip } from '../../test/support/smallMethod.js';
import { nodeRuntime } from '../graph/runtime.node.js';
import type { MethodName } from '../methods/registry.js';
import { AnomalyDetector, type SupportImage } from './detector.js';
import type { Backbone } from './openMethod.js';

const size = 64;
let backbone: Backbone;

beforeAll(async () => {
  backbone = await smallFrozenClip();
});

const spot = (index: number, abnormal: boolean) => spotImage(size, index, abnormal);

const normal = [0, 1, 2].map((index) => spot(index, false));
const both = [...normal, ...[3, 4, 5].map((index) => spot(index, true))];

async function fitted(method: MethodName, support: readonly SupportImage[], model: object = {}) {
  const detector = new AnomalyDetector(backbone, nodeRuntime({ threads: 1 }));
  const training = { epochs: 6, batchSize: 3, learningRate: 2e-3, augmentations: ['identity'] };
  await detector.fit(support, {
    config: { method, model: { imageSize: size, ...model }, training },
  });
  return detector;
}

describe('methods on feature maps, on the stages of an image tower', () => {
  it.each([
    ['rd4ad', normal, {}],
    ['mkd', normal, {}],
    ['cflow', normal, { couplingBlocks: 2, positionWidth: 16 }],
    ['bgad', both, { couplingBlocks: 2, positionWidth: 16 }],
  ] as const)('%s learns, and maps and scores images', async (method, support, model) => {
    const detector = await fitted(method, support, model);
    // The first epoch of BGAD has another loss.
    const history = detector.head!.history.slice(1);
    expect(history.at(-1)).toBeLessThan(history[0]!);
    const { map, score } = await detector.predict(spot(6, true).image);
    expect(map.data.length).toBe(size * size);
    expect(map.data.every((value) => value >= 0 && value <= 1)).toBe(true);
    expect(Number.isFinite(score)).toBe(true);
    await detector.dispose();
  });

  it('keeps running statistics of batch norm', async () => {
    const { tensors } = await fitted('rd4ad', normal);
    const running = Object.entries(tensors!).filter(([name]) => name.endsWith('running_var'));
    expect(running.length).toBeGreaterThan(0);
    for (const [name, { data }] of running) {
      expect(
        [...(data as Float32Array)].some((value) => value !== 1),
        name,
      ).toBe(true);
    }
  });

  it('scores with DRA, which gives no map and says so', async () => {
    const detector = await fitted('dra', both);
    const { history, decision } = detector.head!;
    expect(history.at(-1)).toBeLessThan(history[0]!);
    expect(decision.mapThreshold).toBeNull();
    const prediction = await detector.predict(spot(6, true).image);
    const other = await detector.predict(spot(7, false).image);
    expect(prediction.rawScore).toBeGreaterThan(other.rawScore);
    expect(prediction.hasMap).toBe(false);
    expect(() => prediction.map).toThrow('DRA scores whole images and gives no map');
    await detector.dispose();
  });

  it('scores with MedCLIP, which needs no image to learn from', async () => {
    const detector = await fitted('medclip', both);
    const prediction = await detector.predict(spot(6, true).image);
    expect(Number.isFinite(prediction.score)).toBe(true);
    expect(() => prediction.peak).toThrow('MedCLIP scores whole images and gives no map');
  });

  it('says which image sizes can be halved', async () => {
    await expect(fitted('rd4ad', normal, { imageSize: 72 })).rejects.toThrow(
      '9 × 9 patches, which cannot be halved 3 times',
    );
  });
});
