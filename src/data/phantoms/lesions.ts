import type { Random } from '../../base/random.js';
import type { Finding } from './captions.js';
import type { Extent } from './phantom.js';

/** A lesion as it was drawn: its coverage 0…1 and its words. */
export interface DrawnLesion {
  readonly coverage: Float32Array;
  readonly finding: Finding;
}

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

/** Keeps `coverage` to `inside`, pixel by pixel. */
export function keepInside(coverage: Float32Array, inside: Float32Array): void {
  for (let i = 0; i < coverage.length; i++) {
    coverage[i] = (coverage[i] as number) * (inside[i] as number);
  }
}

/** Takes `spared` out of `coverage`, pixel by pixel. */
export function keepOutside(coverage: Float32Array, spared: Float32Array): void {
  for (let i = 0; i < coverage.length; i++) {
    coverage[i] = (coverage[i] as number) * (1 - (spared[i] as number));
  }
}
