import type { RasterImage } from '../../base/image.js';
import type { Random } from '../../base/random.js';
import { clipDeviation, clipMean } from '../../clip/preprocess.js';

/** A picture with its mask, square. */
export interface MaskedImage {
  readonly image: RasterImage;
  readonly mask: Uint8Array;
}

/** One look at a picture: moved by whole pixels, in other grey values. */
export interface View {
  readonly right: number;
  readonly down: number;
  /** Normalised value of each grey value, for red, green and blue: [3 · 256]. */
  readonly values: Float32Array;
}

const furthestShift = 12;

/** A random view: a shift of up to 12 pixels, gamma, contrast and brightness. */
export function drawView(random: Random): View {
  const shift = () => Math.round(random.between(-furthestShift, furthestShift));
  const right = shift();
  const down = shift();
  const gamma = Math.exp(random.between(-0.3, 0.3));
  const contrast = random.between(0.8, 1.2);
  const brightness = random.between(-0.1, 0.1);
  const grey = (value: number) =>
    Math.min(1, Math.max(0, contrast * ((value / 255) ** gamma - 0.5) + 0.5 + brightness));
  return { right, down, values: normalisedValues(grey) };
}

function normalisedValues(grey: (value: number) => number): Float32Array {
  const values = new Float32Array(3 * 256);
  for (let value = 0; value < 256; value++) {
    for (let channel = 0; channel < 3; channel++) {
      values[channel * 256 + value] = (grey(value) - clipMean[channel]!) / clipDeviation[channel]!;
    }
  }
  return values;
}

/**
 * Writes patches of a view side by side: [3, p, K·p], K = `patches.length`. What a shift uncovers
 * repeats the border.
 *
 * @param patches Numbers of the patches in the grid, row by row.
 */
export function writePatches(
  { image }: MaskedImage,
  view: View,
  patches: readonly number[],
  patchSize: number,
  into: Float32Array,
): void {
  const { width, channels, data } = image;
  const grid = Math.floor(width / patchSize);
  const rowLength = patches.length * patchSize;
  const columns = new Int32Array(patchSize);
  for (const [index, patch] of patches.entries()) {
    const top = Math.floor(patch / grid) * patchSize + view.down;
    const left = (patch % grid) * patchSize + view.right;
    for (let x = 0; x < patchSize; x++) columns[x] = clamp(left + x, width);
    for (let channel = 0; channel < 3; channel++) {
      const sample = channels === 1 ? 0 : channel;
      const lookUp = channel * 256;
      for (let y = 0; y < patchSize; y++) {
        const row = clamp(top + y, width) * width;
        const start = (channel * patchSize + y) * rowLength + index * patchSize;
        for (let x = 0; x < patchSize; x++) {
          const value = data[(row + columns[x]!) * channels + sample]!;
          into[start + x] = view.values[lookUp + value]!;
        }
      }
    }
  }
}

/** The share of each patch of a view that the mask covers, 0…1. */
export function patchCoverage(
  { image, mask }: MaskedImage,
  view: Pick<View, 'right' | 'down'>,
  patches: readonly number[],
  patchSize: number,
): Float32Array {
  const { width } = image;
  const grid = Math.floor(width / patchSize);
  return Float32Array.from(patches, (patch) => {
    const top = Math.floor(patch / grid) * patchSize + view.down;
    const left = (patch % grid) * patchSize + view.right;
    let covered = 0;
    for (let y = 0; y < patchSize; y++) {
      const row = clamp(top + y, width) * width;
      for (let x = 0; x < patchSize; x++) covered += mask[row + clamp(left + x, width)]!;
    }
    return covered / (patchSize * patchSize);
  });
}

function clamp(position: number, size: number): number {
  return Math.min(size - 1, Math.max(0, position));
}

/**
 * `count` of the patches of a grid, in their order: those around `focus` (3 × 3) and random others.
 *
 * @param focus A patch that is to be seen.
 */
export function choosePatches(
  grid: number,
  count: number,
  focus: number,
  random: Random,
): number[] {
  const all = Array.from({ length: grid * grid }, (_, patch) => patch);
  if (count >= all.length) return all;
  const isNear = (patch: number) =>
    Math.abs((patch % grid) - (focus % grid)) <= 1 &&
    Math.abs(Math.floor(patch / grid) - Math.floor(focus / grid)) <= 1;
  const near = all.filter(isNear);
  const far = random.shuffle(all.filter((patch) => !isNear(patch)));
  return [...near, ...far].slice(0, count).sort((a, b) => a - b);
}
