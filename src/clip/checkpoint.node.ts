import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { IqeError } from '../base/errors.js';
import type { Checkpoint } from './checkpoint.js';
import { checkpointIdentity } from './checkpointIdentity.js';
import { parseClipConfig } from './config.js';
import { type WeightFile, WeightFiles } from './weightFiles.js';
import { weightFile, weightFolder } from './weightFiles.node.js';
import { parseShardIndex, weightNames } from './weightNames.js';

/**
 * Opens a Hugging Face CLIP folder: `config.json` with `model.safetensors` or else
 * `pytorch_model.bin`, or with the index of one of the two and its shards.
 *
 * @throws {IqeError} `checkpoint` if a file is missing or damaged.
 */
export async function openCheckpoint(folder: string): Promise<Checkpoint> {
  const config = await readText(join(folder, 'config.json'));
  const paths = await weightPaths(folder);
  const files: WeightFile[] = [];
  for (const path of paths) files.push(await weightFile(path));
  const identity = await checkpointIdentity(config, files);
  return {
    config: parseClipConfig(config, join(folder, 'config.json')),
    tensors: await WeightFiles.open(files, folder),
    sessionOptions: { weightFolder: await weightFolder(folder) },
    identity,
    imageTowerIdentity: identity,
  };
}

async function weightPaths(folder: string): Promise<string[]> {
  for (const { single, index } of weightNames) {
    if (await isFile(join(folder, single))) return [join(folder, single)];
    if (await isFile(join(folder, index))) return shardPaths(folder, index);
  }
  const names = weightNames.map(({ single }) => single).join(' nor ');
  throw new IqeError('checkpoint', `${folder} has neither ${names} (nor an index of shards).`, {
    hint: folderHint,
  });
}

async function shardPaths(folder: string, index: string): Promise<string[]> {
  const path = join(folder, index);
  const shards = parseShardIndex(await readText(path), path);
  for (const [name, tensor] of shards) {
    if (await isFile(join(folder, name))) continue;
    throw new IqeError(
      'checkpoint',
      `${folder} lacks the shard ${name}, which holds tensor '${tensor}'.`,
      { hint: `Download or copy it again: ${index} lists ${shards.size} shards.` },
    );
  }
  return [...shards.keys()].map((name) => join(folder, name));
}

const folderHint =
  'A backbone is a Hugging Face CLIP folder: config.json with model.safetensors or pytorch_model.bin.';

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new IqeError('checkpoint', `${path} cannot be read.`, {
      hint: folderHint,
      cause,
    });
  }
}
