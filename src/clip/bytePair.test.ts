import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BytePairCoder,
  byteCharacters,
  byteCharactersToText,
  mergePair,
  splitWords,
  textToByteCharacters,
  wordSymbols,
} from './bytePair.js';

describe('byte characters', () => {
  it('are 256 different visible ones in the original order', () => {
    expect(new Set(byteCharacters).size).toBe(256);
    expect(byteCharacters.slice(0, 3).join('')).toBe('!"#');
    expect(byteCharacters.slice(93, 96).join('')).toBe('~¡¢');
    expect(byteCharacters.slice(188, 190).join('')).toBe('Āā');
    expect(textToByteCharacters(' é\0')).toBe('ĠÃ©Ā');
  });

  it('carry any text and back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(byteCharactersToText(textToByteCharacters(text))).toBe(text);
      }),
    );
  });

  it('show bytes that are no UTF-8 as U+FFFD and keep a byte order mark', () => {
    expect(byteCharactersToText(textToByteCharacters('肺').slice(0, 2))).toBe('\ufffd');
    expect(byteCharactersToText(textToByteCharacters('\ufeffa'))).toBe('\ufeffa');
  });
});

describe('splitWords', () => {
  it.each([
    ["it's we'll rock'n'roll", ['it', "'s", 'we', "'ll", 'rock', "'", 'n', "'", 'roll']],
    ['37.5°c x1', ['3', '7', '.', '5', '°', 'c', 'x', '1']],
    ['a<|endoftext|>b<|startoftext|>', ['a', '<|endoftext|>', 'b', '<|startoftext|>']],
    ['-<|endoftext|>', ['-<|', 'endoftext', '|>']],
    ["it'ſ", ['it', "'ſ"]],
    ['a\u0345b', ['a', 'b']],
    ['हि', ['ह', 'ि']],
    ['\ufeff\u0085a\u00a0', ['\ufeff', 'a']],
    ['', []],
  ])('%j', (text, words) => expect(splitWords(text)).toEqual(words));

  it('loses nothing but white space', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const kept = text.replace(/\p{White_Space}|\u0345/gu, '');
        expect(splitWords(text).join('')).toBe(kept);
      }),
    );
  });
});

describe('mergePair', () => {
  it('takes pairs from the left and does not reuse a symbol', () => {
    expect(mergePair(['a', 'a', 'a', 'b', 'a'], 'a', 'a')).toEqual(['aa', 'a', 'b', 'a']);
  });
});

describe('BytePairCoder', () => {
  const coder = new BytePairCoder(['a b', 'b c</w>', 'ab c</w>', 'a a', 'aa a</w>']);

  it.each([
    ['abc', ['abc</w>']],
    ['bc', ['bc</w>']],
    ['ab', ['a', 'b</w>']],
    ['aab', ['aa', 'b</w>']],
    ['aaa', ['aaa</w>']],
    ['aabc', ['a', 'abc</w>']],
    ['z', ['z</w>']],
  ])('%s', (word, symbols) => {
    expect(coder.symbols(word)).toEqual(symbols);
    expect(coder.symbols(word)).toEqual(symbols);
  });

  it('gives symbols that join to the word, none of which can be merged further', () => {
    const pairs = new Set(['a b', 'b c</w>', 'ab c</w>', 'a a', 'aa a</w>']);
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1 }), (word) => {
        const symbols = coder.symbols(word);
        expect(symbols.join('')).toBe(wordSymbols(word).join(''));
        for (let i = 0; i + 1 < symbols.length; i++) {
          expect(pairs.has(`${symbols[i]} ${symbols[i + 1]}`)).toBe(false);
        }
      }),
    );
  });

  it.each([
    ['one symbol', ['a b', 'ab']],
    ['three symbols', ['a b c']],
    ['two spaces', ['a  b']],
    ['a symbol that nothing makes', ['a b', 'abc d']],
    ['a character that is no byte', ['a 肺']],
  ])('refuses %s', (_, merges) => {
    expect(() => new BytePairCoder(merges)).toThrow(
      expect.objectContaining({
        code: 'checkpoint',
        message: expect.stringContaining(
          `Merge ${merges.length} of ${merges.length} is "${merges.at(-1)}"`,
        ),
      }),
    );
  });
});
