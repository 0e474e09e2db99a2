/** The part of a data set that an image belongs to. */
export type Split = 'train' | 'valid' | 'test';

/**
 * How a data set lies on the disk:
 * - `benchmark`: `{train,valid,test}/{good,Ungood}/{img,anomaly_mask}/…`, `img/` may be missing
 * - `mvtec`: `{train,test}/{good,DEFECT}/…` with `ground_truth/DEFECT/NAME_mask.png`
 * - `meta`: a `meta.json` of CLIP-based peers beside the images
 * - `manifest`: a CSV or JSONL file with one line per image
 * - `plain`: `normal/…` and `abnormal/…`, with masks in `masks/…`
 * - `folders`: a folder of normal and one of abnormal images, wherever they are
 * - `images`: images without labels
 */
export type LayoutName =
  | 'benchmark'
  | 'mvtec'
  | 'meta'
  | 'manifest'
  | 'plain'
  | 'folders'
  | 'images';

/** One image of a data set and what is known of it. */
export interface Sample {
  /**
   * The image's path relative to the root, with `/` on every system; of a part of a file with that,
   * as `scan.nii.gz#axial=57` (see `splitImageName`).
   */
  readonly id: string;
  /** The same for the file system. */
  readonly imagePath: string;
  /** 0 normal, 1 abnormal, null not known. */
  readonly label: 0 | 1 | null;
  /** Null is an empty mask for a normal image of a set that has masks, else not known. */
  readonly maskPath: string | null;
  readonly split: Split | null;
  readonly patient: string | null;
  /** What the set's author calls the image's class: MVTec's defect, `cls_name`, the column `class`. */
  readonly className: string | null;
}

export type ProblemKind =
  | 'abnormal-without-mask'
  | 'mask-without-image'
  | 'missing-image'
  | 'missing-mask'
  | 'ignored-images'
  | 'ignored-file';

/** Something about a data set that its owner should know; it can be used nevertheless. */
export interface DataProblem {
  readonly kind: ProblemKind;
  readonly message: string;
  /** The files in question, relative to the root. */
  readonly paths: readonly string[];
}

export interface DataSet {
  readonly name: string;
  readonly root: string;
  readonly layout: LayoutName;
  /** In the order of their ids by code point, on every system. */
  readonly samples: readonly Sample[];
  /** Whether any image has a mask; then a normal image without one has an empty mask. */
  readonly hasMasks: boolean;
  /** Where `patient` comes from; `derived` by {@link derivePatients} from file names. */
  readonly patients: 'given' | 'derived' | 'none';
  readonly problems: readonly DataProblem[];
}

/**
 * Names of files that may be images end in one of these. BMP is among them so that it is reported
 * and not overlooked; it cannot be read.
 */
export const IMAGE_EXTENSIONS: readonly string[] = [
  '.png',
  '.jpg',
  '.jpeg',
  '.tif',
  '.tiff',
  '.webp',
  '.gif',
  '.bmp',
  '.dcm',
  '.nii',
  '.nii.gz',
];

/** Whether a file's name says that it may be an image. */
export function isImageName(name: string): boolean {
  const lower = name.toLowerCase();
  return IMAGE_EXTENSIONS.some((extension) => lower.endsWith(extension));
}

/** A path without its image extension (`.nii.gz` counts as one). */
export function withoutExtension(path: string): string {
  const lower = path.toLowerCase();
  const found = IMAGE_EXTENSIONS.filter((extension) => lower.endsWith(extension));
  return path.slice(0, path.length - Math.max(0, ...found.map(({ length }) => length)));
}

/** The last part of a path with `/`. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Orders text by code point, the same in every language and on every system. */
export function compareCodePoints(a: string, b: string): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    if (a[i] !== b[i]) return (a.codePointAt(i) as number) - (b.codePointAt(i) as number);
  }
  return a.length - b.length;
}
