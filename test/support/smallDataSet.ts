import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Random } from '../../src/base/random.js';
import type { SupportImage } from '../../src/train/detector.js';
import { png } from './images.js';

export interface SmallDataSetOptions {
  /** Images of each label in `valid` and in `test`. */
  readonly perLabel: number;
  readonly masks?: boolean;
  readonly size?: number;
}

/**
 * Writes a data set in the benchmark's layout: textured discs, with a bright spot where abnormal, so
 * that anything that learns at all can tell them apart.
 */
export async function writeSmallDataSet(
  folder: string,
  options: SmallDataSetOptions,
): Promise<void> {
  const { perLabel, masks = true, size = 56 } = options;
  for (const split of ['valid', 'test']) {
    for (const label of ['good', 'Ungood']) {
      for (let index = 0; index < perLabel; index++) {
        const { image, mask } = drawSpot(size, label === 'Ungood', new Random(index, split, label));
        const place = join(folder, split, label);
        await write(join(place, 'img', `${index}.png`), await png(size, size, 1, image));
        if (masks && label === 'Ungood') {
          await write(join(place, 'anomaly_mask', `${index}.png`), await png(size, size, 1, mask));
        }
      }
    }
  }
}

/** A textured disc [size, size], with a bright spot where abnormal, and the spot's mask (255). */
export function drawSpot(size: number, abnormal: boolean, random: Random) {
  const image = new Uint8Array(size * size);
  const mask = new Uint8Array(size * size);
  const x = random.between(0.3, 0.7) * size;
  const y = random.between(0.3, 0.7) * size;
  const radius = random.between(0.1, 0.16) * size;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const i = row * size + column;
      const inDisc = Math.hypot(column - size / 2, row - size / 2) < 0.45 * size;
      const inSpot = abnormal && Math.hypot(column - x, row - y) < radius;
      image[i] = (inDisc ? 70 : 10) + random.integer(20) + (inSpot ? 120 : 0);
      mask[i] = inSpot ? 255 : 0;
    }
  }
  return { image, mask };
}

/** Such a disc as a detector learns from it. */
export function spotImage(size: number, index: number, abnormal: boolean): SupportImage {
  const { image, mask } = drawSpot(size, abnormal, new Random(index, `${abnormal}`));
  return {
    image: { width: size, height: size, channels: 1, data: image },
    label: abnormal ? 'abnormal' : 'normal',
    ...(abnormal && {
      mask: { width: size, height: size, data: Float32Array.from(mask, (v) => v / 255) },
    }),
  };
}

async function write(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
}
