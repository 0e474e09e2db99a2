import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { IqeError, messageOf, throwIfAborted } from '../../base/errors.js';
import type { RasterImage } from '../../base/image.js';
import type { ProgressCallback } from '../../base/progress.js';
import { Random } from '../../base/random.js';
import { writeFileSafely } from '../../base/writeFile.node.js';
import type { Split } from '../layout.js';
import { drawPhantom } from './drawPhantom.js';
import { type Modality, modalities, type Phantom, type PhantomLesion } from './phantom.js';

/** How many images of each label a split gets. */
export interface LabelCounts {
  readonly normal: number;
  readonly abnormal: number;
}

export interface WritePhantomSetOptions {
  /** The folder that gets one data set per modality, named by {@link phantomSetName}. */
  readonly folder: string;
  readonly seed: number;
  /** All unless told. */
  readonly modalities?: readonly Modality[];
  /** Pixels on each side; 240 unless told. */
  readonly size?: number;
  /** Images of each split and label, per modality. */
  readonly counts: Readonly<Record<Split, LabelCounts>>;
  readonly signal?: AbortSignal;
  readonly onProgress?: ProgressCallback;
}

export interface WrittenPhantomSet {
  readonly modality: Modality;
  /** `FOLDER/Phantom_…_AD` */
  readonly folder: string;
  readonly images: number;
}

/** One line about an image in a set's `phantoms.json`. */
interface ImageRecord {
  /** Relative to the set, with `/`. */
  readonly image: string;
  readonly caption: string;
  readonly lesion: PhantomLesion | null;
}

const names: Readonly<Record<Modality, string>> = {
  'brain-mr': 'Brain_MR',
  'head-ct': 'Head_CT',
  'chest-xray': 'Chest_XRay',
  'abdominal-ct': 'Abdominal_CT',
  'retinal-oct': 'Retinal_OCT',
  ultrasound: 'Ultrasound',
  histology: 'Histology',
  mammography: 'Mammography',
  dermoscopy: 'Dermoscopy',
};

/** The folder of a modality's data set: `Phantom_Brain_MR_AD`, … */
export function phantomSetName(modality: Modality): string {
  return `Phantom_${names[modality]}_AD`;
}

/**
 * Draws data sets in the benchmark's layout, one per modality:
 * `FOLDER/Phantom_NAME_AD/{train,valid,test}/{good,Ungood}/{img,anomaly_mask}/phantom_0000.png`,
 * masks for abnormal images only, and `phantoms.json` with the seed, captions and lesions.
 *
 * Image number i of a split and label is the same whatever the counts and the other modalities
 * are, so a set can be made larger without changing what is in it. Every set is written beside its
 * place and renamed when it is complete.
 *
 * @throws {IqeError} `output` where a set is there already or cannot be written; `usage` for counts
 *   that are no counts; `interrupted`, after which no incomplete set is left
 */
export async function writePhantomSet(
  options: WritePhantomSetOptions,
): Promise<WrittenPhantomSet[]> {
  const chosen = options.modalities ?? modalities;
  const perSet = Object.values(options.counts).reduce((sum, counts) => sum + total(counts), 0);
  if (perSet === 0) {
    throw new IqeError('usage', 'A phantom data set of no images was asked for.', {
      hint: 'Ask for at least one normal or abnormal image in one split.',
    });
  }
  for (const modality of chosen)
    await refuseExisting(path.join(options.folder, phantomSetName(modality)));
  const written: WrittenPhantomSet[] = [];
  for (const [position, modality] of chosen.entries()) {
    const report = (done: number) =>
      options.onProgress?.({
        stage: 'drawing phantoms',
        done: position * perSet + done,
        total: chosen.length * perSet,
        unit: 'images',
      });
    const folder = await writeOneSet(options, modality, report);
    written.push({ modality, folder, images: perSet });
  }
  return written;
}

function total({ normal, abnormal }: LabelCounts): number {
  for (const count of [normal, abnormal]) {
    if (!Number.isInteger(count) || count < 0) {
      throw new IqeError('usage', `${count} images of a kind were asked for.`, {
        hint: 'Counts are whole numbers from 0.',
      });
    }
  }
  return normal + abnormal;
}

async function refuseExisting(folder: string): Promise<void> {
  const there = await readdir(folder).catch((error: NodeJS.ErrnoException) =>
    error.code === 'ENOENT' ? [] : [error.code],
  );
  if (there.length > 0) {
    throw new IqeError('output', `${folder} is there already; it is left as it is.`, {
      hint: 'Choose another output folder, or remove that one.',
    });
  }
}

async function writeOneSet(
  options: WritePhantomSetOptions,
  modality: Modality,
  report: (done: number) => void,
): Promise<string> {
  const { folder, seed, counts, signal, size = 240 } = options;
  const place = path.join(folder, phantomSetName(modality));
  const draft = path.join(folder, `.${phantomSetName(modality)}.${randomUUID()}.partial`);
  const records: ImageRecord[] = [];
  try {
    for (const split of ['train', 'valid', 'test'] as const) {
      for (const label of ['normal', 'abnormal'] as const) {
        for (let index = 0; index < counts[split][label]; index++) {
          throwIfAborted(signal);
          const phantom = drawPhantom({
            modality,
            lesion: label === 'normal' ? null : 'random',
            size,
            random: new Random(seed, 'phantom set', modality, split, label, index),
          });
          const inSet = `${split}/${label === 'normal' ? 'good' : 'Ungood'}`;
          const file = `phantom_${String(index).padStart(4, '0')}.png`;
          await writeImages(path.join(draft, inSet), file, phantom);
          const { caption, lesion } = phantom;
          records.push({ image: `${inSet}/img/${file}`, caption, lesion });
          report(records.length);
        }
      }
    }
    const about = { modality, seed, size, images: records };
    await writeFileSafely(path.join(draft, 'phantoms.json'), `${JSON.stringify(about, null, 1)}\n`);
    await putInPlace(draft, place);
  } catch (error) {
    await rm(draft, { recursive: true, force: true }).catch(() => undefined);
    throw error;
  }
  return place;
}

async function writeImages(folder: string, file: string, phantom: Phantom): Promise<void> {
  await writeFileSafely(path.join(folder, 'img', file), await encodePng(phantom.image));
  if (phantom.lesion === null) return;
  const { width, height } = phantom.image;
  const mask = phantom.mask.map((value) => 255 * value);
  const picture: RasterImage = { width, height, channels: 1, data: mask };
  await writeFileSafely(path.join(folder, 'anomaly_mask', file), await encodePng(picture));
}

async function encodePng({ data, width, height, channels }: RasterImage): Promise<Uint8Array> {
  const picture = sharp(data, { raw: { width, height, channels } });
  return (channels === 1 ? picture.toColourspace('b-w') : picture).png().toBuffer();
}

async function putInPlace(draft: string, place: string): Promise<void> {
  try {
    await mkdir(path.dirname(place), { recursive: true });
    await rename(draft, place);
  } catch (error) {
    throw new IqeError('output', `Cannot put the data set at ${place}: ${messageOf(error)}`, {
      hint: 'Choose another output folder.',
      cause: error,
    });
  }
}
