import { stat } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { IqeError } from '../base/errors.js';
import { isImageName } from '../data/layout.js';
import { listFiles } from '../data/layouts/walk.node.js';

/** An image to look at. */
export interface InputImage {
  readonly path: string;
  /** Its place below the folder that was given: what its outputs are named after. */
  readonly name: string;
}

/**
 * The images that the operands of a command stand for: files, folders (all images below them) and
 * patterns such as `scans/*.png`. A file is taken whatever its name is.
 *
 * @throws {IqeError} `unreadable` where an operand is not there or holds no image.
 */
export async function inputImages(
  operands: readonly string[],
  signal: AbortSignal,
): Promise<InputImage[]> {
  const images: InputImage[] = [];
  for (const operand of operands) {
    const found = await stat(operand).catch(() => undefined);
    if (found?.isDirectory()) images.push(...(await imagesBelow(operand, signal)));
    else if (found) images.push({ path: operand, name: basename(operand) });
    else images.push(...(await imagesLike(operand)));
  }
  const seen = new Set<string>();
  return images.filter(({ path }) => {
    const key = resolve(path);
    return !seen.has(key) && seen.add(key);
  });
}

async function imagesBelow(folder: string, signal: AbortSignal): Promise<InputImage[]> {
  const names = (await listFiles(folder, signal)).filter(isImageName);
  if (names.length === 0) {
    throw new IqeError('unreadable', `There are no images in ${folder}.`, {
      hint: 'Images are PNG, JPEG, TIFF, WebP and GIF files.',
    });
  }
  return names.map((name) => ({ path: join(folder, name), name }));
}

async function imagesLike(pattern: string): Promise<InputImage[]> {
  const paths = isDynamicPattern(pattern) ? await glob(pattern, { expandDirectories: false }) : [];
  if (paths.length === 0) {
    throw new IqeError('unreadable', `${pattern} is not there.`, {
      hint: 'Give image files, folders of them, or a pattern such as "scans/*.png".',
    });
  }
  return paths.sort().map((path) => ({ path, name: relative('.', path) }));
}
