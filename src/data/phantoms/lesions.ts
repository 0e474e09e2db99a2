import type { Random } from '../../base/random.js';
import type { Extent } from './phantom.js';

/** How large a lesion is: small a little more often than large. */
export function drawExtent(random: Random): Extent {
  const chance = random.uniform();
  return chance < 0.4 ? 'small' : chance < 0.75 ? 'medium' : 'large';
}

/** A length between `low` and `high` that fits `extent`. */
export function lengthOf(extent: Extent, low: number, high: number, random: Random): number {
  const third = (high - low) / 3;
  const from = extent === 'small' ? low : extent === 'medium' ? low + third : high - third;
  return from + third * random.uniform();
}

/**
 * A random pixel of `region` (a coverage field) where it is at least `least`; where there is
 * none, the pixel of the largest coverage.
 */
export function pickPixel(region: Float32Array, random: Random, least = 0.95): number {
  for (let attempt = 0; attempt < 400; attempt++) {
    const pixel = random.integer(region.length);
    if ((region[pixel] as number) >= least) return pixel;
  }
  let best = 0;
  for (let i = 1; i < region.length; i++) {
    if ((region[i] as number) > (region[best] as number)) best = i;
  }
  return best;
}

/** The side of the body at `u`, as radiologists look: the picture's left is the patient's right. */
export function bodySide(u: number): 'right' | 'left' {
  return u < 0 ? 'right' : 'left';
}
