import { type LayoutName, type Split, withoutExtension } from '../layout.js';
import { isImageFolder, isMaskFolder, labelNamed, splitNamed, withoutMaskSuffix } from './names.js';
import { type Place, pairMasks } from './pairing.js';
import { problem, type Reading } from './reading.js';

/**
 * Reads splits, labels and masks off the names of folders. The layouts `benchmark`, `mvtec` and
 * `plain` are one grammar:
 *
 *     [SPLIT/] CLASS/ [img/] NAME                an image
 *     [SPLIT/] CLASS/ MASKS/ NAME                its mask
 *     [SPLIT/] MASKS/ [SPLIT/] [CLASS/] NAME     its mask, beside the folders of classes
 *
 * and `NAME_mask` in the folder of an image NAME is its mask. What SPLIT, CLASS, `img` and MASKS may
 * be is in `names.ts`. Where no CLASS is named as abnormal, every one that is not named as normal is
 * a defect or disease, as MVTec has it.
 *
 * @param files Paths of image files, relative to the root with `/`.
 * @returns Null where no folder is one of normal or of abnormal images.
 */
export function readFolderNames(files: readonly string[]): Reading | null {
  const { images, masks, hasMasksBeside } = placeFiles(files);
  const withSplits = images.some(({ split, folder }) => split !== null && isClass(folder));
  const candidates = images.filter(({ split }) => (split !== null) === withSplits);
  const labels = new Set(candidates.map(({ folder }) => labelNamed(folder)));
  if (!labels.has(0) && !labels.has(1)) return null;
  const hasDefects = !labels.has(1);

  const labelled: (Place & { readonly label: 0 | 1; readonly className: string | null })[] = [];
  for (const image of candidates) {
    const { folder } = image;
    const label = labelNamed(folder);
    if (label !== undefined) labelled.push({ ...image, label, className: null });
    else if (hasDefects && folder !== null)
      labelled.push({ ...image, label: 1, className: folder });
  }
  const { maskOf, problems } = pairMasks(labelled, masks);
  const known = new Set(labelled.map(({ path }) => path));
  const ignored = images.map(({ path }) => path).filter((path) => !known.has(path));
  const namesDefects = labelled.some(({ className }) => className !== null);
  return {
    layout: folderLayout(withSplits, namesDefects || hasMasksBeside),
    samples: labelled.map(({ path, split, label, className }) => ({
      image: path,
      label,
      mask: maskOf.get(path) ?? null,
      split,
      patient: null,
      className,
    })),
    problems: [
      ...problems,
      ...problem('ignored-images', 'Images outside the folders that say what they are.', ignored),
    ],
  };
}

/** All images, none with a label; with a split and a mask where folders and names give them. */
export function readUnlabelled(files: readonly string[]): Reading {
  const { images, masks } = placeFiles(files);
  const { maskOf, problems } = pairMasks(
    images.map((image) => ({ ...image, label: null })),
    masks,
  );
  const samples = images.map(({ path, split }) => ({
    image: path,
    label: null,
    mask: maskOf.get(path) ?? null,
    split,
    patient: null,
    className: null,
  }));
  return { layout: 'images', samples, problems };
}

function isClass(folder: string | null): boolean {
  return labelNamed(folder) !== undefined;
}

function folderLayout(withSplits: boolean, likeMvtec: boolean): LayoutName {
  if (!withSplits) return 'plain';
  return likeMvtec ? 'mvtec' : 'benchmark';
}

/** Tells images from masks by their folders and names, and takes their paths apart. */
export function placeFiles(files: readonly string[]): {
  images: Place[];
  masks: Place[];
  /** Whether masks lie beside the folders of classes, not within them. */
  hasMasksBeside: boolean;
} {
  const names = new Set(files.map(withoutExtension));
  const images: Place[] = [];
  const masks: Place[] = [];
  const beside: { path: string; split: Split | null; folders: string[]; name: string }[] = [];
  for (const path of files) {
    const folders = withoutExtension(path).split('/');
    const name = folders.pop() as string;
    dropImageFolder(folders);
    const split = takeSplit(folders);
    dropImageFolder(folders);
    if (isMaskFolder(folders[0])) {
      folders.shift();
      beside.push({ path, split, folders, name });
      continue;
    }
    const folder = folders.shift() ?? null;
    const inMasks = isMaskFolder(folders[0]);
    if (inMasks) folders.shift();
    else dropImageFolder(folders);
    const place = { path, split, folder, key: [...folders, name].join('/') };
    (inMasks || isMaskBesideImage(path, names) ? masks : images).push(place);
  }
  const classes = new Set(images.map(({ folder }) => folder));
  for (const { path, split, folders, name } of beside) {
    const ownSplit = split ?? takeSplit(folders);
    const folder = classes.has(folders[0] ?? null) ? (folders.shift() ?? null) : null;
    masks.push({ path, split: ownSplit, folder, key: [...folders, name].join('/') });
  }
  return { images, masks, hasMasksBeside: beside.length > 0 };
}

function takeSplit(folders: string[]): Split | null {
  const split = splitNamed(folders[0]);
  if (split !== undefined) folders.shift();
  return split ?? null;
}

function dropImageFolder(folders: string[]): void {
  if (isImageFolder(folders[0])) folders.shift();
}

/** `a_mask.png`, and as the second of several `a_mask_1.png`, in the folder of an image `a`. */
function isMaskBesideImage(path: string, names: ReadonlySet<string>): boolean {
  const name = withoutExtension(path).replace(/(_mask)_\d+$/i, '$1');
  const image = withoutMaskSuffix(name);
  return image !== name && names.has(image);
}
