import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Tokenizer } from './tokenizer.js';
import { clipMerges } from './tokenizer.node.js';
import { cleanText } from './tokenizerText.js';

describe("Tokenizer with CLIP's list", () => {
  const tokenizer = new Tokenizer(clipMerges());

  it('has the known sizes and special tokens', () => {
    expect(tokenizer.vocabularySize).toBe(49_408);
    expect([tokenizer.startToken, tokenizer.endToken]).toEqual([49_406, 49_407]);
  });

  it('gives the known tokens of the prompts of the method', () => {
    const template = [27, 347, 1874, 91, 29, 269, 49_407];
    const photo = [49_406, 320, 1125, 539, 320];
    expect(tokenizer.encode('a photo of a normal <|class|>.')).toEqual([
      ...photo,
      5967,
      ...template,
    ]);
    expect(tokenizer.encode('a photo of a abnormal <|class|>.')).toEqual([
      ...photo,
      40_934,
      ...template,
    ]);
  });

  it('recognises special tokens inside a text', () => {
    const { startToken: start, endToken: end } = tokenizer;
    expect(tokenizer.encode('<|startoftext|> <|ENDOFTEXT|>')).toEqual([start, start, end, end]);
    expect(tokenizer.decode(tokenizer.encode('a<|endoftext|>b'))).toBe(
      '<|startoftext|>a <|endoftext|>b <|endoftext|>',
    );
  });

  it('cuts with the end token last, and only what is too long', () => {
    const text = 'ct '.repeat(75);
    expect(tokenizer.encodeToLength(text, 77)).toEqual(tokenizer.encode(text));
    const cut = tokenizer.encodeToLength(`${text} ct`, 77);
    expect(cut).toHaveLength(77);
    expect(cut.at(-1)).toBe(tokenizer.endToken);
    expect(cut.slice(0, 76)).toEqual(tokenizer.encode(text).slice(0, 76));
    expect(() => tokenizer.encodeToLength('a', 1)).toThrow('at least 2');
  });

  it('decodes what it encodes, but for spaces', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const decoded = tokenizer.decode(tokenizer.encode(text).slice(1, -1));
        const dense = (from: string) => from.replace(/\p{White_Space}|\u0345/gu, '');
        expect(dense(decoded)).toBe(dense(cleanText(text)));
      }),
    );
  });
});

describe('Tokenizer with a short list', () => {
  const tokenizer = new Tokenizer(['a b', 'ab c</w>']);

  it('derives its vocabulary from the list', () => {
    expect(tokenizer.vocabularySize).toBe(512 + 2 + 2);
    expect(tokenizer.encode('abc')).toEqual([514, 513, 515]);
    expect(tokenizer.encode('ab')).toEqual([514, 64, 256 + 65, 515]);
    expect(tokenizer.decode([513, 512])).toBe('abc ab');
  });

  it('refuses what is no token', () => {
    expect(() => tokenizer.decode([516])).toThrow('0 to 515, not 516');
    expect(() => tokenizer.decode([0.5])).toThrow('not 0.5');
  });
});
