import { readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { BoundedFolder } from '../base/boundedFolder.node.js';
import { readSafetensorsHeader, safetensorsParts } from '../clip/safetensors.js';
import type { HostTensor, HostTensors } from '../graph/session.js';
import type { FeatureStore } from './features.js';

/**
 * Features on disk, one `.safetensors` file per key. An entry appears whole (it is renamed into
 * place), so that neither a crash nor another process can leave half of one; what does not read back
 * as an entry counts as missing and is replaced. Where there are more than a limit, those go that were
 * not used for the longest time, but none that this object wrote or read.
 */
export class FeatureCache implements FeatureStore {
  readonly #folder: BoundedFolder;

  /** @param mostBytes The limit; there is none by default. */
  constructor(folder: string, mostBytes = Number.POSITIVE_INFINITY) {
    this.#folder = new BoundedFolder(folder, mostBytes, isEntryName);
  }

  async get(key: string): Promise<HostTensors | undefined> {
    let bytes: Uint8Array;
    try {
      bytes = await readFile(this.#folder.path(nameOf(key)));
    } catch {
      return undefined;
    }
    await this.#folder.touch(nameOf(key));
    return parseFeatures(bytes, key);
  }

  async put(key: string, features: HostTensors): Promise<void> {
    await this.#folder.write(nameOf(key), safetensorsParts(features));
  }
}

/** Two letters of folder first: some file systems are slow with many files in one. */
function nameOf(key: string): string {
  return join(key.slice(0, 2), `${key}.safetensors`);
}

/** The folder may be the user's, with other files in it. */
function isEntryName(name: string): boolean {
  const [folder, file = '', ...others] = name.split(sep);
  return others.length === 0 && file.slice(0, 2) === folder && file.endsWith('.safetensors');
}

async function parseFeatures(bytes: Uint8Array, key: string): Promise<HostTensors | undefined> {
  const read = async (offset: number, length: number) => bytes.subarray(offset, offset + length);
  try {
    const { tensors } = await readSafetensorsHeader(read, bytes.length, key);
    const features = Array.from(tensors.values(), (stored): [string, HostTensor] => {
      const { name, offset, length, dataType, shape } = stored;
      const buffer = bytes.buffer as ArrayBuffer;
      const start = bytes.byteOffset + offset;
      const data =
        dataType === 'float16'
          ? new Uint16Array(buffer, start, length / 2)
          : new Float32Array(buffer, start, length / 4);
      return [name, { data, shape }];
    });
    return Object.fromEntries(features);
  } catch {
    return undefined;
  }
}
