import { open, stat } from 'node:fs/promises';
import { IqeError } from '../base/errors.js';
import { unopenable, unreadable } from './decodeErrors.node.js';

/** Enough to tell the format of an image, and for the header of a NIfTI file. */
const startLength = 4096;

/**
 * The first 4096 bytes of a file, or all where it has fewer.
 *
 * @throws {IqeError} `unreadable`
 */
export async function readFileStart(path: string): Promise<Uint8Array> {
  try {
    const found = await stat(path);
    // A pipe may never say anything, and a device never end.
    if (!found.isFile() && !found.isDirectory()) {
      throw unreadable(path, 'it is a pipe or a device', 'Save what it gives as a file first.');
    }
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(new Uint8Array(startLength), 0, startLength, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw error instanceof IqeError ? error : unopenable(path, error);
  }
}
