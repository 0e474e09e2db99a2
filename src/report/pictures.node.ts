import path from 'node:path';
import sharp from 'sharp';
import type { RasterImage } from '../base/image.js';
import { writeFileSafely } from '../base/writeFile.node.js';
import { encodeNpy } from './npy.js';
import { drawHeatMap, drawMask, drawOverlay, type OverlayContent } from './overlay.js';
import {
  type PictureKind,
  type PredictionReport,
  predictionsCsv,
  predictionsJson,
} from './predictions.js';

/** `image` as the bytes of a PNG file. */
export async function encodePng(image: RasterImage): Promise<Uint8Array> {
  const { width, height, channels } = image;
  const pipeline = sharp(image.data, {
    raw: { width, height, channels },
    limitInputPixels: false,
  });
  return (channels === 1 ? pipeline.toColourspace('b-w') : pipeline).png().toBuffer();
}

/**
 * Writes the pictures of one prediction: `NAME.overlay.png`, `NAME.heatmap.png`, `NAME.mask.png`
 * (only where there is a threshold) and `NAME.npy` (the map at the size of the image).
 *
 * @param folder The output folder
 * @param name Of `outputNames`: may have folders of its own
 * @returns The files written by kind, relative to `folder`, with `/`
 * @throws {IqeError} `output` where the folder cannot be written; `shape` where map and image
 *   differ in size
 */
export async function writePictures(
  folder: string,
  name: string,
  content: OverlayContent,
  kinds: readonly PictureKind[],
): Promise<Partial<Record<PictureKind, string>>> {
  const outputs: Partial<Record<PictureKind, string>> = {};
  for (const kind of kinds) {
    const bytes = await encodeKind(content, kind);
    if (!bytes) continue;
    const file = kind === 'npy' ? `${name}.npy` : `${name}.${kind}.png`;
    await writeFileSafely(path.join(folder, file), bytes);
    outputs[kind] = file;
  }
  return outputs;
}

async function encodeKind(
  content: OverlayContent,
  kind: PictureKind,
): Promise<Uint8Array | undefined> {
  const { map, threshold } = content;
  switch (kind) {
    case 'overlay':
      return encodePng(drawOverlay(content));
    case 'heatmap':
      return encodePng(drawHeatMap(map, threshold));
    case 'mask':
      return threshold === null ? undefined : encodePng(drawMask(map, threshold));
    case 'npy':
      return encodeNpy(map);
  }
}

/**
 * Writes `predictions.csv` and `predictions.json` into `folder`.
 *
 * @throws {IqeError} `output` where the folder cannot be written
 */
export async function writePredictions(folder: string, report: PredictionReport): Promise<void> {
  await writeFileSafely(path.join(folder, 'predictions.csv'), predictionsCsv(report.predictions));
  await writeFileSafely(path.join(folder, 'predictions.json'), predictionsJson(report));
}
