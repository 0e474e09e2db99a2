import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { glob } from 'tinyglobby';
import { IqeError } from '../base/errors.js';
import { fileOfImage } from '../data/imagePart.js';
import { isImageName } from '../data/layout.js';
import { isMaskFolder } from '../data/layouts/names.js';
import { listFiles } from '../data/layouts/walk.node.js';

/** An image to look at. */
export interface InputImage {
  readonly path: string;
  /**
   * Its file's place below the folder that was given, or below the part of a pattern that names a folder:
   * what its outputs are named after.
   */
  readonly name: string;
}

export interface InputOptions {
  readonly signal: AbortSignal;
  /**
   * Where pictures will be written: what is there below a folder that is to be looked at came from an
   * earlier command, and is left out.
   */
  readonly output?: string | undefined;
  /** Told of images that are left out because they are masks. */
  readonly onNote?: ((note: string) => void) | undefined;
}

/**
 * The images that the operands of a command stand for: files, folders (all images below them, but not
 * those in folders of masks beside them), patterns such as `scans/*.png`, and the list in a DICOMDIR.
 * A file is taken whatever its name is, and may be followed by the part of it that is meant, as in
 * `scan.nii.gz#axial=57`.
 *
 * @throws {IqeError} `unreadable` where an operand is not there or holds no image.
 */
export async function inputImages(
  operands: readonly string[],
  options: InputOptions,
): Promise<InputImage[]> {
  const images: InputImage[] = [];
  for (const operand of operands) {
    const file = fileOfImage(operand);
    const found = await stat(file).catch(() => undefined);
    const whole = { path: operand, name: basename(file) };
    if (found?.isDirectory()) images.push(...(await imagesBelow(operand, options)));
    else if (found) images.push(...((await imagesListed(file)) ?? [whole]));
    else images.push(...(await imagesLike(operand)));
  }
  const seen = new Set<string>();
  return images.filter(({ path }) => {
    const key = resolve(path);
    return !seen.has(key) && seen.add(key);
  });
}

async function imagesBelow(
  folder: string,
  { signal, output, onNote }: InputOptions,
): Promise<InputImage[]> {
  const isWritten = (path: string) =>
    output !== undefined && isBelow(output, folder) && isBelow(path, output);
  const { imagesAmong } = await import('../data/imageFiles.node.js');
  const all = (await imagesAmong(folder, await listFiles(folder, signal), signal))
    .map((name) => ({ path: join(folder, name), name }))
    .filter(({ path }) => !isWritten(path));
  const images = all.filter(({ name }) => !name.split('/').slice(0, -1).some(isMaskFolder));
  if (images.length > 0) {
    const masks = all.length - images.length;
    if (masks > 0) onNote?.(`Left out ${masks} masks in ${folder}.`);
    return images;
  }
  // Nothing but masks: then they were meant.
  if (all.length > 0) return all;
  throw new IqeError('unreadable', `There are no images in ${folder}.`, {
    hint: 'Images are PNG, JPEG, TIFF, WebP, GIF, DICOM and NIfTI files.',
  });
}

function isBelow(path: string, folder: string): boolean {
  return resolve(path).startsWith(join(resolve(folder), sep));
}

/** Nothing where the file is no list but an image. */
async function imagesListed(file: string): Promise<InputImage[] | undefined> {
  if (isImageName(file)) return undefined;
  // Decoders take longer to load than all else here.
  const { listDicomDirectory } = await import('../data/imageFiles.node.js');
  const names = await listDicomDirectory(file);
  return names?.map((name) => ({ path: join(dirname(file), name), name }));
}

async function imagesLike(pattern: string): Promise<InputImage[]> {
  const { folder, rest } = await fixedPart(pattern);
  const names = await glob(rest, { cwd: folder, expandDirectories: false });
  if (names.length === 0) {
    throw new IqeError('unreadable', `${pattern} is not there.`, {
      hint: 'Give image files, folders of them, or a pattern such as "scans/*.png".',
    });
  }
  return names.sort().map((name) => ({ path: join(folder, name), name }));
}

/** The folders at a pattern's beginning that are there as they are written, and what comes after. */
async function fixedPart(pattern: string): Promise<{ folder: string; rest: string }> {
  const parts = pattern.split('/');
  for (let count = parts.length - 1; count > 0; count--) {
    const folder = parts.slice(0, count).join('/') || '/';
    const found = await stat(folder).catch(() => undefined);
    if (found?.isDirectory()) return { folder, rest: parts.slice(count).join('/') };
  }
  return { folder: '.', rest: pattern };
}
