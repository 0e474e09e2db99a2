import { IqeError } from '../base/errors.js';
import { readSafetensorsHeader } from './safetensors.js';
import type { ReadBytes, StoredTensor } from './storedTensor.js';
import { readTorchFile } from './torchFile.js';

/**
 * Reads where the tensors of a file of weights lie, whatever its name: the content tells the format.
 *
 * @param fileLength Bytes of the whole file.
 * @param where The file's name for errors.
 * @throws {IqeError} `checkpoint` if it is damaged or of a format that cannot be used in place.
 */
export async function readStoredTensors(
  read: ReadBytes,
  fileLength: number,
  where: string,
): Promise<ReadonlyMap<string, StoredTensor>> {
  const start = String.fromCharCode(...(await read(0, Math.min(9, fileLength))));
  // The length of a .safetensors header may begin like another format; the header begins with a {.
  if (start[8] === '{') return (await readSafetensorsHeader(read, fileLength, where)).tensors;
  if (start.startsWith('PK\x03\x04')) return readTorchFile(read, fileLength, where);
  if (start.startsWith('\x80\x02')) {
    throw new IqeError('checkpoint', `${where} was saved in the way of PyTorch before 1.6.`, {
      hint: 'Load it in PyTorch and save the state dict anew, best as .safetensors.',
    });
  }
  if (start.startsWith('version ')) {
    throw new IqeError('checkpoint', `${where} is a pointer of Git LFS, not the file itself.`, {
      hint: "Run 'git lfs pull' in its folder, or download the file by itself.",
    });
  }
  return (await readSafetensorsHeader(read, fileLength, where)).tensors;
}
