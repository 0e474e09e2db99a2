import { descendingOrder } from './floatOrder.js';
import type { PixelClasses } from './pixelClasses.js';

/**
 * The pixels of one image in a few hundred numbers: enough to weigh the image up and down in a
 * bootstrap without touching its pixels again.
 *
 * Each class is cut, highest score first, into groups of neighbouring ranks; a group is kept as
 * the score of its middle pixel and how many it has. A group is at most 1/128 of its class and,
 * near the top, at most 1/32 of the pixels above it, so that the highest scores, which precision
 * and low false-positive rates hang on, are kept one by one.
 */
export interface PixelSketch {
  readonly negatives: ScoreGroups;
  readonly positives: ScoreGroups;
  /** Region weight of each group of `positives`. */
  readonly weights: Float32Array;
  readonly regions: number;
}

/** Groups of neighbouring scores, highest first. */
export interface ScoreGroups {
  readonly scores: Float32Array;
  readonly counts: Uint32Array;
}

/** Sketches the pixels of one map. */
export function sketchPixels({
  negatives,
  positives,
  weights,
  regions,
}: PixelClasses): PixelSketch {
  const sizesOutside = groupSizes(negatives.length);
  const sizesInside = groupSizes(positives.length);
  const order = descendingOrder(positives);
  const sortedInside = Float32Array.from(order, (pixel) => positives[pixel] as number);
  const groupWeights = new Float32Array(sizesInside.length);
  let at = 0;
  for (const [group, size] of sizesInside.entries()) {
    let sum = 0;
    for (const end = at + size; at < end; at++) sum += weights[order[at] as number] as number;
    groupWeights[group] = sum;
  }
  return {
    negatives: {
      scores: middles(negatives.slice().sort().reverse(), sizesOutside),
      counts: sizesOutside,
    },
    positives: { scores: middles(sortedInside, sizesInside), counts: sizesInside },
    weights: groupWeights,
    regions,
  };
}

function groupSizes(pixels: number): Uint32Array {
  const sizes: number[] = [];
  const largest = Math.max(1, Math.floor(pixels / 128));
  for (let above = 0; above < pixels; ) {
    const size = Math.min(pixels - above, largest, Math.max(1, Math.floor(above / 32)));
    sizes.push(size);
    above += size;
  }
  return Uint32Array.from(sizes);
}

function middles(sorted: Float32Array, sizes: Uint32Array): Float32Array {
  let start = 0;
  return Float32Array.from(sizes, (size) => {
    const middle = sorted[start + (size >>> 1)] as number;
    start += size;
    return middle;
  });
}
