import { beforeAll, describe, expect, it } from 'vitest';
import { expectWithin } from '../../../test/support/close.js';
import { evaluate } from '../../../test/support/evaluate.js';
import { smallFrozenClip } from '../../../test/support/smallMethod.js';
import { constant } from '../../graph/tensor.js';
import type { FrozenClip } from '../method.js';
import { contextPrompts, withContext } from './contextPrompts.js';
import { embedPrompts } from './promptEnsemble.js';

let frozen: FrozenClip;
beforeAll(async () => {
  frozen = await smallFrozenClip();
});

/** The token embeddings of a text, without start and end. */
async function tokenRows(text: string): Promise<Float32Array> {
  const { checkpoint, tokenizer, clip } = frozen;
  const { width, vocabularySize } = clip.text;
  const ids = tokenizer.encode(text).slice(1, -1);
  const name = 'text_model.embeddings.token_embedding.weight';
  return checkpoint.tensors.readRows(name, [vocabularySize, width], ids);
}

describe('prompts with learned tokens', () => {
  it('are plain prompts where words stand for the learned tokens', async () => {
    const { width } = frozen.clip.text;
    const rows = await tokenRows('a photo of');
    const count = rows.length / width;
    const texts = ['normal', 'an abnormal class'];
    const prompts = await contextPrompts(texts, count, frozen);
    const context = constant([...rows, ...rows], [2, count, width]);
    const { actual } = await evaluate({ actual: withContext(prompts, context) });
    const length = actual!.shape[1]!;
    for (const [index, text] of texts.entries()) {
      const plain = await embedPrompts([`a photo of ${text}`], frozen.checkpoint, frozen.tokenizer);
      const { expected } = await evaluate({ expected: plain.embedded });
      const end = prompts.ends[index]!;
      expect(expected!.shape[1]).toBe(end + 1);
      const start = index * length * width;
      const own = actual!.data.slice(start, start + (end + 1) * width);
      expectWithin(own, expected!.data, 1e-6, text);
    }
  });

  it('are filled up with the first token to a given length', async () => {
    const { width, contextLength, vocabularySize } = frozen.clip.text;
    const prompts = await contextPrompts(['normal'], 2, frozen, contextLength);
    const { rest } = await evaluate({ rest: prompts.rest });
    expect(rest!.shape).toEqual([1, contextLength - 3, width]);
    const row = async (table: string, count: number, index: number) =>
      frozen.checkpoint.tensors.readRows(
        `text_model.embeddings.${table}.weight`,
        [count, width],
        [index],
      );
    const token = await row('token_embedding', vocabularySize, 0);
    const position = await row('position_embedding', contextLength, contextLength - 1);
    const last = rest!.data.slice(-width);
    expectWithin(
      last,
      token.map((value, c) => value + position[c]!),
      1e-6,
    );
  });

  it('must fit the text tower', async () => {
    await expect(contextPrompts(['normal'], 77, frozen)).rejects.toThrow('the text tower has 77');
  });
});
