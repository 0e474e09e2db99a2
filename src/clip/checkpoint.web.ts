import { IqeError } from '../base/errors.js';
import { type Checkpoint, checkpointFromBytes } from './checkpoint.js';
import { type FetchOptions, fetchFile, fetchText } from './fetchFile.web.js';
import type { Tokenizer } from './tokenizer.js';
import { tokenizerOfJson, tokenizerOfMerges } from './tokenizerFiles.js';
import { parseShardIndex, weightNames } from './weightNames.js';

/**
 * A Hugging Face CLIP folder on a server, loaded into memory: `config.json` with `model.safetensors` or
 * `pytorch_model.bin`, or with the shards that the index of one of the two lists.
 *
 * @throws {IqeError} `checkpoint` if a file is missing or damaged; `download`; `interrupted`.
 */
export async function loadCheckpoint(folder: URL, options: FetchOptions): Promise<Checkpoint> {
  const config = await fetchText(new URL('config.json', folder), options);
  if (config === undefined) throw missing(folder, 'config.json');
  return checkpointFromBytes(config, await weightBytes(folder, options), folder.href);
}

/**
 * The tokenizer of such a folder, from `merges.txt` or else `tokenizer.json`. Unlike Node there is no
 * list to fall back to.
 *
 * @throws {IqeError} As {@link loadCheckpoint}.
 */
export async function fetchTokenizer(folder: URL, options: FetchOptions): Promise<Tokenizer> {
  const merges = await fetchText(new URL('merges.txt', folder), options);
  if (merges !== undefined) return tokenizerOfMerges(merges);
  const json = await fetchText(new URL('tokenizer.json', folder), options);
  if (json !== undefined) return tokenizerOfJson(json);
  throw missing(folder, 'merges.txt nor tokenizer.json');
}

async function weightBytes(
  folder: URL,
  options: FetchOptions,
): Promise<Record<string, Uint8Array>> {
  for (const { single, index } of weightNames) {
    const bytes = await fetchFile(new URL(single, folder), options);
    if (bytes) return { [single]: bytes };
    const list = await fetchText(new URL(index, folder), options);
    if (list === undefined) continue;
    const shards: Record<string, Uint8Array> = {};
    for (const name of parseShardIndex(list, `${folder}${index}`).keys()) {
      const shard = await fetchFile(new URL(name, folder), options);
      if (!shard) throw missing(folder, name);
      shards[name] = shard;
    }
    return shards;
  }
  throw missing(folder, weightNames.map(({ single }) => single).join(' nor '));
}

function missing(folder: URL, what: string): IqeError {
  return new IqeError('checkpoint', `${folder} has no ${what}.`, {
    hint: 'A backbone is a Hugging Face CLIP folder: config.json, model.safetensors, merges.txt or tokenizer.json.',
  });
}
