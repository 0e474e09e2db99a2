import { createHash, randomBytes } from 'node:crypto';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';

/**
 * The beginning of a file that is being downloaded, in the folder where the file will be. Its name
 * says which version of the file it belongs to and, while a process writes it, which one:
 * `FILE.VERSION.partial` at rest, `FILE.VERSION.HOST-PID-RANDOM.partial` in work. A process takes
 * what is at rest, or what a dead process of this host left, by renaming it, which only one can do;
 * so two that download the same file at the same moment write two files.
 */
export class PartialFile {
  readonly #target: string;
  readonly #version: string;
  readonly path: string;
  /** Bytes that were there when it was taken. */
  readonly size: number;

  private constructor(target: string, version: string, size: number) {
    this.#target = target;
    this.#version = version;
    this.path = `${target}.${version}.${hostMark}-${process.pid}-${randomBytes(4).toString('hex')}.partial`;
    this.size = size;
  }

  /** A new one, not yet on the disk, for the version of `target` that the hub tags with `tag`. */
  static start(target: string, tag: string | undefined): PartialFile {
    return new PartialFile(target, versionOf(tag), 0);
  }

  /** Takes what an earlier download of `target` left, if it left anything. */
  static async take(target: string): Promise<PartialFile | undefined> {
    for (const { path, version } of await leftovers(target)) {
      const { size } = await stat(path).catch(() => ({ size: 0 }));
      const partial = new PartialFile(target, version, size);
      const isTaken = await rename(path, partial.path).then(
        () => true,
        () => false, // Another process was faster.
      );
      if (isTaken && size > 0) return partial;
      if (isTaken) await partial.discard();
    }
    return undefined;
  }

  isOf(tag: string | undefined): boolean {
    return tag !== undefined && versionOf(tag) === this.#version;
  }

  /** Leaves it for a later download; without a tag nobody could tell whether it still fits. */
  async putDown(): Promise<void> {
    if (this.#version === versionOf(undefined)) await this.discard();
    else await rename(this.path, `${this.#target}.${this.#version}.partial`).catch(() => {});
  }

  async discard(): Promise<void> {
    await rm(this.path, { force: true });
  }

  /** Makes it the file, unless another process did already, and removes what is left of others. */
  async finish(): Promise<void> {
    const isThere = await stat(this.#target).then(
      () => true,
      () => false,
    );
    // An open file cannot be replaced on every system.
    if (isThere) await this.discard();
    else await rename(this.path, this.#target);
    for (const { path } of await leftovers(this.#target)) await rm(path, { force: true });
  }
}

/** Distinguishes hosts that share a folder. */
const hostMark = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);

function versionOf(tag: string | undefined): string {
  return tag === undefined
    ? 'untagged'
    : createHash('sha256').update(tag).digest('hex').slice(0, 16);
}

/** The partial files of `target` that no living process writes. */
async function leftovers(target: string): Promise<{ path: string; version: string }[]> {
  const found: { path: string; version: string }[] = [];
  for (const entry of await readdir(dirname(target))) {
    if (!entry.startsWith(`${basename(target)}.`)) continue;
    const [, version, host, pid] =
      /^\.(\w+)(?:\.([0-9a-f]{8})-(\d+)-[0-9a-f]{8})?\.partial$/.exec(
        entry.slice(basename(target).length),
      ) ?? [];
    if (version === undefined) continue;
    if (host !== undefined && (host !== hostMark || isAlive(Number(pid)))) continue;
    found.push({ path: join(dirname(target), entry), version });
  }
  return found;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
