import type { PixelMap } from '../base/image.js';

/**
 * The outline of {M ≥ `threshold`} by marching squares, linear between pixel centres; regions that
 * touch the border are closed along it. A saddle joins what its mean joins.
 *
 * @param map `[H, W]`
 * @returns Segments as `x0, y0, x1, y1, …` in pixels, the first pixel spanning 0…1.
 */
export function contourSegments(map: PixelMap, threshold: number): number[] {
  const { width, height, data } = map;
  const stride = width + 2;
  const inside = new Uint8Array(stride * (height + 2)); // a frame of pixels outside surrounds the map
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if ((data[y * width + x] as number) >= threshold) inside[(y + 1) * stride + x + 1] = 1;
    }
  }

  const valueAt = (x: number, y: number): number | undefined =>
    x < 0 || y < 0 || x >= width || y >= height ? undefined : data[y * width + x];
  /** Where the outline crosses from one pixel to the next, as a share of the way. */
  const crossing = (from: number | undefined, to: number | undefined): number =>
    from === undefined || to === undefined ? 0.5 : (threshold - from) / (to - from);

  const segments: number[] = [];
  for (let y = -1; y < height; y++) {
    for (let x = -1; x < width; x++) {
      const at = (y + 1) * stride + x + 1;
      const corners =
        (inside[at] as number) |
        ((inside[at + 1] as number) << 1) |
        ((inside[at + stride + 1] as number) << 2) |
        ((inside[at + stride] as number) << 3);
      if (corners === 0 || corners === 15) continue;
      const topLeft = valueAt(x, y);
      const topRight = valueAt(x + 1, y);
      const bottomRight = valueAt(x + 1, y + 1);
      const bottomLeft = valueAt(x, y + 1);
      const mean = ((topLeft ?? 0) + (topRight ?? 0) + (bottomRight ?? 0) + (bottomLeft ?? 0)) / 4;
      const sides = sidePairs(corners, mean >= threshold);
      const originX = x + 0.5;
      const originY = y + 0.5;
      for (const side of sides) {
        if (side === 'top') segments.push(originX + crossing(topLeft, topRight), originY);
        else if (side === 'right') {
          segments.push(originX + 1, originY + crossing(topRight, bottomRight));
        } else if (side === 'bottom') {
          segments.push(originX + crossing(bottomLeft, bottomRight), originY + 1);
        } else segments.push(originX, originY + crossing(topLeft, bottomLeft));
      }
    }
  }
  return segments;
}

type Side = 'top' | 'right' | 'bottom' | 'left';

/** Sides of a cell that the outline joins, two by two; bits: top left, top right, bottom right, bottom left. */
const joined: readonly (readonly Side[])[] = [
  [],
  ['left', 'top'],
  ['top', 'right'],
  ['left', 'right'],
  ['right', 'bottom'],
  ['left', 'top', 'right', 'bottom'],
  ['top', 'bottom'],
  ['left', 'bottom'],
  ['bottom', 'left'],
  ['bottom', 'top'],
  ['top', 'right', 'bottom', 'left'],
  ['bottom', 'right'],
  ['right', 'left'],
  ['right', 'top'],
  ['top', 'left'],
  [],
];

function sidePairs(corners: number, centreInside: boolean): readonly Side[] {
  // A saddle whose centre is inside is drawn as its complement: the two inside corners are joined.
  const saddle = corners === 5 || corners === 10;
  return joined[saddle && centreInside ? 15 - corners : corners] as readonly Side[];
}
