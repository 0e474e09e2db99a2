import { describe, expect, it } from 'vitest';
import { WordPiece } from './wordPiece.js';

const vocabulary = [
  '[PAD]',
  '[UNK]',
  '[CLS]',
  '[SEP]',
  'no',
  'lung',
  '##s',
  'opac',
  '##ity',
  ',',
  '.',
  'a',
  '##a',
  '肺',
];
const tokenizer = new WordPiece(vocabulary);
const pieces = (text: string) => tokenizer.encode(text).map((id) => vocabulary[id]);

describe('WordPiece', () => {
  it('cuts words into the longest known pieces', () => {
    expect(pieces('No lungs,  OPACITY.')).toEqual([
      '[CLS]',
      'no',
      'lung',
      '##s',
      ',',
      'opac',
      '##ity',
      '.',
      '[SEP]',
    ]);
    expect(pieces('aaa a')).toEqual(['[CLS]', 'a', '##a', '##a', 'a', '[SEP]']);
  });

  it('takes accents off, and does not know words with an unknown piece', () => {
    expect(pieces('ná nó lungx 肺a')).toEqual([
      '[CLS]',
      '[UNK]',
      'no',
      '[UNK]',
      '肺',
      'a',
      '[SEP]',
    ]);
    expect(pieces('a'.repeat(101))).toEqual(['[CLS]', '[UNK]', '[SEP]']);
  });

  it('cuts long texts', () => {
    expect(tokenizer.encode('no '.repeat(200))).toHaveLength(77);
    expect(tokenizer.encode('no '.repeat(200)).at(-1)).toBe(3);
  });

  it('needs the tokens of BERT', () => {
    expect(() => new WordPiece(['[PAD]', '[UNK]', '[CLS]'])).toThrow('no token [SEP]');
  });
});
