import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { torchvisionName } from '../backbones/huggingFaceNames.js';
import { recogniseNetwork } from '../backbones/network.js';
import type { ProgressCallback } from '../base/progress.js';
import { openCheckpoint, openWeights } from '../clip/checkpoint.node.js';
import { resolveBackbone } from '../clip/hub.node.js';
import { Int8Folder } from '../clip/int8Store.node.js';
import { withInt8Tower } from '../clip/int8Support.js';
import { tokenizerMaker } from '../clip/tokenizer.node.js';
import type { Runtime } from '../graph/session.js';
import type { Backbone } from './openMethod.js';

/** The folder of the backbone that is shipped with the package. */
export const tinyFolder = fileURLToPath(new URL('../../models/tiny', import.meta.url));

export interface BackboneOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressCallback | undefined;
  /** Holds the weights of the image tower in int8, where this machine is faster at that. */
  readonly int8?:
    | {
        readonly runtime: Runtime;
        /** Folder in which the quantised weights are kept. */
        readonly cacheFolder: string;
        readonly onNote?: (note: string) => void;
      }
    | undefined;
}

/** The folder of a backbone: `tiny`, a folder, or a hub name, which is downloaded where it is missing. */
export async function backboneFolder(name: string, options: BackboneOptions = {}): Promise<string> {
  return name === 'tiny' ? tinyFolder : resolveBackbone(name, options);
}

/**
 * The network whose weights a folder has, with the shipped CLIP model beside it, of which methods on
 * feature maps use nothing; nothing for the folder of a CLIP model, or of none.
 */
async function networkBackbone(folder: string): Promise<Backbone | undefined> {
  const description = await readFile(join(folder, 'config.json'), 'utf8').catch(() => '');
  if (description.includes('"text_config')) return undefined;
  const opened = await openWeights(folder).catch((error: unknown) => {
    // A CLIP model has a config.json: without one, what is wrong with the weights is what is wrong.
    if (description === '') throw error;
  });
  if (!opened) return undefined;
  const tensors = opened.tensors.renamed(torchvisionName);
  const name = recogniseNetwork(tensors);
  if (!name) return undefined;
  const { identity } = opened;
  const checkpoint = await openCheckpoint(tinyFolder);
  const makeTokenizer = await tokenizerMaker(tinyFolder);
  return {
    // Weights of both are found from the root of the file system.
    checkpoint: { ...checkpoint, identity, imageTowerIdentity: identity },
    get tokenizer() {
      return makeTokenizer();
    },
    network: { name, tensors, vocabulary: await vocabularyOf(folder) },
  };
}

/** The lines of a BERT's `vocab.txt`, where there is one. */
async function vocabularyOf(folder: string): Promise<string[] | undefined> {
  const text = await readFile(join(folder, 'vocab.txt'), 'utf8').catch(() => undefined);
  return text?.replace(/\r?\n$/, '').split(/\r?\n/);
}

/**
 * Opens a backbone by name.
 *
 * @throws {IqeError} `checkpoint`, `download`, `interrupted`
 */
export async function openBackbone(name: string, options: BackboneOptions = {}): Promise<Backbone> {
  const folder = await backboneFolder(name, options);
  const network = await networkBackbone(folder);
  if (network) return network;
  const checkpoint = await openCheckpoint(folder);
  const makeTokenizer = await tokenizerMaker(folder);
  const { int8 } = options;
  const store = int8 && new Int8Folder(int8.cacheFolder);
  const own = store
    ? await withInt8Tower(checkpoint, int8.runtime, store, int8.onNote)
    : checkpoint;
  return {
    checkpoint: own,
    get tokenizer() {
      return makeTokenizer();
    },
  };
}
