import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { IqeError, throwIfAborted } from '../base/errors.js';
import type { ProgressCallback } from '../base/progress.js';
import type { Finding } from './check.js';
import { some } from './checkSamples.js';
import { readImageHeader } from './decode.node.js';
import type { ImageHeader } from './imageFile.js';
import { fileOfImage } from './imagePart.js';
import { ImageReader } from './imageReader.node.js';
import type { DataSet, Sample } from './layout.js';
import { inPixels, maskFromImage, type PixelSize, sameAspect } from './mask.js';

export interface CheckOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressCallback | undefined;
}

/** What the files of a data set's images say. */
export interface ImageChecks {
  /** The headers of those images that could be read. */
  readonly headers: ReadonlyMap<Sample, ImageHeader>;
  readonly unreadable: number;
  readonly findings: readonly Finding[];
}

/** Opens the header of every image. */
export async function checkImages(
  { samples }: DataSet,
  options: CheckOptions,
): Promise<ImageChecks> {
  const headers = new Map<Sample, ImageHeader>();
  const unreadable: string[] = [];
  const deep: string[] = [];
  const several: string[] = [];
  await forEach('checking images', samples, options, async (sample) => {
    try {
      const header = await readImageHeader(sample.imagePath, options);
      headers.set(sample, header);
      const isPicture = header.format !== 'dicom' && header.format !== 'nifti';
      if (header.bits > 8 && isPicture) deep.push(sample.id);
      const isWhole = fileOfImage(sample.imagePath) === sample.imagePath;
      if (header.images > 1 && isWhole) several.push(`${sample.id} (${header.images})`);
    } catch (error) {
      unreadable.push(`${sample.id} (${reasonOf(error, sample.imagePath)})`);
    }
  });
  return {
    headers,
    unreadable: unreadable.length,
    findings: [
      ...some('unreadable-image', 'Images that cannot be read.', unreadable),
      ...some(
        'deep-images',
        'Images of more than 8 bits: grey ones are shown by the central 99 % of their values.',
        deep,
        'note',
      ),
      ...some(
        'several-images',
        'Files of several images, of which the middle one counts. A manifest can name others, such ' +
          'as scan.nii.gz#axial=57 or cine.dcm#frame=3.',
        several,
        'note',
      ),
    ],
  };
}

/** Decodes every mask and holds it against its image and label. */
export async function checkMasks(
  { samples, root }: DataSet,
  sizes: ReadonlyMap<Sample, PixelSize>,
  options: CheckOptions,
): Promise<Finding[]> {
  const unreadable: string[] = [];
  const otherSize: string[] = [];
  const empty: string[] = [];
  const ofNormal: string[] = [];
  const reader = new ImageReader({ signal: options.signal });
  const masked = samples.filter(({ maskPath }) => maskPath !== null);
  await forEach('checking masks', masked, options, async (sample) => {
    const path = sample.maskPath as string;
    const id = relative(root, path).split(sep).join('/');
    try {
      const size = sizes.get(sample);
      const picture = await reader.maskPicture(path, size && sample.imagePath);
      if (size !== undefined && !sameAspect(picture, size)) {
        otherSize.push(`${id} (${inPixels(picture)}, its image ${inPixels(size)})`);
      }
      const mask = maskFromImage(picture, picture, { mask: path, image: path });
      const isEmpty = !mask.data.includes(1);
      if (isEmpty && sample.label === 1) {
        const largest = picture.data.reduce((most, value) => Math.max(most, value), 0);
        empty.push(`${id} (largest value ${largest} of 255)`);
      }
      if (!isEmpty && sample.label === 0) ofNormal.push(id);
    } catch (error) {
      unreadable.push(`${id} (${reasonOf(error, path)})`);
    }
  });
  return [
    ...some('unreadable-mask', 'Masks that cannot be read.', unreadable),
    ...some('mask-size', 'Masks of another aspect than their images.', otherSize),
    ...some(
      'empty-mask',
      'Masks of abnormal images with nothing above half of full scale. Masks stored as 0 and 1 are ' +
        'to be stored as 0 and 255.',
      empty,
    ),
    ...some('mask-of-normal', 'Masks that mark something in a normal image.', ofNormal),
  ];
}

/** Groups of images whose files have the same bytes, the same parts of them. */
export async function findDuplicates(
  { samples }: DataSet,
  options: CheckOptions,
): Promise<Sample[][]> {
  const bySize = new Map<number, Sample[]>();
  for (const sample of samples) {
    const size = await stat(fileOfImage(sample.imagePath)).then(
      (found) => found.size,
      () => 0,
    );
    // Empty files are all alike, and are told of as unreadable.
    if (size > 0) group(bySize, size, sample);
  }
  const candidates = [...bySize.values()].filter(({ length }) => length > 1).flat();
  const hashes = new Map<string, string | undefined>();
  const byHash = new Map<string, Sample[]>();
  await forEach('comparing files', candidates, options, async (sample) => {
    const file = fileOfImage(sample.imagePath);
    if (!hashes.has(file)) hashes.set(file, await hashOf(file));
    const hash = hashes.get(file);
    const part = sample.imagePath.slice(file.length);
    if (hash !== undefined) group(byHash, hash + part, sample);
  });
  return [...byHash.values()].filter(({ length }) => length > 1);
}

/** Nothing of a file that cannot be read: it is told of as unreadable. */
async function hashOf(file: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  return pipeline(createReadStream(file), hash).then(
    () => hash.digest('hex'),
    () => undefined,
  );
}

async function forEach<T>(
  stage: string,
  items: readonly T[],
  { signal, onProgress }: CheckOptions,
  visit: (item: T) => Promise<void>,
): Promise<void> {
  for (const [index, item] of items.entries()) {
    throwIfAborted(signal);
    await visit(item);
    onProgress?.({ stage, done: index + 1, total: items.length, unit: 'files' });
  }
}

function group<K, V>(groups: Map<K, V[]>, key: K, value: V): void {
  const found = groups.get(key);
  if (found === undefined) groups.set(key, [value]);
  else found.push(value);
}

/** What an error says of a file, without the file's name again. */
function reasonOf(error: unknown, path: string): string {
  if (!(error instanceof IqeError) || error.code !== 'unreadable') throw error;
  return error.message.replace(`Cannot read ${path}: `, '').replace(/\.$/, '');
}
