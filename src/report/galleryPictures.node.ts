import type { MeasuredImage } from '../train/evaluate.node.js';
import { severity } from './outcomes.js';
import { makeThumbnails } from './thumbnails.node.js';
import type { Thumbnails } from './types.js';

/** About 60 KB each, so that a page stays below 10 MB. */
const picturesKept = 120;

/**
 * Keeps the gallery's pictures of the images that were judged worst so far, so that an evaluation of
 * any size takes a bounded memory and page.
 */
export class GalleryPictures {
  readonly #most: number;
  /** Worst first. */
  readonly #kept: { id: string; severity: number; thumbnails: Thumbnails }[] = [];

  /** @param most How many images have pictures. */
  constructor(most = picturesKept) {
    this.#most = most;
  }

  /**
   * Takes the pictures of one image, unless worse ones fill the gallery already; none of a method
   * that gives no map.
   */
  async add({ sample, image, mask, prediction }: MeasuredImage): Promise<void> {
    if (!prediction.hasMap) return;
    const { score, threshold, map, mapThreshold } = prediction;
    const { id } = sample;
    const label = sample.label === 1 ? 'abnormal' : 'normal';
    const own = severity({ id, score, label }, threshold);
    const place = this.#kept.findIndex((other) => own > other.severity);
    if (place < 0 && this.#kept.length >= this.#most) return;
    const thumbnails = await makeThumbnails(image, map, mask, mapThreshold);
    this.#kept.splice(place < 0 ? this.#kept.length : place, 0, { id, severity: own, thumbnails });
    this.#kept.length = Math.min(this.#kept.length, this.#most);
  }

  /** The pictures by the ids of their images. */
  get thumbnails(): ReadonlyMap<string, Thumbnails> {
    return new Map(this.#kept.map(({ id, thumbnails }) => [id, thumbnails]));
  }
}
