import type { DataProblem, Split } from '../layout.js';
import { withoutMaskSuffix } from './names.js';
import { problem } from './reading.js';

/** One file's place in the folders of a data set. */
export interface Place {
  readonly path: string;
  readonly split: Split | null;
  /** The folder that says what is seen, as it is written; null where there is none. */
  readonly folder: string | null;
  /** The rest of the path, without extension and without folders that say nothing. */
  readonly key: string;
}

/**
 * Gives each image the mask of its name (else of its name with `_mask` or the like), from the same
 * split and folder before a place that tells less. A mask serves one image, and abnormal images
 * choose first: of `normal/1.png` and `abnormal/1.png` the latter has `masks/1.png`.
 *
 * @returns The masks' paths by the images' paths, and word on masks that were left over.
 */
export function pairMasks(
  images: readonly (Place & { readonly label: 0 | 1 | null })[],
  masks: readonly Place[],
): { maskOf: ReadonlyMap<string, string>; problems: DataProblem[] } {
  const free = new Map<string, string>();
  const offer = (mask: Place, key: string) => {
    const place = placeName(mask.split, mask.folder, key);
    if (!free.has(place)) free.set(place, mask.path);
  };
  for (const mask of masks) offer(mask, mask.key);
  for (const mask of masks) offer(mask, withoutMaskSuffix(mask.key));

  const maskOf = new Map<string, string>();
  const taken = new Set<string>();
  const abnormalFirst = images.toSorted((a, b) => (b.label ?? 0) - (a.label ?? 0));
  for (const { path, split, folder, key } of abnormalFirst) {
    const mask = [
      placeName(split, folder, key),
      placeName(null, folder, key),
      placeName(split, null, key),
      placeName(null, null, key),
    ]
      .map((place) => free.get(place))
      .find((found) => found !== undefined && !taken.has(found));
    if (mask === undefined) continue;
    maskOf.set(path, mask);
    taken.add(mask);
  }
  const left = masks.map(({ path }) => path).filter((path) => !taken.has(path));
  return {
    maskOf,
    problems: problem(
      'mask-without-image',
      'Masks that no image has: none of the name, or it has another mask already.',
      left,
    ),
  };
}

function placeName(split: Split | null, folder: string | null, key: string): string {
  return JSON.stringify([split, folder, key]);
}
