import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { IqeError } from '../base/errors.js';
import type { ProgressCallback } from '../base/progress.js';
import { fileOfImage } from '../data/imagePart.js';
import type { ImageReader } from '../data/imageReader.node.js';
import type { DataSet, Sample } from '../data/layout.js';
import { type FailedImage, failedImage } from './failedImage.js';
import type { LabelledImage } from './supportViews.js';

/** Those of the samples whose image and mask can be read. */
export async function readableSamples(
  samples: readonly Sample[],
  dataSet: DataSet,
  reader: ImageReader,
  onFailure: ((failure: FailedImage) => void) | undefined,
  onProgress?: ProgressCallback,
): Promise<Sample[]> {
  const readable: Sample[] = [];
  for (const [index, sample] of samples.entries()) {
    try {
      await reader.sampleMask(sample, dataSet, await reader.image(sample.imagePath));
      readable.push(sample);
    } catch (error) {
      if (!(error instanceof IqeError) || error.code === 'interrupted') throw error;
      onFailure?.(failedImage(sample.imagePath, error));
    }
    const stage = `reading ${dataSet.name}`;
    onProgress?.({ stage, done: index + 1, total: samples.length, unit: 'images' });
  }
  return readable;
}

export function labelledImage(
  sample: Sample,
  dataSet: DataSet,
  reader: ImageReader,
): LabelledImage {
  return {
    label: sample.label as 0 | 1,
    image: () => reader.image(sample.imagePath),
    mask: (size) => reader.sampleMask(sample, dataSet, size),
  };
}

/** What is kept of the images that a run was selected on. */
export async function describeSelection({
  dataSet,
  samples,
}: {
  readonly dataSet: DataSet;
  readonly samples: readonly Sample[];
}) {
  const splits = [...new Set(samples.map(({ split }) => split))].filter((split) => split !== null);
  return {
    name: dataSet.name,
    splits,
    images: samples.length,
    hash: await contentHash(samples),
  };
}

/** SHA-256 over names and contents of images and masks. */
export async function contentHash(samples: readonly Sample[]): Promise<string> {
  const hash = createHash('sha256');
  for (const { id, label, imagePath, maskPath } of samples) {
    hash.update(`${id}\n${label}\n`);
    for (const path of [imagePath, maskPath]) {
      // A missing file is reported where it is read as an image.
      if (path === null) continue;
      hash.update(await readFile(fileOfImage(path)).catch(() => new Uint8Array()));
    }
  }
  return hash.digest('hex');
}
