import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { IqeError, messageOf } from './errors.js';

/**
 * Writes a whole file or nothing: into a temporary name in the same folder, then renamed, so that
 * a crash or a full disk leaves what was there before. Folders on the way are made.
 *
 * @param content All of it, or its parts one after the other.
 * @throws {IqeError} `output` where the folder cannot be written or the disk is full
 */
export async function writeFileSafely(
  file: string,
  content: Uint8Array | string | readonly Uint8Array[],
): Promise<void> {
  const folder = path.dirname(file);
  const temporary = path.join(folder, `.${randomUUID()}.tmp`);
  try {
    await makeFolder(folder);
    const handle = await open(temporary, 'wx');
    try {
      const parts = Array.isArray(content)
        ? (content as readonly Uint8Array[])
        : [content as Uint8Array];
      for (const part of parts) await handle.writeFile(part);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw outputError(file, error);
  }
}

/**
 * Makes a folder and those that it is in. Node's own way to do so never ends where a folder that is
 * there cannot hold others, as in `/proc`.
 *
 * @param again Whether to try again where the folder around it is there after all: another process may
 *   have made it meanwhile.
 */
async function makeFolder(folder: string, again = true): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    if (await isFolder(folder)) return;
    const parent = path.dirname(folder);
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (!isMissing || parent === folder) throw error;
    const isThere = await isFolder(parent);
    if (isThere && !again) throw error;
    if (!isThere) await makeFolder(parent);
    await makeFolder(folder, !isThere);
  }
}

function isFolder(name: string): Promise<boolean> {
  return stat(name).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

const hints: Readonly<Record<string, string>> = {
  EACCES: 'The folder is not writable: choose another one.',
  EPERM: 'The folder is not writable: choose another one.',
  EROFS: 'The folder is read-only: choose another one.',
  ENOSPC: 'The disk is full: free some space or choose another folder.',
  EDQUOT: 'The disk quota is used up: free some space or choose another folder.',
  ENOENT: 'No folder can be made there: choose another one.',
  ENOTDIR: 'A part of the path is a file, not a folder: choose another folder.',
  EEXIST: 'A part of the path is a file, not a folder: choose another folder.',
  EISDIR: 'A folder of that name is in the way: choose another folder.',
};

function outputError(file: string, error: unknown): IqeError {
  const { code } = error as NodeJS.ErrnoException;
  const hint = code === undefined ? undefined : hints[code];
  return new IqeError('output', `Cannot write ${file}: ${messageOf(error)}`, {
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}
