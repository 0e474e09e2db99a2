import { IqeError } from './errors.js';
import type { PixelMap } from './image.js';

/**
 * `map` at another size by bilinear interpolation with half-pixel centres: output pixel x reads at
 * (x + ½) · W/W′ − ½, clamped to the map (`align_corners=False` of PyTorch). The same map is
 * returned where the size is the same.
 *
 * @param map `[H, W]`, neither of them 0
 * @returns `[height, width]`
 * @throws {IqeError} `shape` for an empty map or size
 */
export function resizeMap(map: PixelMap, width: number, height: number): PixelMap {
  if (map.width === width && map.height === height) return map;
  if (!(map.width > 0 && map.height > 0 && width > 0 && height > 0)) {
    throw new IqeError(
      'shape',
      `Cannot resize a map of ${map.width}×${map.height} to ${width}×${height}: all sizes must be at least 1.`,
    );
  }
  const columns = samples(map.width, width);
  const rows = samples(map.height, height);
  const data = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const top = (rows.low[y] as number) * map.width;
    const bottom = (rows.high[y] as number) * map.width;
    const down = rows.share[y] as number;
    for (let x = 0; x < width; x++) {
      const left = columns.low[x] as number;
      const right = columns.high[x] as number;
      const across = columns.share[x] as number;
      const above =
        (1 - across) * (map.data[top + left] as number) +
        across * (map.data[top + right] as number);
      const below =
        (1 - across) * (map.data[bottom + left] as number) +
        across * (map.data[bottom + right] as number);
      data[y * width + x] = (1 - down) * above + down * below;
    }
  }
  return { width, height, data };
}

/** Per output position the two input positions that are mixed and the share of the higher one. */
function samples(from: number, to: number) {
  const low = new Uint32Array(to);
  const high = new Uint32Array(to);
  const share = new Float64Array(to);
  for (let position = 0; position < to; position++) {
    const source = Math.min(from - 1, Math.max(0, ((position + 0.5) * from) / to - 0.5));
    low[position] = Math.floor(source);
    high[position] = Math.min(from - 1, Math.floor(source) + 1);
    share[position] = source - Math.floor(source);
  }
  return { low, high, share };
}

/** What a map says of an image, in the image's own pixels. */
export interface MapMeasures {
  /** The first pixel with the largest value. */
  readonly peak: { readonly x: number; readonly y: number };
  /** Pixels at or above the threshold; `null` without one. */
  readonly areaPixels: number | null;
}

/** The peak of `map` and the area of its mask {M ≥ `threshold`}. */
export function measureMap(map: PixelMap, threshold: number | null): MapMeasures {
  let best = 0;
  let area = 0;
  for (let index = 0; index < map.data.length; index++) {
    const value = map.data[index] as number;
    if (value > (map.data[best] as number)) best = index;
    if (threshold !== null && value >= threshold) area++;
  }
  return {
    peak: { x: best % map.width, y: Math.floor(best / map.width) },
    areaPixels: threshold === null ? null : area,
  };
}
