import { describe, expect, it } from 'vitest';
import { modalities } from '../../data/phantoms/phantom.js';
import { learnVocabulary } from './vocabulary.js';

describe('learnVocabulary', () => {
  const options = { seed: 0, modalities: [...modalities], captions: 300, merges: 700 };
  const { tokenizer, tokens } = learnVocabulary({ ...options, contextLength: 48 });

  it.each(['normal', 'abnormal', 'photo', 'class', 'lesion', 'ultrasound'])(
    'has a token for "%s"',
    (word) => {
      expect(tokenizer.encode(word)).toHaveLength(3);
    },
  );

  it('says how long captions are, and keeps to the context length', () => {
    expect(tokens).toBeGreaterThan(8);
    expect(tokens).toBeLessThan(48);
    expect(learnVocabulary({ ...options, captions: 20, contextLength: 16 }).tokens).toBe(16);
  });
});
