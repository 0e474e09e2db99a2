import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileSafely } from '../base/writeFile.node.js';
import type { Int8Store } from './int8Tower.js';
import type { WeightFile } from './weightFiles.js';
import { weightFile } from './weightFiles.node.js';

/** Quantised weights on a disk, which sessions map in place. A file appears whole or not at all. */
export class Int8Folder implements Int8Store {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async get(name: string): Promise<WeightFile | undefined> {
    const path = join(this.#folder, name);
    const isThere = await stat(path).catch(() => undefined);
    return isThere && weightFile(path);
  }

  async put(name: string, bytes: Uint8Array): Promise<WeightFile> {
    const path = join(this.#folder, name);
    await writeFileSafely(path, bytes);
    return weightFile(path);
  }
}
