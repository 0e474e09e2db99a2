import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Tokenizer } from './tokenizer.js';
import { loadTokenizer } from './tokenizer.node.js';

describe('loadTokenizer', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'iqe-tokenizer-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const merges = ['# #', 'l e'];
  const vocabulary = (list: string[]) =>
    Object.fromEntries(new Tokenizer(list).symbols.map((symbol, token) => [symbol, token]));
  const writeJson = (model: object) =>
    writeFile(join(folder, 'tokenizer.json'), JSON.stringify({ version: '1.0', model }));

  it("is CLIP's own without a folder or without files in it", async () => {
    expect((await loadTokenizer()).vocabularySize).toBe(49_408);
    expect((await loadTokenizer(folder)).vocabularySize).toBe(49_408);
  });

  it.each(['\n', '\r\n'])('reads merges.txt first, lines ending in %j', async (lineBreak) => {
    await writeJson({});
    const lines = ['#version: 0.2', ...merges, ''];
    await writeFile(join(folder, 'merges.txt'), lines.join(lineBreak));
    expect((await loadTokenizer(folder)).merges).toEqual(merges);
  });

  it.each([
    ['as texts', merges],
    ['as pairs', merges.map((merge) => merge.split(' '))],
  ])('reads tokenizer.json with merges %s', async (_, written) => {
    await writeJson({
      type: 'BPE',
      end_of_word_suffix: '</w>',
      merges: written,
      vocab: vocabulary(merges),
    });
    expect((await loadTokenizer(folder)).merges).toEqual(merges);
  });

  it.each([
    ['a damaged merges.txt', 'merges.txt', '#version: 0.2\na b\nab', 'Merge 2 of 2 is "ab"'],
    ['a damaged tokenizer.json', 'tokenizer.json', '{"model": {', 'JSON'],
    ['another kind', 'tokenizer.json', '{"model":{"type":"Unigram","vocab":[]}}', "CLIP's kind"],
    [
      'another order of tokens',
      'tokenizer.json',
      JSON.stringify({ model: { end_of_word_suffix: '</w>', merges: [], vocab: { a: 0 } } }),
      "token 0 is 'a', where CLIP's order has '!'",
    ],
  ])('names the file of %s', async (_, name, text, message) => {
    await writeFile(join(folder, name), text);
    await expect(loadTokenizer(folder)).rejects.toMatchObject({
      code: 'checkpoint',
      message: expect.stringContaining(message),
    });
    await expect(loadTokenizer(folder)).rejects.toThrow(join(folder, name));
  });
});
