import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { IqeError, throwIfAborted } from '../../base/errors.js';
import { unopenable } from '../decodeErrors.node.js';
import { compareCodePoints } from '../layout.js';

/** Files that a data set may have; a folder with more was hardly meant. */
const MAX_FILES = 1_000_000;

/**
 * All files below a folder, as paths relative to it with `/`, by code point. Hidden files and
 * folders (`.name`, `__MACOSX`) are left out, links are followed.
 *
 * @throws {IqeError} `unreadable` where it or a folder in it cannot be listed; `data` where it holds
 *   more than a million files; `interrupted`.
 */
export async function listFiles(root: string, signal?: AbortSignal): Promise<string[]> {
  const files: string[] = [];
  const pending: { path: string; within: readonly string[] }[] = [{ path: '', within: [] }];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    throwIfAborted(signal);
    const full = join(root, folder.path);
    const { real, entries } = await list(full);
    // A link to a folder that it lies in would never end.
    if (folder.within.includes(real)) continue;
    const within = [...folder.within, real];
    for (const entry of entries) {
      if (entry.name.startsWith('.') || entry.name === '__MACOSX') continue;
      const path = folder.path === '' ? entry.name : `${folder.path}/${entry.name}`;
      const kind = await followed(entry, join(root, path));
      if (kind === 'folder') pending.push({ path, within });
      else if (kind === 'file') files.push(path);
    }
    if (files.length > MAX_FILES) {
      throw new IqeError('data', `${root} holds more than ${MAX_FILES} files.`, {
        hint: 'Give the folder of one data set.',
      });
    }
  }
  return files.sort(compareCodePoints);
}

async function list(folder: string): Promise<{ real: string; entries: Dirent[] }> {
  try {
    return {
      real: await realpath(folder),
      entries: await readdir(folder, { withFileTypes: true }),
    };
  } catch (error) {
    throw unopenable(folder, error);
  }
}

async function followed(entry: Dirent, path: string): Promise<'file' | 'folder' | undefined> {
  const target = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : entry;
  if (target?.isDirectory()) return 'folder';
  return target?.isFile() ? 'file' : undefined;
}
