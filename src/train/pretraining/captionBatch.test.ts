import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../base/random.js';
import { CaptionBatch, writeStateWeights } from './captionBatch.js';
import { PhantomPool } from './phantomPool.js';
import { clipConfigOf, recipeSchema } from './recipe.js';
import { learnVocabulary } from './vocabulary.js';

const recipe = recipeSchema.parse({
  imageSize: 64,
  captions: 60,
  merges: 200,
  contextLength: 16,
  modalities: ['ultrasound', 'head-ct'],
});
const { tokenizer, tokens } = learnVocabulary(recipe);
const config = clipConfigOf(recipe, tokenizer.vocabularySize);
const pool = new PhantomPool({ seed: 1, modalities: recipe.modalities, size: 64 });
for (let image = 0; image < 12; image++) pool.grow();

function filled(seed: number) {
  const batch = new CaptionBatch(config, { pairs: 8, patches: 9, tokens }, tokenizer);
  batch.fill(pool, [0, 1, 2, 3, 4, 5, 6, 7], new Random(seed));
  return batch.feeds;
}

describe('CaptionBatch', () => {
  it('is the same for the same random numbers and another for others', () => {
    expect(filled(1)).toEqual(filled(1));
    expect(filled(2).pixelValues!.data).not.toEqual(filled(1).pixelValues!.data);
  });

  it('ends each text once, with the end token, after the start token', () => {
    const { tokenIds, endPlaces } = filled(3);
    for (let text = 0; text < 10; text++) {
      const ids = tokenIds!.data.subarray(text * tokens, (text + 1) * tokens);
      const ends = endPlaces!.data.subarray(text * tokens, (text + 1) * tokens);
      expect(ids[0]).toBe(tokenizer.startToken);
      expect(ends.reduce((sum, value) => sum + value, 0)).toBe(1);
      expect(ids.indexOf(tokenizer.endToken)).toBe(ends.indexOf(1));
    }
  });

  it('has lesion patches in view in the abnormal images, and in no normal one', () => {
    const { patchWeights } = filled(4);
    for (let pair = 0; pair < 8; pair++) {
      const rows = patchWeights!.data.subarray(pair * 18, (pair + 1) * 18);
      const abnormal = rows.reduce((sum, value, index) => sum + (index % 2 ? value : 0), 0);
      expect(abnormal > 0, `image ${pair}`).toBe(pool.at(pair).lesion !== null);
    }
  });
});

describe('writeStateWeights', () => {
  it('sums to 1, to one half for each state that there is', () => {
    const shares = fc.array(fc.constantFrom(0, 0.25, 1), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(shares, (values) => {
        const weights = new Float32Array(2 * values.length);
        writeStateWeights(Float32Array.from(values), weights);
        const total = (state: number) =>
          weights.reduce((sum, value, index) => sum + (index % 2 === state ? value : 0), 0);
        expect(total(0) + total(1)).toBeCloseTo(1, 5);
        const both = values.some((value) => value < 1) && values.some((value) => value > 0);
        if (both) expect(total(1)).toBeCloseTo(0.5, 5);
        for (const [index, value] of values.entries()) {
          if (value === 0) expect(weights[2 * index + 1]).toBe(0);
        }
      }),
    );
  });
});
