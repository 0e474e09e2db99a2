import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileSafely } from './writeFile.node.js';

interface Entry {
  readonly name: string;
  readonly bytes: number;
  readonly used: number;
}

/** Down to this share of the limit is made room, so that not every write has to look for some. */
const keptShare = 0.9;

/**
 * A folder of files that can be made again, at most so many bytes of them: where there would be more,
 * those go that nobody used for the longest time, but none that this object wrote or used itself.
 */
export class BoundedFolder {
  readonly #folder: string;
  readonly #mostBytes: number;
  readonly #isEntry: (name: string) => boolean;
  readonly #own = new Set<string>();
  /** As far as known: other processes write too. Nothing before the first write. */
  #bytes: number | undefined;

  /** @param isEntry Whether a file is one of those that can be made again; others are left alone. */
  constructor(folder: string, mostBytes: number, isEntry: (name: string) => boolean) {
    this.#folder = folder;
    this.#mostBytes = mostBytes;
    this.#isEntry = isEntry;
  }

  /** @param name May lead through folders. */
  path(name: string): string {
    return join(this.#folder, name);
  }

  /** Notes that a file is of use. */
  async touch(name: string): Promise<void> {
    if (this.#own.has(name)) return;
    this.#own.add(name);
    const now = new Date();
    // A folder that cannot be written may be read.
    await utimes(this.path(name), now, now).catch(() => undefined);
  }

  /**
   * Writes a file whole, or not at all.
   *
   * @throws {IqeError} `output` where the folder cannot be written or the disk is full.
   */
  async write(name: string, parts: readonly Uint8Array[]): Promise<void> {
    this.#own.add(name);
    this.#bytes ??= total(await this.#entries());
    await writeFileSafely(this.path(name), parts);
    this.#bytes += parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (this.#bytes > this.#mostBytes) await this.#makeRoom();
  }

  async #makeRoom(): Promise<void> {
    const entries = await this.#entries();
    let bytes = total(entries);
    const others = entries.filter(({ name }) => !this.#own.has(name));
    for (const { name, bytes: size } of others.sort((a, b) => a.used - b.used)) {
      if (bytes <= keptShare * this.#mostBytes) break;
      await rm(this.path(name), { force: true });
      bytes -= size;
    }
    this.#bytes = bytes;
  }

  async #entries(): Promise<Entry[]> {
    const names = await readdir(this.#folder, { recursive: true }).catch(() => []);
    const entries: Entry[] = [];
    for (const name of names.filter(this.#isEntry)) {
      // It may have gone since.
      const found = await stat(this.path(name)).catch(() => undefined);
      if (found?.isFile()) entries.push({ name, bytes: found.size, used: found.mtimeMs });
    }
    return entries;
  }
}

function total(entries: readonly Entry[]): number {
  return entries.reduce((sum, { bytes }) => sum + bytes, 0);
}
