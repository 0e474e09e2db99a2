import { access, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { IqeError } from '../../base/errors.js';
import { unopenable } from '../decodeErrors.node.js';
import { imagesAmong } from '../imageFiles.node.js';
import { fileOfImage } from '../imagePart.js';
import type { DataSet } from '../layout.js';
import { readFolderNames, readUnlabelled } from './folders.js';
import { readManifest } from './manifest.js';
import { readMeta } from './meta.js';
import { type FoundSample, problem, type Reading, toDataSet } from './reading.js';
import { suggestLayout } from './suggest.js';
import { listFiles } from './walk.node.js';

const MANIFESTS = ['manifest.csv', 'manifest.jsonl'];

/**
 * What a folder holds, read as the first of these that fits: a `manifest.csv` or `manifest.jsonl`, a
 * `meta.json`, folders named for splits and labels (`benchmark`, `mvtec`, `plain`), images without
 * labels. A path to a CSV, JSONL or JSON file is read as a manifest or `meta.json` whatever its name.
 * Nothing is decoded.
 *
 * @throws {IqeError} `unreadable` where it cannot be listed or read; `data` where it is no data set,
 *   with the nearest layout that it could have, or where its manifest has an error.
 */
export async function readDataSet(
  path: string,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<DataSet> {
  const full = resolve(path);
  const isFolder = await stat(full).then(
    (found) => found.isDirectory(),
    (error: unknown) => {
      throw unopenable(path, error);
    },
  );
  if (!isFolder) return readListing(full, dirname(full));
  const files = await listFiles(full, options.signal);
  const listing = MANIFESTS.find((name) => files.includes(name));
  if (listing !== undefined) return readListing(join(full, listing), full);
  let problems: Reading['problems'] = [];
  if (files.includes('meta.json')) {
    const meta = readMeta(await readText(join(full, 'meta.json')));
    if (meta !== null) return listed(meta, full);
    problems = problem('ignored-file', 'No list of images, other than its name says.', [
      'meta.json',
    ]);
  }
  const images = await imagesAmong(full, files, options.signal);
  const unusable = suggestLayout(files, images);
  if (unusable !== null) {
    throw new IqeError('data', `${path} cannot be used as a data set. ${unusable.why}.`, {
      hint: unusable.suggestion,
    });
  }
  const reading = readFolderNames(images) ?? readUnlabelled(images);
  const all = { ...reading, problems: [...problems, ...reading.problems] };
  return toDataSet(all, { name: basename(full), path: full }, (file) => join(full, file));
}

/** Reads a file that lists images and says what they are. */
async function readListing(path: string, root: string): Promise<DataSet> {
  const name = basename(path);
  const text = await readText(path);
  if (/\.(csv|jsonl)$/i.test(name)) return listed(readManifest(text, path), root);
  const meta = /\.json$/i.test(name) ? readMeta(text) : null;
  if (meta !== null) return listed(meta, root);
  throw new IqeError('data', `${path} is no data set: expected is a folder or a list of images.`, {
    hint: 'Lists are CSV or JSONL files with the columns path and label, or a meta.json.',
  });
}

/** The data set of a list, without what is not there. */
async function listed(reading: Reading, root: string): Promise<DataSet> {
  const isThere = async (path: string) =>
    access(resolve(root, fileOfImage(path))).then(
      () => true,
      () => false,
    );
  const samples: FoundSample[] = [];
  const missingImages: string[] = [];
  const missingMasks: string[] = [];
  for (const sample of reading.samples) {
    if (!(await isThere(sample.image))) {
      missingImages.push(sample.image);
      continue;
    }
    const maskIsThere = sample.mask === null || (await isThere(sample.mask));
    if (!maskIsThere) missingMasks.push(sample.mask as string);
    samples.push(maskIsThere ? sample : { ...sample, mask: null });
  }
  if (samples.length === 0) {
    throw new IqeError(
      'data',
      `None of the ${reading.samples.length} listed images is in ${root}.`,
      {
        hint: 'Paths in the list are relative to its own folder.',
      },
    );
  }
  const problems = [
    ...reading.problems,
    ...problem('missing-image', 'Listed images that are not there.', missingImages),
    ...problem('missing-mask', 'Listed masks that are not there.', missingMasks),
  ];
  return toDataSet(
    { ...reading, samples, problems },
    { name: basename(root), path: root },
    (file) => resolve(root, file),
  );
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw unopenable(path, error);
  });
}
