import type { Random } from '../../base/random.js';

/** 5 × 7 dot letters, a row a number of five bits. */
const glyphs: Readonly<Record<string, readonly number[]>> = {
  A: [14, 17, 17, 31, 17, 17, 17],
  B: [30, 17, 17, 30, 17, 17, 30],
  C: [14, 17, 16, 16, 16, 17, 14],
  D: [30, 17, 17, 17, 17, 17, 30],
  E: [31, 16, 16, 30, 16, 16, 31],
  F: [31, 16, 16, 30, 16, 16, 16],
  H: [17, 17, 17, 31, 17, 17, 17],
  I: [14, 4, 4, 4, 4, 4, 14],
  L: [16, 16, 16, 16, 16, 16, 31],
  M: [17, 27, 21, 21, 17, 17, 17],
  N: [17, 25, 21, 19, 17, 17, 17],
  O: [14, 17, 17, 17, 17, 17, 14],
  P: [30, 17, 17, 30, 16, 16, 16],
  R: [30, 17, 17, 30, 20, 18, 17],
  S: [15, 16, 16, 14, 1, 1, 30],
  T: [31, 4, 4, 4, 4, 4, 4],
  U: [17, 17, 17, 17, 17, 17, 14],
  V: [17, 17, 17, 17, 17, 10, 4],
  X: [17, 17, 10, 4, 10, 17, 17],
  a: [0, 0, 14, 1, 15, 17, 15],
  b: [16, 16, 30, 17, 17, 17, 30],
  c: [0, 0, 14, 16, 16, 17, 14],
  d: [1, 1, 15, 17, 17, 17, 15],
  m: [0, 0, 26, 21, 21, 21, 21],
  '0': [14, 17, 19, 21, 25, 17, 14],
  '1': [4, 12, 4, 4, 4, 4, 14],
  '2': [14, 17, 1, 6, 8, 16, 31],
  '3': [30, 1, 1, 14, 1, 1, 30],
  '4': [2, 6, 10, 18, 31, 2, 2],
  '5': [31, 16, 30, 1, 1, 17, 14],
  '6': [6, 8, 16, 30, 17, 17, 14],
  '7': [31, 1, 2, 4, 8, 8, 8],
  '8': [14, 17, 17, 14, 17, 17, 14],
  '9': [14, 17, 17, 15, 1, 2, 12],
  '.': [0, 0, 0, 0, 0, 12, 12],
  '+': [0, 4, 4, 31, 4, 4, 0],
  '-': [0, 0, 0, 31, 0, 0, 0],
  ':': [0, 12, 12, 0, 12, 12, 0],
  ' ': [0, 0, 0, 0, 0, 0, 0],
};

/** Where burnt-in text can stand, as fractions of the picture. */
export interface TextPlace {
  readonly x: number;
  readonly y: number;
}

/**
 * Burns `text` into a coverage field, its left upper corner at `place`, a letter `height` pixels
 * high. Letters without a glyph are left out.
 */
export function drawText(
  coverage: Float32Array,
  size: number,
  text: string,
  place: TextPlace,
  height: number,
): void {
  const dot = height / 7;
  const left = place.x * size;
  const top = place.y * size;
  let pen = left;
  for (const letter of text) {
    const rows = glyphs[letter];
    if (rows === undefined) continue;
    for (let y = Math.floor(top); y < top + height; y++) {
      for (let x = Math.floor(pen); x < pen + 5 * dot; x++) {
        if (x < 0 || y < 0 || x >= size || y >= size) continue;
        const row = Math.floor((y + 0.5 - top) / dot);
        const column = Math.floor((x + 0.5 - pen) / dot);
        if (row < 0 || row > 6 || column < 0 || column > 4) continue;
        if (((rows[row] as number) >> (4 - column)) & 1) coverage[y * size + x] = 1;
      }
    }
    pen += 6 * dot;
  }
}

/** A cross of four arms, as at the ends of a caliper's line. */
export function drawCross(
  coverage: Float32Array,
  size: number,
  x: number,
  y: number,
  arm: number,
): void {
  for (let k = -arm; k <= arm; k++) {
    for (const [px, py] of [
      [Math.round(x) + k, Math.round(y)],
      [Math.round(x), Math.round(y) + k],
    ] as const) {
      if (px >= 0 && py >= 0 && px < size && py < size) coverage[py * size + px] = 1;
    }
  }
}

/** A dotted line of `steps` dots from one point to another. */
export function drawDots(
  coverage: Float32Array,
  size: number,
  from: readonly [number, number],
  to: readonly [number, number],
  steps: number,
): void {
  for (let step = 0; step <= steps; step++) {
    const x = Math.round(from[0] + ((to[0] - from[0]) * step) / steps);
    const y = Math.round(from[1] + ((to[1] - from[1]) * step) / steps);
    if (x >= 0 && y >= 0 && x < size && y < size) coverage[y * size + x] = 1;
  }
}

/** A scale of ticks along one side of the picture, every fifth one longer. */
export function drawScale(
  coverage: Float32Array,
  size: number,
  side: 'left' | 'right' | 'bottom',
  random: Random,
): void {
  const spacing = Math.max(3, Math.round(size * random.between(0.02, 0.05)));
  const arm = Math.max(1, Math.round(size * 0.01));
  const inset = Math.round(size * 0.01);
  for (let step = 0; step * spacing < size; step++) {
    const length = step % 5 === 0 ? 2 * arm : arm;
    for (let k = 0; k < length; k++) {
      const along = step * spacing;
      const depth = inset + k;
      const at =
        side === 'left'
          ? along * size + depth
          : side === 'right'
            ? along * size + size - 1 - depth
            : (size - 1 - depth) * size + along;
      coverage[at] = 1;
    }
  }
}
