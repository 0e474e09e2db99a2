import { Random } from '../../base/random.js';
import type { Modality, Phantom } from '../../data/phantoms/phantom.js';
import { phantomAt } from '../../data/phantoms/phantomSet.js';

export interface PoolOptions {
  readonly seed: number;
  readonly modalities: readonly Modality[];
  /** Pixels on each side. */
  readonly size: number;
}

const focusPoints = 16;

/**
 * Phantoms drawn so far. Number i is the same whenever it is drawn, so a pool may grow while a
 * network is trained on it.
 */
export class PhantomPool {
  readonly #options: PoolOptions;
  readonly #phantoms: Phantom[] = [];
  /** Some lesion pixels of each abnormal phantom, and of all of a modality. */
  readonly #ownPixels = new Map<Phantom, readonly number[]>();
  readonly #pixelsOf = new Map<Modality, number[]>();

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  get length(): number {
    return this.#phantoms.length;
  }

  at(index: number): Phantom {
    return this.#phantoms[index] as Phantom;
  }

  /** Draws the next phantom. */
  grow(): void {
    const index = this.#phantoms.length;
    const phantom = phantomAt(this.#options, index);
    this.#phantoms.push(phantom);
    const pixels = sampleLesion(phantom.mask, new Random(this.#options.seed, 'focus', index));
    if (pixels.length === 0) return;
    this.#ownPixels.set(phantom, pixels);
    const known = this.#pixelsOf.get(phantom.modality);
    if (known) known.push(...pixels);
    else this.#pixelsOf.set(phantom.modality, [...pixels]);
  }

  /**
   * A pixel to look at: of the lesion in an abnormal phantom, and in a normal one where another
   * phantom of its modality has its lesion, so that the place alone does not tell the two apart.
   */
  focus(phantom: Phantom, random: Random): number {
    const pixels = this.#ownPixels.get(phantom) ?? this.#pixelsOf.get(phantom.modality);
    return pixels ? random.choose(pixels) : random.integer(phantom.mask.length);
  }
}

function sampleLesion(mask: Uint8Array, random: Random): number[] {
  const lesion: number[] = [];
  for (let pixel = 0; pixel < mask.length; pixel++) if (mask[pixel]) lesion.push(pixel);
  if (lesion.length === 0) return [];
  return Array.from({ length: focusPoints }, () => random.choose(lesion));
}
