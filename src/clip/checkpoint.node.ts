import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { IqeError } from '../base/errors.js';
import type { Checkpoint } from './checkpoint.js';
import { parseClipConfig } from './config.js';
import { type WeightFile, WeightFiles } from './weightFiles.js';
import { weightFile, weightFolder } from './weightFiles.node.js';

/**
 * Opens a Hugging Face CLIP folder: `config.json` with `model.safetensors`, or with
 * `model.safetensors.index.json` and its shards.
 *
 * @throws {IqeError} `checkpoint` if a file is missing or damaged.
 */
export async function openCheckpoint(folder: string): Promise<Checkpoint> {
  const config = await readText(join(folder, 'config.json'));
  const paths = await weightPaths(folder);
  const identity = createHash('sha256').update(config);
  const files: WeightFile[] = [];
  for (const path of paths) {
    const file = await weightFile(path);
    files.push(file);
    identity.update(await fingerprint(file));
  }
  return {
    config: parseClipConfig(config, join(folder, 'config.json')),
    tensors: await WeightFiles.open(files, folder),
    sessionOptions: { weightFolder: await weightFolder(folder) },
    identity: identity.digest('hex'),
  };
}

async function weightPaths(folder: string): Promise<string[]> {
  const single = join(folder, 'model.safetensors');
  if (await isFile(single)) return [single];
  const indexPath = join(folder, 'model.safetensors.index.json');
  if (!(await isFile(indexPath))) {
    throw new IqeError(
      'checkpoint',
      `${folder} has no model.safetensors (nor an index of shards).`,
      {
        hint: 'Weights in other formats (pytorch_model.bin, .pt) must be saved as safetensors first.',
      },
    );
  }
  const index = JSON.parse(await readText(indexPath)) as { weight_map?: Record<string, string> };
  const names = [...new Set(Object.values(index.weight_map ?? {}))].sort();
  for (const name of names) {
    if (await isFile(join(folder, name))) continue;
    const tensor = Object.entries(index.weight_map!).find(([, file]) => file === name)![0];
    throw new IqeError(
      'checkpoint',
      `${folder} lacks the shard ${name}, which holds tensor '${tensor}'.`,
    );
  }
  return names.map((name) => join(folder, name));
}

/**
 * Tells two weight files apart without reading gigabytes: length, header and a sample of 64 places.
 */
async function fingerprint(file: WeightFile): Promise<Buffer> {
  const hash = createHash('sha256').update(`${file.length}/`);
  const piece = Math.min(4096, file.length);
  for (let index = 0; index < 64; index++) {
    const offset = Math.floor(((file.length - piece) * index) / 63);
    hash.update(await file.read(offset, piece));
  }
  return hash.digest();
}

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
      hint: 'A backbone is a Hugging Face CLIP folder with config.json and model.safetensors.',
      cause,
    });
  }
}
