import { orderedKeys, valueOfKey } from './floatOrder.js';
import { type PixelTable, PixelTableBuilder } from './pixelTable.js';

/** Bits of a key below the 16 that choose its page. */
const PAGE_BITS = 16;

/** A bin that has seen no score. */
const EMPTY = 0;
/** A bin that has seen different scores. */
const MIXED = 0xffff_ffff;

/** The bins of all float32 scores whose keys share their high 16 bits. */
interface Page {
  readonly firstKey: number;
  /** The page has 2^bits bins; 16 bits are one bin per float32 value. */
  bits: number;
  negatives: Float64Array;
  /** Of each bin: {@link EMPTY}, 1 + the low bits of the only key it has seen, or {@link MIXED}. */
  keys: Uint32Array;
  /** Absent while every pixel of the page is outside the masks. */
  inside: { positives: Float64Array; weights: Float64Array } | undefined;
}

/**
 * Pixels counted by score in bounded memory, in bins that follow the data.
 *
 * The order-preserving integer form of a float32 ({@link orderedKeys}) chooses one of 2¹⁶ pages by
 * its high bits and a bin within by its next `bits`. A page appears when its first score does, as
 * fine as fits. When all bins together exceed `maxCells`, the pages whose neighbouring bins cost
 * the least when joined halve their resolution, until half of the memory is free: fine bins stay
 * where pixels are many, where both classes meet, and among the highest scores, which decide the
 * average precision.
 *
 * The counts at a bin's lowest score are exact, so every point of the ROC taken from here lies on
 * the true one; only the path between neighbouring points is unknown.
 */
export class PixelHistogram {
  readonly #pages = new Array<Page | undefined>(1 << 16);
  readonly #maxCells: number;
  #cells = 0;
  #used = 0;

  /** @param maxCells Most float64 counters to keep; 2²³ are 64 MiB (and up to 32 MiB beside). */
  constructor(maxCells = 2 ** 23) {
    this.#maxCells = maxCells;
  }

  /** Counts one map's pixels: see `PixelClasses`. */
  add(negatives: Float32Array, positives: Float32Array, weights: Float64Array): void {
    for (const key of orderedKeys(negatives)) this.#addOutside(key, 1);
    const keys = orderedKeys(positives);
    for (let i = 0; i < keys.length; i++) {
      this.#addInside(keys[i] as number, 1, weights[i] as number);
    }
  }

  /**
   * Counts the pixels of `table`, as the first thing a histogram does: what it says of where the
   * scores lie decides how fine each page starts.
   */
  start(table: PixelTable): void {
    const keys = orderedKeys(table.scores);
    const plans = plannedPages(table, keys);
    for (const { index, share, cellsPerBin } of plans) {
      const cells = (this.#maxCells / 4) * (share + 1 / plans.length);
      this.#newPage(index, bitsFor(cells / cellsPerBin));
    }
    for (let i = 0; i < keys.length; i++) {
      const negatives = table.negatives[i] as number;
      const positives = table.positives[i] as number;
      if (negatives > 0) this.#addOutside(keys[i] as number, negatives);
      if (positives > 0) {
        this.#addInside(keys[i] as number, positives, table.weights[i] as number);
      }
    }
  }

  /**
   * The bins that hold pixels, highest first: at its score and with `merged` 0 where a bin has
   * seen one score only, else at the lowest score it may hold and with `merged` 1.
   */
  toTable(): { table: PixelTable; merged: Uint8Array } {
    const pages = this.#pages.filter((page) => page !== undefined).reverse();
    const bins = pages.reduce((sum, page) => sum + page.negatives.length, 0);
    const builder = new PixelTableBuilder(bins);
    const merged = new Uint8Array(bins);
    let length = 0;
    for (const page of pages) {
      for (let bin = page.negatives.length - 1; bin >= 0; bin--) {
        const seen = page.keys[bin] as number;
        if (seen === EMPTY) continue;
        const within = seen === MIXED ? bin * 2 ** (PAGE_BITS - page.bits) : seen - 1;
        builder.add(
          valueOfKey(page.firstKey + within),
          page.negatives[bin] as number,
          page.inside?.positives[bin] ?? 0,
          page.inside?.weights[bin] ?? 0,
        );
        merged[length++] = seen === MIXED ? 1 : 0;
      }
    }
    return { table: builder.finish(), merged: merged.slice(0, length) };
  }

  #pageOf(key: number): Page {
    const index = key >>> PAGE_BITS;
    // A page that comes late takes no more than an equal part of half of the memory.
    return (
      this.#pages[index] ?? this.#newPage(index, bitsFor(this.#maxCells / 2 / (this.#used + 1)))
    );
  }

  #newPage(index: number, bits: number): Page {
    this.#makeRoom(2 ** bits);
    this.#cells += 2 ** bits;
    const page: Page = {
      firstKey: index * 2 ** PAGE_BITS,
      bits,
      negatives: new Float64Array(2 ** bits),
      keys: new Uint32Array(2 ** bits),
      inside: undefined,
    };
    this.#pages[index] = page;
    this.#used++;
    return page;
  }

  #addOutside(key: number, negatives: number): void {
    const page = this.#pageOf(key);
    const bin = binOf(page, key);
    note(page, bin, key);
    increase(page.negatives, bin, negatives);
  }

  #addInside(key: number, positives: number, weight: number): void {
    const page = this.#pageOf(key);
    if (page.inside === undefined) {
      this.#makeRoom(2 * page.negatives.length);
      page.inside = {
        positives: new Float64Array(page.negatives.length),
        weights: new Float64Array(page.negatives.length),
      };
      this.#cells += 2 * page.negatives.length;
    }
    const bin = binOf(page, key);
    note(page, bin, key);
    increase(page.inside.positives, bin, positives);
    increase(page.inside.weights, bin, weight);
  }

  #makeRoom(cells: number): void {
    if (this.#cells + cells > this.#maxCells) this.#coarsen(this.#maxCells / 2);
  }

  /** Halves the resolution of pages, cheapest first, until at most `target` cells are in use. */
  #coarsen(target: number): void {
    let candidates = this.#halvingCosts();
    while (this.#cells > target && candidates.length > 0) {
      candidates.sort((a, b) => a.cost - b.cost);
      for (const candidate of candidates.slice(0, Math.ceil(candidates.length / 4))) {
        if (this.#cells <= target) return;
        const before = cellsOf(candidate.page);
        halve(candidate.page);
        this.#cells -= before - cellsOf(candidate.page);
        candidate.cost = halvingCost(candidate.page, candidate.above, candidate.totals);
      }
      candidates = candidates.filter(({ page }) => page.bits > 0);
    }
  }

  #halvingCosts(): { page: Page; above: number; totals: Totals; cost: number }[] {
    const pages = this.#pages.filter((page) => page !== undefined).reverse();
    const sums = pages.map(sumsOf);
    const totals = {
      negatives: sums.reduce((sum, page) => sum + page.negatives, 0),
      positives: sums.reduce((sum, page) => sum + page.positives, 0),
      weights: sums.reduce((sum, page) => sum + page.weights, 0),
    };
    let above = 0;
    return pages
      .map((page, i) => {
        const candidate = { page, above, totals, cost: halvingCost(page, above, totals) };
        above += (sums[i] as Totals).negatives + (sums[i] as Totals).positives;
        return candidate;
      })
      .filter(({ page }) => page.bits > 0);
  }
}

/** What a page of the first table needs. */
interface PlannedPage {
  readonly index: number;
  /** Of what matters (see {@link halvingCost}), the part that lies in this page; sums to 1. */
  readonly share: number;
  /** 3 where it has abnormal pixels, else 1. */
  readonly cellsPerBin: number;
}

/** About half of Σ 1 / rank over a million pixels: all ranks together weigh 2, a class 1. */
const RANK_TOTAL = 8;

function plannedPages(table: PixelTable, keys: Uint32Array): PlannedPage[] {
  const totals = sumsOf({ negatives: table.negatives, inside: table });
  const pages = new Map<number, { mass: number; inside: boolean }>();
  let rank = 0;
  let total = 0;
  for (let i = 0; i < keys.length; i++) {
    const index = (keys[i] as number) >>> PAGE_BITS;
    const negatives = table.negatives[i] as number;
    const positives = table.positives[i] as number;
    rank += negatives + positives;
    const mass =
      negatives / (totals.negatives || 1) +
      positives / (totals.positives || 1) +
      (negatives + positives) / rank / RANK_TOTAL;
    const page = pages.get(index) ?? { mass: 0, inside: false };
    page.mass += mass;
    page.inside ||= positives > 0;
    pages.set(index, page);
    total += mass;
  }
  return Array.from(pages, ([index, { mass, inside }]) => ({
    index,
    share: mass / total,
    cellsPerBin: inside ? 3 : 1,
  }));
}

/** The finest resolution of a page that needs no more than `cells` bins. */
function bitsFor(cells: number): number {
  return Math.max(0, Math.min(PAGE_BITS, Math.floor(Math.log2(cells))));
}

interface Totals {
  readonly negatives: number;
  readonly positives: number;
  readonly weights: number;
}

/**
 * What is lost by joining neighbouring bins of `page`, per cell gained: Σ m₁ m₂ over the pairs,
 * where m is a bin's share of each class, of the regions, and of all pixels as high as itself.
 *
 * @param above Pixels in the pages above this one.
 */
function halvingCost(page: Page, above: number, totals: Totals): number {
  let cost = 0;
  let rank = above;
  for (let bin = page.negatives.length - 2; bin >= 0; bin -= 2) {
    const upper = pixelsIn(page, bin + 1);
    const lower = pixelsIn(page, bin);
    rank += upper + lower;
    if (upper === 0 || lower === 0) continue;
    const mass = (at: number, pixels: number) =>
      (page.negatives[at] as number) / totals.negatives +
      (page.inside === undefined
        ? 0
        : (page.inside.positives[at] as number) / totals.positives +
          (page.inside.weights[at] as number) / totals.weights) +
      pixels / rank;
    cost += mass(bin + 1, upper) * mass(bin, lower);
  }
  return cost / (cellsOf(page) / 2);
}

function pixelsIn(page: Page, bin: number): number {
  return (page.negatives[bin] as number) + (page.inside?.positives[bin] ?? 0);
}

function sumsOf({ negatives, inside }: Pick<Page, 'negatives' | 'inside'>): Totals {
  const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);
  return {
    negatives: sum(negatives),
    positives: inside ? sum(inside.positives) : 0,
    weights: inside ? sum(inside.weights) : 0,
  };
}

function cellsOf(page: Page): number {
  return page.negatives.length * (page.inside ? 3 : 1);
}

function halve(page: Page): void {
  page.bits--;
  page.negatives = pairSums(page.negatives);
  page.keys = page.keys.slice(0, page.keys.length / 2).map((_, i) => {
    const low = page.keys[2 * i] as number;
    const high = page.keys[2 * i + 1] as number;
    return low === EMPTY ? high : high === EMPTY ? low : MIXED;
  });
  if (page.inside) {
    page.inside = {
      positives: pairSums(page.inside.positives),
      weights: pairSums(page.inside.weights),
    };
  }
}

function pairSums(values: Float64Array): Float64Array {
  const sums = new Float64Array(values.length / 2);
  for (let i = 0; i < sums.length; i++) {
    sums[i] = (values[2 * i] as number) + (values[2 * i + 1] as number);
  }
  return sums;
}

function binOf(page: Page, key: number): number {
  return (key & 0xffff) >>> (PAGE_BITS - page.bits);
}

/** Remembers that `bin` has seen `key`. */
function note(page: Page, bin: number, key: number): void {
  const seen = page.keys[bin] as number;
  const own = (key & 0xffff) + 1;
  if (seen !== own) page.keys[bin] = seen === EMPTY ? own : MIXED;
}

function increase(counters: Float64Array, at: number, by: number): void {
  counters[at] = (counters[at] as number) + by;
}
