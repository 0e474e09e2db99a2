import { open, realpath, stat } from 'node:fs/promises';
import { parse, relative, sep } from 'node:path';
import { IqeError, messageOf } from '../base/errors.js';
import type { WeightFile } from './weightFiles.js';

/**
 * The folder that sessions are given for weight files: the root of the file system. ONNX Runtime
 * refuses links that lead out of that folder, as download caches use them, and one graph may take
 * weights from several folders.
 */
export async function weightFolder(path: string): Promise<string> {
  return parse(await realpath(path)).root;
}

/**
 * A file on the disk under the name by which graphs find it in {@link weightFolder}.
 *
 * @throws {IqeError} `checkpoint` if it cannot be read, also from the file's own `read`.
 */
export async function weightFile(path: string): Promise<WeightFile> {
  const real = await readable(path, () => realpath(path));
  const { size } = await readable(path, () => stat(real));
  return {
    name: relative(parse(real).root, real).split(sep).join('/'),
    where: path,
    length: size,
    read: (offset, length) => readable(path, () => readBytes(path, real, offset, length)),
  };
}

async function readBytes(
  path: string,
  real: string,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  const handle = await open(real);
  try {
    const bytes = new Uint8Array(length);
    const { bytesRead } = await handle.read(bytes, 0, length, offset);
    if (bytesRead === length) return bytes;
    throw new IqeError(
      'checkpoint',
      `${path} ended while it was read: ${bytesRead} of ${length} bytes.`,
    );
  } finally {
    await handle.close();
  }
}

async function readable<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (cause instanceof IqeError) throw cause;
    throw new IqeError('checkpoint', `${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
}
