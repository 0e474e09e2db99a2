import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/**
 * A seeded generator of random numbers (xoroshiro128+). The same seed and labels give the same
 * numbers on every machine. Generators are passed as arguments; there is no global one.
 */
export class Random {
  readonly #generator: RandomGenerator;
  #spareNormal: number | undefined;

  /**
   * @param labels What the numbers are for (`'dropout'`, step 12, …): streams of one seed with
   *   different labels are independent, so drawing more of one never moves another.
   */
  constructor(seed: number, ...labels: readonly (string | number)[]) {
    this.#generator = xoroshiro128plus(hash(`${seed}/${labels.join('/')}`));
  }

  /** 32 random bits as an integer from 0 to 2³² − 1. */
  bits(): number {
    return this.#generator.next() >>> 0;
  }

  /** Uniform in [0, 1), 32 bits fine. */
  uniform(): number {
    return this.bits() / 0x1_0000_0000;
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /** Uniform among the integers 0 … `count` − 1. */
  integer(count: number): number {
    return Math.floor(this.uniform() * count);
  }

  /** Standard normal (Box–Muller). */
  normal(): number {
    if (this.#spareNormal !== undefined) {
      const spare = this.#spareNormal;
      this.#spareNormal = undefined;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** One of `items`. */
  choose<T>(items: readonly T[]): T {
    return items[this.integer(items.length)] as T;
  }

  /** `items` in a random order (Fisher–Yates); the argument stays as it was. */
  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items];
    for (let last = shuffled.length - 1; last > 0; last--) {
      const other = this.integer(last + 1);
      const moved = shuffled[last] as T;
      shuffled[last] = shuffled[other] as T;
      shuffled[other] = moved;
    }
    return shuffled;
  }
}

/** 32-bit FNV-1a of a text, finished with MurmurHash3's mixer so that near texts give far seeds. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return value ^ (value >>> 16);
}
