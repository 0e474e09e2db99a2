import { z } from 'zod';
import { Tokenizer } from './tokenizer.js';

/**
 * The tokenizer of a `merges.txt`: a line for each merge, before them perhaps one that tells the version.
 *
 * @throws {IqeError} `checkpoint` when an entry is no pair of known symbols.
 */
export function tokenizerOfMerges(text: string): Tokenizer {
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  return new Tokenizer(lines[0]?.startsWith('#version:') ? lines.slice(1) : lines);
}

const tokenizerJson = z.object({
  model: z.object({
    type: z.literal('BPE').optional(),
    end_of_word_suffix: z.literal('</w>'),
    merges: z.array(z.union([z.string(), z.tuple([z.string(), z.string()])])),
    vocab: z.record(z.string(), z.number()),
  }),
});

/**
 * The tokenizer of a Hugging Face `tokenizer.json`.
 *
 * @throws {Error} when it is no byte-pair list of CLIP's kind, in CLIP's order.
 */
export function tokenizerOfJson(text: string): Tokenizer {
  const parsed = tokenizerJson.safeParse(JSON.parse(text));
  if (!parsed.success) {
    throw new Error(`not a byte-pair tokenizer of CLIP's kind\n${z.prettifyError(parsed.error)}`);
  }
  const { merges, vocab } = parsed.data.model;
  const tokenizer = new Tokenizer(
    merges.map((merge) => (typeof merge === 'string' ? merge : merge.join(' '))),
  );
  for (const [symbol, token] of Object.entries(vocab)) {
    const expected = tokenizer.symbols[token];
    if (expected !== symbol) {
      throw new Error(`token ${token} is '${symbol}', where CLIP's order has '${expected}'`);
    }
  }
  return tokenizer;
}
