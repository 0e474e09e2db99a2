import { fileURLToPath } from 'node:url';
import type { ProgressCallback } from '../base/progress.js';
import { openCheckpoint } from '../clip/checkpoint.node.js';
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
 * Opens a backbone by name.
 *
 * @throws {IqeError} `checkpoint`, `download`, `interrupted`
 */
export async function openBackbone(name: string, options: BackboneOptions = {}): Promise<Backbone> {
  const folder = await backboneFolder(name, options);
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
