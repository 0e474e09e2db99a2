import { open, realpath, stat } from 'node:fs/promises';
import { parse, relative, sep } from 'node:path';
import { IqeError } from '../base/errors.js';
import type { WeightFile } from './weightFiles.js';

/**
 * The folder that sessions are given for weight files: the root of the file system. ONNX Runtime
 * refuses links that lead out of that folder, as download caches use them, and one graph may take
 * weights from several folders.
 */
export async function weightFolder(path: string): Promise<string> {
  return parse(await realpath(path)).root;
}

/** A file on the disk under the name by which graphs find it in {@link weightFolder}. */
export async function weightFile(path: string): Promise<WeightFile> {
  const real = await realpath(path);
  const { size } = await stat(real);
  return {
    name: relative(parse(real).root, real).split(sep).join('/'),
    length: size,
    async read(offset, length) {
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
    },
  };
}
