import { fileURLToPath } from 'node:url';
import type { ProgressCallback } from '../base/progress.js';
import { openCheckpoint } from '../clip/checkpoint.node.js';
import { resolveBackbone } from '../clip/hub.node.js';
import { loadTokenizer } from '../clip/tokenizer.node.js';
import type { Backbone } from './fewShot.js';

/** The folder of the backbone that is shipped with the package. */
export const tinyFolder = fileURLToPath(new URL('../../models/tiny', import.meta.url));

export interface BackboneOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressCallback | undefined;
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
  return { checkpoint: await openCheckpoint(folder), tokenizer: await loadTokenizer(folder) };
}
