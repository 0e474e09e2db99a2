import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A folder in which nothing can be written. */
export interface ReadOnlyFolder {
  readonly path: string;
  readonly release: () => void;
}

/**
 * Makes a folder in which this user cannot write. Permissions do not bind the superuser; a disk that
 * is mounted read-only does, but not everywhere may one be mounted: then there is none.
 */
export function readOnlyFolder(path: string): ReadOnlyFolder | undefined {
  mkdirSync(path, { recursive: true });
  if (process.getuid?.() !== 0) {
    chmodSync(path, 0o555);
    return { path, release: () => chmodSync(path, 0o755) };
  }
  return mount(path, 'ro,size=64k') ? { path, release: () => unmount(path) } : undefined;
}

/** A folder whose disk can be filled up. */
export interface SmallDisk {
  readonly path: string;
  /** From now on nothing more can be written. */
  fill(): void;
  /** Makes room again. */
  free(): void;
  release(): void;
}

/** A disk of a few megabytes of its own; none where none may be mounted. */
export function smallDisk(path: string): SmallDisk | undefined {
  mkdirSync(path, { recursive: true });
  if (!mount(path, 'size=4m')) return undefined;
  const filling = join(path, 'filling');
  return {
    path,
    fill() {
      try {
        writeFileSync(filling, Buffer.alloc(4 << 20));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    },
    free: () => rmSync(filling),
    release: () => unmount(path),
  };
}

function mount(path: string, options: string): boolean {
  const { dev } = statSync(path);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path], { stdio: 'ignore' });
  } catch {
    return false;
  }
  return statSync(path).dev !== dev;
}

function unmount(path: string): void {
  execFileSync('umount', ['--lazy', path], { stdio: 'ignore' });
}
