import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { IqeError } from '../base/errors.js';
import type { SessionOptions } from '../graph/session.js';
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
  const opened = await openWeights(folder, config);
  return {
    ...opened,
    config: parseClipConfig(config, join(folder, 'config.json')),
    imageTowerIdentity: opened.identity,
  };
}

/** The weights of a model of any kind, used in place. */
export interface OpenedWeights {
  readonly tensors: WeightFiles;
  /** What a session needs to find the weights. */
  readonly sessionOptions: SessionOptions;
  /** Changes when the weights, or what describes them, change. */
  readonly identity: string;
}

/**
 * Opens the weights of a folder: `model.safetensors` or else `pytorch_model.bin`, or the index of one of
 * the two and its shards.
 *
 * @param description What else tells one model from another, for the identity.
 * @throws {IqeError} `checkpoint` if a file is missing or damaged.
 */
export async function openWeights(folder: string, description = ''): Promise<OpenedWeights> {
  const files: WeightFile[] = [];
  for (const path of await weightPaths(folder)) files.push(await weightFile(path));
  return {
    tensors: await WeightFiles.open(files, folder),
    sessionOptions: { weightFolder: await weightFolder(folder) },
    identity: await checkpointIdentity(description, files),
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
  'A backbone is a folder with model.safetensors or pytorch_model.bin; of a CLIP, with its config.json.';

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
