/** Which pixels touch: 8 counts diagonals, 4 does not. */
export type Connectivity = 4 | 8;

/** Which pixels are anomalous: those of at least 0.5, so 0 and 1 or 0 and 255 will do. */
export interface BinaryMask {
  readonly width: number;
  readonly height: number;
  /** `[height · width]` */
  readonly data: Uint8Array | Float32Array;
}

/** The connected regions of one mask. */
export interface ConnectedComponents {
  /** `[height · width]`: 0 outside, else the number of the pixel's region, from 1. */
  readonly labels: Int32Array;
  /** Pixels of each region; entry 0 belongs to region 1. */
  readonly sizes: number[];
}

/**
 * The regions of the anomalous pixels of a mask, numbered by their first pixel, row by row.
 */
export function connectedComponents(
  { width, height, data }: BinaryMask,
  connectivity: Connectivity = 8,
): ConnectedComponents {
  const inside = (pixel: number) => (data[pixel] as number) >= 0.5;
  const labels = new Int32Array(data.length);
  const sizes: number[] = [];
  const waiting: number[] = [];
  for (let seed = 0; seed < data.length; seed++) {
    if (!inside(seed) || labels[seed] !== 0) continue;
    const label = sizes.length + 1;
    let size = 0;
    labels[seed] = label;
    waiting.push(seed);
    for (let pixel = waiting.pop(); pixel !== undefined; pixel = waiting.pop()) {
      size++;
      const x = pixel % width;
      const y = (pixel - x) / width;
      for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
          if (connectivity === 4 && nx !== x && ny !== y) continue;
          const neighbour = ny * width + nx;
          if (inside(neighbour) && labels[neighbour] === 0) {
            labels[neighbour] = label;
            waiting.push(neighbour);
          }
        }
      }
    }
    sizes.push(size);
  }
  return { labels, sizes };
}
