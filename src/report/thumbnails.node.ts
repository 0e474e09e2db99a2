import sharp from 'sharp';
import type { PixelMap, RasterImage } from '../base/image.js';
import { resizeMap } from '../base/resizeMap.js';
import { blendOverlay, drawHeatMap, drawMask } from './overlay.js';
import { encodePng } from './pictures.node.js';
import type { Thumbnails } from './types.js';

/** The longer side of a thumbnail in pixels: what the models see is not much more. */
const longestSide = 256;

/**
 * The gallery's pictures of one image, no side longer than 256 pixels.
 *
 * @param map Anomaly map of any size
 * @param groundTruth The annotated mask, > 0.5 inside, of any size; `null` where there is none
 */
export async function makeThumbnails(
  image: RasterImage,
  map: PixelMap,
  groundTruth: PixelMap | null,
  threshold: number | null,
): Promise<Thumbnails> {
  const small = await shrink(image);
  const { width, height } = small;
  const smallMap = resizeMap(map, width, height);
  const truth = groundTruth && drawMask(resizeMap(groundTruth, width, height), 0.5);
  return {
    image: await photograph(small),
    groundTruth: truth && (await drawing(truth)),
    map: await photograph(drawHeatMap(smallMap, threshold)),
    overlay: await photograph(blendOverlay(small, smallMap, threshold)),
  };
}

async function shrink(image: RasterImage): Promise<RasterImage> {
  const { width, height, channels } = image;
  if (Math.max(width, height) <= longestSide) return image;
  const { data, info } = await sharp(image.data, { raw: { width, height, channels } })
    .resize({ width: longestSide, height: longestSide, fit: 'inside' })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, channels, data };
}

async function photograph({ data, width, height, channels }: RasterImage): Promise<string> {
  const bytes = await sharp(data, { raw: { width, height, channels } })
    .jpeg({ quality: 85, chromaSubsampling: '4:4:4' })
    .toBuffer();
  return `data:image/jpeg;base64,${bytes.toString('base64')}`;
}

async function drawing(image: RasterImage): Promise<string> {
  return `data:image/png;base64,${Buffer.from(await encodePng(image)).toString('base64')}`;
}
