import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { learnMerges } from './bytePairTraining.js';
import { Tokenizer } from './tokenizer.js';

const captions = [
  'an ultrasound image of a breast with a dark lesion',
  'an ultrasound image of a breast without a lesion',
  'a chest x-ray with a bright lesion in the left lung',
];

describe('learnMerges', () => {
  it('merges the most frequent pair first, of equals the smallest', () => {
    expect(learnMerges(['ab ab ab cd cd'], 9)).toEqual(['a b</w>', 'c d</w>']);
    expect(learnMerges(['cd ab'], 1)).toEqual(['a b</w>']);
    expect(learnMerges(['aaa'], 9)).toEqual(['a a', 'aa a</w>']);
  });

  it('counts cleaned words and no special token', () => {
    expect(learnMerges(['AB &#97;b', '<|endoftext|>'], 9)).toEqual(['a b</w>']);
  });

  it('does not depend on the order of the texts', () => {
    expect(learnMerges([...captions].reverse(), 40)).toEqual(learnMerges(captions, 40));
  });

  it('stops once every word is one token', () => {
    const tokenizer = new Tokenizer(learnMerges(captions, 1000));
    expect(tokenizer.merges.length).toBeLessThan(1000);
    expect(tokenizer.encode('breast lesion')).toHaveLength(4);
  });

  it('gives a longer list that begins with the shorter, and never longer codes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' ') })),
        fc.nat(20),
        fc.nat(20),
        (texts, count, more) => {
          const short = learnMerges(texts, count);
          const long = learnMerges(texts, count + more);
          expect(long.slice(0, short.length)).toEqual(short);
          const lengthOf = (merges: string[]) =>
            new Tokenizer(merges).encode(texts.join(' ')).length;
          expect(lengthOf(long)).toBeLessThanOrEqual(lengthOf(short));
        },
      ),
    );
  });
});
