/** An 8-bit picture: rows from the top, channels interleaved, grey (1) or RGB (3). */
export interface RasterImage {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  /** `height · width · channels` samples, 0…255. */
  readonly data: Uint8Array;
}

/** A map of one float32 per pixel, rows from the top: an anomaly map or a mask. */
export interface PixelMap {
  readonly width: number;
  readonly height: number;
  /** `height · width` values. */
  readonly data: Float32Array;
}

/** The map of as many rows as columns that has these values, whose number is a square. */
export function squareMap(data: Float32Array): PixelMap {
  const size = Math.sqrt(data.length);
  return { width: size, height: size, data };
}
