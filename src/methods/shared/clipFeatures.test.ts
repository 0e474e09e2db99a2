import { beforeAll, describe, expect, it } from 'vitest';
import { evaluate } from '../../../test/support/evaluate.js';
import { noiseImages, smallFrozenClip } from '../../../test/support/smallMethod.js';
import { frozenImageTower } from '../../clip/frozenImageTower.js';
import { B } from '../../graph/shape.js';
import { input } from '../../graph/tensor.js';
import type { FrozenClip } from '../method.js';
import { clipFeatures, quarters, stageTokens } from './clipFeatures.js';

const size = 40;
let frozen: FrozenClip;
beforeAll(async () => {
  frozen = await smallFrozenClip();
});

describe('features of the unchanged tower', () => {
  it('are the class token and the patch tokens of the stages, in their order', async () => {
    const { checkpoint, clip } = frozen;
    const pixelValues = input('pixelValues', [B, 3, size, size]);
    const features = (await clipFeatures(checkpoint, clip, size, [3, 1]))(pixelValues);
    const tower = await frozenImageTower(checkpoint, pixelValues);
    const tokens = stageTokens(features);
    expect(tokens).toHaveLength(2);
    const results = await evaluate(
      {
        third: tokens[0]!,
        first: tokens[1]!,
        embedding: features.embedding,
        wholeThird: tower.hidden[3]!,
        wholeFirst: tower.hidden[1]!,
        wholeEmbedding: tower.embedding,
      },
      { pixelValues: noiseImages(1, size) },
      checkpoint.sessionOptions,
    );
    const { width } = clip.vision;
    expect(results.third!.shape).toEqual([1, 25, width]);
    expect(results.third!.data).toEqual(results.wholeThird!.data.slice(width));
    expect(results.first!.data).toEqual(results.wholeFirst!.data.slice(width));
    expect(results.embedding!.data).toEqual(results.wholeEmbedding!.data);
  });

  it('are taken at quarters of the depth', async () => {
    expect(quarters(24)).toEqual([6, 12, 18, 24]);
    expect(quarters(12)).toEqual([3, 6, 9, 12]);
    expect(quarters(2)).toEqual([1, 1, 2, 2]);
  });

  it('are refused for blocks that are not there', async () => {
    for (const stage of [0, 5]) {
      const made = clipFeatures(frozen.checkpoint, frozen.clip, size, [1, stage]);
      await expect(made).rejects.toThrow(`Stage ${stage} is no block of an image tower of 4`);
    }
  });
});
