import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { throwIfAborted } from '../base/errors.js';
import { naming } from './decode.node.js';
import { isDicom, isDicomDirectory } from './dicom/dicomFile.js';
import { readDicomDirectory } from './dicom/directory.js';
import { readFileStart } from './fileStart.node.js';
import { baseName, isImageName } from './layout.js';

/**
 * Those of `files` that may be images: by their names, and DICOM files whose names tell nothing
 * (`IM0001`, `1.2.840.113619`, `scan.ima`), which are looked into. A DICOMDIR is none.
 *
 * @param files Paths relative to `root`.
 * @throws {IqeError} `interrupted`
 */
export async function imagesAmong(
  root: string,
  files: readonly string[],
  signal?: AbortSignal,
): Promise<string[]> {
  const images: string[] = [];
  for (const file of files) {
    throwIfAborted(signal);
    if (isImageName(file)) images.push(file);
    else if (mayBeDicom(file) && (await isDicomImage(join(root, file)))) images.push(file);
  }
  return images;
}

/** Whether a name has no extension that tells another format. */
function mayBeDicom(path: string): boolean {
  const name = baseName(path);
  return /\.(dicom|ima|dic)$/i.test(name) || !/\.[a-z][a-z0-9]*$/i.test(name);
}

async function isDicomImage(path: string): Promise<boolean> {
  // A file that cannot be opened is hardly meant.
  const start = await readFileStart(path).catch(() => new Uint8Array());
  return isDicom(start) && !isDicomDirectory(start);
}

/**
 * The image files that a DICOMDIR lists, relative to its folder, in its order; undefined where `path`
 * is no DICOMDIR. Names are in capitals there, and often in small letters on the disk.
 *
 * @throws {IqeError} `unreadable` where it is damaged or cannot be read.
 */
export async function listDicomDirectory(path: string): Promise<string[] | undefined> {
  if (!isDicomDirectory(await readFileStart(path))) return undefined;
  return naming(path, async () => {
    const files: string[] = [];
    for (const file of readDicomDirectory(await readFile(path))) {
      const isThere = await stat(join(dirname(path), file)).then(
        () => true,
        () => false,
      );
      files.push(isThere ? file : file.toLowerCase());
    }
    return files;
  });
}
