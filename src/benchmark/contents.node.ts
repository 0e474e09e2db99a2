import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileOfImage } from '../data/imagePart.js';
import type { Sample } from '../data/layout.js';

/** Hashes of what is in images and masks; each file is read once. */
export class ContentHashes {
  readonly #files = new Map<string, string>();

  /** SHA-256 over names, labels, patients and contents of samples, in their order. */
  async of(samples: readonly Sample[]): Promise<string> {
    const hash = createHash('sha256');
    for (const { id, label, patient, split, imagePath, maskPath } of samples) {
      hash.update(`${JSON.stringify([id, label, patient, split])}\n`);
      for (const path of [imagePath, maskPath]) {
        hash.update(`${path === null ? 'none' : await this.#file(fileOfImage(path))}\n`);
      }
    }
    return hash.digest('hex');
  }

  async #file(path: string): Promise<string> {
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    // A missing file is reported where it is read as an image.
    const bytes = await readFile(path).catch(() => new Uint8Array());
    const hash = createHash('sha256').update(bytes).digest('hex');
    this.#files.set(path, hash);
    return hash;
  }
}

/** SHA-256 of a value as JSON. */
export function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
