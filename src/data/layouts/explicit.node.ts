import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { IqeError } from '../../base/errors.js';
import { imagesAmong } from '../imageFiles.node.js';
import type { DataSet } from '../layout.js';
import { placeFiles } from './folders.js';
import { type Place, pairMasks } from './pairing.js';
import { toDataSet } from './reading.js';
import { listFiles } from './walk.node.js';

/** Folders of images given one by one. */
export interface ImageFolders {
  readonly normal: string;
  readonly abnormal?: string | undefined;
  /** Masks of the abnormal images, by their names. */
  readonly masks?: string | undefined;
}

/**
 * The images below one folder as normal and those below another as abnormal ones, without splits.
 * A folder may have its images in `img/` and its masks in `anomaly_mask/` or the like, as the
 * benchmark's have. Ids are relative to the nearest folder that holds all of them.
 *
 * @throws {IqeError} `unreadable` where a folder cannot be listed; `data` where one has no images,
 *   or an image is in both; `interrupted`.
 */
export async function readImageFolders(
  { normal, abnormal, masks }: ImageFolders,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<DataSet> {
  const given = [normal, abnormal, masks].filter((path) => path !== undefined);
  const root = commonFolder(given.map((path) => resolve(path)));
  const place = (path: string | undefined) =>
    path === undefined ? NOTHING : placeFolder(path, root, options.signal);
  const normals = await place(normal);
  const abnormals = await place(abnormal);
  const extra = await place(masks);

  const images = [
    ...normals.images.map((image) => ({ ...image, label: 0 as const })),
    ...abnormals.images.map((image) => ({ ...image, label: 1 as const })),
  ];
  const abnormalPaths = new Set(abnormals.images.map(({ path }) => path));
  const both = normals.images.find(({ path }) => abnormalPaths.has(path));
  if (both !== undefined) {
    throw new IqeError('data', `${both.path} is in ${normal} and in ${abnormal}.`, {
      hint: 'Keep normal and abnormal images in folders apart, neither of them in the other.',
    });
  }
  const offered = [...normals.masks, ...abnormals.masks, ...extra.images, ...extra.masks];
  const distinct = new Map(offered.map((mask) => [mask.path, mask]));
  const { maskOf, problems } = pairMasks(images, [...distinct.values()]);
  const samples = images.map(({ path, label }) => ({
    image: path,
    label,
    mask: maskOf.get(path) ?? null,
    split: null,
    patient: null,
    className: null,
  }));
  const name = basename(root) || 'images';
  return toDataSet({ layout: 'folders', samples, problems }, { name, path: root }, (id) =>
    resolve(root, id),
  );
}

interface Placed {
  readonly images: readonly Place[];
  readonly masks: readonly Place[];
}

const NOTHING: Placed = { images: [], masks: [] };

async function placeFolder(
  path: string,
  root: string,
  signal: AbortSignal | undefined,
): Promise<Placed> {
  const folder = resolve(path);
  const files = await imagesAmong(folder, await listFiles(folder, signal), signal);
  // As if in a folder of some class, so that a folder named masks/ or img/ means what it does there.
  const { images, masks } = placeFiles(files.map((file) => `class/${file}`));
  if (images.length === 0) {
    throw new IqeError('data', `${path} has no images.`, {
      hint: 'Expected is a folder with PNG, JPEG, TIFF, DICOM or NIfTI files.',
    });
  }
  const fromRoot = (place: Place): Place => {
    const file = join(folder, place.path.slice('class/'.length));
    return { ...place, path: toId(root, file) };
  };
  return { images: images.map(fromRoot), masks: masks.map(fromRoot) };
}

function commonFolder(paths: readonly string[]): string {
  let common = paths[0] as string;
  for (const path of paths) {
    while (path !== common && !path.startsWith(common.endsWith(sep) ? common : common + sep)) {
      const above = dirname(common);
      if (above === common) return common;
      common = above;
    }
  }
  return common;
}

function toId(root: string, path: string): string {
  const id = relative(root, path);
  return (isAbsolute(id) ? path : id).split(sep).join('/');
}
