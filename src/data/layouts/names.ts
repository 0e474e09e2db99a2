import type { Split } from '../layout.js';

const SPLITS: Readonly<Record<string, Split>> = {
  train: 'train',
  training: 'train',
  valid: 'valid',
  val: 'valid',
  validation: 'valid',
  test: 'test',
  testing: 'test',
};

const LABELS: Readonly<Record<string, 0 | 1>> = {
  good: 0,
  normal: 0,
  healthy: 0,
  negative: 0,
  no: 0,
  ungood: 1,
  bad: 1,
  abnormal: 1,
  anomaly: 1,
  anomalous: 1,
  anomalies: 1,
  defective: 1,
  positive: 1,
  yes: 1,
};

const MASK_FOLDERS: ReadonlySet<string> = new Set([
  'anomaly_mask',
  'ground_truth',
  'label',
  'labels',
  'mask',
  'masks',
]);

const IMAGE_FOLDERS: ReadonlySet<string> = new Set(['img', 'image', 'images']);

/** The split that a folder or a table calls so, in any case of letters; undefined for other names. */
export function splitNamed(name: string | null | undefined): Split | undefined {
  return lookUp(SPLITS, name);
}

/** The label that a folder or a table calls so (`good`, `Ungood`, `NORMAL`, …). */
export function labelNamed(name: string | null | undefined): 0 | 1 | undefined {
  return lookUp(LABELS, name);
}

/** Whether a folder of this name holds masks. */
export function isMaskFolder(name: string | null | undefined): boolean {
  return typeof name === 'string' && MASK_FOLDERS.has(name.toLowerCase());
}

/** Whether a folder of this name holds images and says nothing else of them. */
export function isImageFolder(name: string | null | undefined): boolean {
  return typeof name === 'string' && IMAGE_FOLDERS.has(name.toLowerCase());
}

/** A mask's name without what tells it from its image's: `000_mask` is the mask of `000`. */
export function withoutMaskSuffix(name: string): string {
  return name.replace(/_(mask|label|gt|seg|segmentation)$/i, '');
}

function lookUp<T>(
  table: Readonly<Record<string, T>>,
  name: string | null | undefined,
): T | undefined {
  const key = name?.trim().toLowerCase() ?? '';
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
