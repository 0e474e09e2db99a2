import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { describeWith, goldenFolder, goldenJson, sharedFolder } from '../../test/support/shared.js';
import { clipMerges, loadTokenizer } from './tokenizer.node.js';
import { straighten } from './tokenizerText.js';

interface TokenizerCase {
  readonly text: string;
  /** After ftfy; absent where ftfy leaves the text alone. */
  readonly fixed?: string;
  readonly ids: number[];
  readonly length: number;
  readonly decoded: string;
}

interface TokenizerRecording {
  readonly context_length: number;
  readonly start: number;
  readonly end: number;
  readonly plain: TokenizerCase[];
  readonly ftfy_simple: TokenizerCase[];
  readonly mojibake: TokenizerCase[];
}

describeWith(`${goldenFolder}/tokenizer.json`, 'tokenizer, recorded', async () => {
  const recording = goldenJson<TokenizerRecording>('tokenizer.json');
  const tokenizer = await loadTokenizer();

  it('has the recorded special tokens', () => {
    expect([tokenizer.startToken, tokenizer.endToken]).toEqual([recording.start, recording.end]);
  });

  const check = (text: string, expected: TokenizerCase) => {
    const tokens = tokenizer.encodeToLength(text, recording.context_length);
    expect(tokens).toEqual(expected.ids);
    expect(tokenizer.encode(text)).toHaveLength(expected.length);
    expect(tokenizer.decode(tokens.slice(1, -1))).toBe(expected.decoded);
  };

  it.each(recording.plain)('plain: $text', (expected) => check(expected.text, expected));

  it.each(recording.ftfy_simple)('straightened: $text', (expected) => {
    expect(straighten(expected.text)).toBe(expected.fixed);
    check(expected.text, expected);
  });

  // The repair of wrong decodings is not ours; the repaired text is.
  it.each(recording.mojibake)('repaired: $fixed', (expected) =>
    check(expected.fixed as string, expected),
  );
});

const originalList = `${sharedFolder}reference/bpe_simple_vocab_16e6.txt.gz`;

describeWith(originalList, 'the merge list, recorded', () => {
  it('is the beginning of the original list', () => {
    const original = gunzipSync(readFileSync(originalList)).toString('utf8').split('\n');
    expect(clipMerges()).toEqual(original.slice(1, 48_895));
  });
});
