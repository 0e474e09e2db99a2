import { IqeError } from '../base/errors.js';
import type { PixelMap } from '../base/image.js';
import { type BinaryMask, type Connectivity, connectedComponents } from './connectedComponents.js';
import { assertFinite } from './thresholdCounts.js';

/** The pixels of one anomaly map, told apart by its mask. */
export interface PixelClasses {
  /** Scores outside the mask, in no particular order. */
  readonly negatives: Float32Array;
  /** Scores inside the mask. */
  readonly positives: Float32Array;
  /** 1 / (pixels of its region), for each of `positives`: every region weighs 1. */
  readonly weights: Float64Array;
  /** Connected regions of the mask. */
  readonly regions: number;
}

/** One anomaly map with its mask. */
export interface ScoredMap {
  /** Scores, finite; higher means more abnormal. */
  readonly map: PixelMap;
  /** As large as the map, anomalous from 0.5 on. Absent or null: nothing is (a normal image). */
  readonly mask?: BinaryMask | null | undefined;
}

/**
 * Tells the pixels of a map apart by its mask and weighs each by its region.
 *
 * @throws {IqeError} `shape` where map, mask and size disagree, `runtime` where a score is not
 *   finite.
 */
export function separatePixels(
  { map: { width, height, data: map }, mask }: ScoredMap,
  connectivity: Connectivity,
): PixelClasses {
  assertPixels('anomaly map', map.length, width, height);
  assertFinite(map, 'pixel score');
  if (!mask) {
    return {
      negatives: map.slice(),
      positives: new Float32Array(0),
      weights: new Float64Array(0),
      regions: 0,
    };
  }
  if (mask.width !== width || mask.height !== height) {
    throw new IqeError(
      'shape',
      `The mask is ${mask.width} × ${mask.height} pixels, its anomaly map ${width} × ${height}.`,
      { hint: 'Bring maps and masks to one size before they are compared.' },
    );
  }
  assertPixels('mask', mask.data.length, width, height);
  const { labels, sizes } = connectedComponents(mask, connectivity);
  const inside = sizes.reduce((sum, size) => sum + size, 0);
  const negatives = new Float32Array(map.length - inside);
  const positives = new Float32Array(inside);
  const weights = new Float64Array(inside);
  let outsideAt = 0;
  let insideAt = 0;
  for (let pixel = 0; pixel < map.length; pixel++) {
    const label = labels[pixel] as number;
    if (label === 0) {
      negatives[outsideAt++] = map[pixel] as number;
    } else {
      weights[insideAt] = 1 / (sizes[label - 1] as number);
      positives[insideAt++] = map[pixel] as number;
    }
  }
  return { negatives, positives, weights, regions: sizes.length };
}

function assertPixels(what: string, length: number, width: number, height: number): void {
  if (length !== width * height) {
    throw new IqeError(
      'shape',
      `The ${what} has ${length} values, not ${width} × ${height} = ${width * height}.`,
    );
  }
}
