import { IqeError } from '../base/errors.js';

/** Planes of float32 values, channel by channel, rows from the top: `[C, H, W]`. */
export interface Planes {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** `channels · height · width` values. */
  readonly data: Float32Array;
}

/**
 * Output pixel (x, y) takes the input at (a x + b y + c, d x + e y + f), in coordinates that run from
 * −1 to 1 between the outer edges of the first and last pixel of either axis (PyTorch's `affine_grid`
 * and `grid_sample` without `align_corners`).
 */
export type AffineMatrix = readonly [
  a: number,
  b: number,
  c: number,
  d: number,
  e: number,
  f: number,
];

function rotation(degrees: number): AffineMatrix {
  const angle = (degrees / 180) * Math.PI;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return [cos, -sin, 0, sin, cos, 0];
}

function translation(x: number, y: number): AffineMatrix {
  return [1, 0, x, 0, 1, y];
}

/**
 * The authors' eleven versions of an image, in their order. A rotation of an image that is not square
 * is one in the coordinates of {@link AffineMatrix}, as theirs is. Anatomy may rule some of them out
 * (a chest X-ray has no up-down mirror image): choose by name.
 */
const MATRICES = {
  identity: [1, 0, 0, 0, 1, 0],
  'rotate-22.5': rotation(-22.5),
  'rotate-11.25': rotation(-11.25),
  'rotate+11.25': rotation(11.25),
  'rotate+22.5': rotation(22.5),
  'shift+0.1+0.1': translation(0.1, 0.1),
  'shift-0.1+0.1': translation(-0.1, 0.1),
  'shift-0.1-0.1': translation(-0.1, -0.1),
  'shift+0.1-0.1': translation(0.1, -0.1),
  'flip-left-right': [-1, 0, 0, 0, 1, 0],
  'flip-up-down': [1, 0, 0, 0, -1, 0],
} as const satisfies Record<string, AffineMatrix>;

/** The name of an augmentation. */
export type Augmentation = keyof typeof MATRICES;

/** All augmentations in the authors' order; the first leaves an image as it is. */
export const AUGMENTATIONS = Object.keys(MATRICES) as readonly Augmentation[];

/**
 * An image or a mask after one augmentation, see {@link sampleAffine}. Masks are interpolated like
 * images; they are binary again above ½.
 */
export function augment(planes: Planes, augmentation: Augmentation): Planes {
  return sampleAffine(planes, MATRICES[augmentation]);
}

/**
 * out(x, y) = in(a x + b y + c, d x + e y + f), bilinear between pixel centres; what lies outside is
 * reflected at the outer edges of the image. As `grid_sample(…, 'bilinear', 'reflection',
 * align_corners=False)`; positions on a pixel's centre give its value exactly.
 *
 * @throws {IqeError} `shape` where `data` is not of `channels · height · width` values.
 */
export function sampleAffine(planes: Planes, matrix: AffineMatrix): Planes {
  const { channels, height, width, data } = planes;
  const area = height * width;
  if (data.length !== channels * area) {
    throw new IqeError(
      'shape',
      `${data.length} values are no planes [${channels}, ${height}, ${width}].`,
    );
  }
  const [a, b, c, d, e, f] = matrix;
  const output = new Float32Array(data.length);
  for (let row = 0; row < height; row++) {
    const y = (2 * row + 1) / height - 1;
    for (let column = 0; column < width; column++) {
      const x = (2 * column + 1) / width - 1;
      const fromX = inside(((a * x + b * y + c + 1) * width - 1) / 2, width);
      const fromY = inside(((d * x + e * y + f + 1) * height - 1) / 2, height);
      const left = Math.floor(fromX);
      const top = Math.floor(fromY);
      const right = Math.min(left + 1, width - 1);
      const below = Math.min(top + 1, height - 1);
      const toRight = fromX - left;
      const down = fromY - top;
      for (let plane = 0; plane < channels; plane++) {
        const start = plane * area;
        const above = start + top * width;
        const under = start + below * width;
        const upper =
          (1 - toRight) * (data[above + left] as number) +
          toRight * (data[above + right] as number);
        const lower =
          (1 - toRight) * (data[under + left] as number) +
          toRight * (data[under + right] as number);
        output[start + row * width + column] = (1 - down) * upper + down * lower;
      }
    }
  }
  return { channels, height, width, data: output };
}

/** A position along an axis, reflected at the edges −½ and `size` − ½, then within 0 … `size` − 1. */
function inside(position: number, size: number): number {
  const folded = Math.abs(position + 0.5) % (2 * size);
  const reflected = (folded > size ? 2 * size - folded : folded) - 0.5;
  const clipped = Math.max(0, Math.min(size - 1, reflected));
  const nearest = Math.round(clipped);
  // What rounding of the arithmetic alone moved off a pixel's centre goes back to it.
  return Math.abs(clipped - nearest) < 1e-9 ? nearest : clipped;
}
