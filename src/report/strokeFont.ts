import type { Canvas } from './canvas.js';
import type { Rgb } from './colourMap.js';

/**
 * A small font of round strokes for the numbers on pictures: pictures must not depend on the fonts
 * of a machine, nor on a browser. Heights: 0 is the top of a digit, 1 the baseline.
 */
type Point = readonly [x: number, y: number];

interface Glyph {
  /** Width without the gap to the next character, as a share of the digit height. */
  readonly width: number;
  readonly strokes: readonly (readonly Point[])[];
}

/** Points of an ellipse's arc; degrees clockwise from the right. */
function arc(x: number, y: number, rx: number, ry: number, from: number, to: number): Point[] {
  const steps = Math.ceil(Math.abs(to - from) / 12);
  return Array.from({ length: steps + 1 }, (_, step) => {
    const angle = ((from + ((to - from) * step) / steps) * Math.PI) / 180;
    return [x + rx * Math.cos(angle), y + ry * Math.sin(angle)] as const;
  });
}

/** Points of a quadratic Bézier curve. */
function curve(start: Point, control: Point, end: Point): Point[] {
  const steps = 10;
  return Array.from({ length: steps + 1 }, (_, step) => {
    const t = step / steps;
    const mix = (axis: 0 | 1) =>
      (1 - t) ** 2 * start[axis] + 2 * t * (1 - t) * control[axis] + t * t * end[axis];
    return [mix(0), mix(1)] as const;
  });
}

const six: readonly (readonly Point[])[] = [
  arc(0.28, 0.68, 0.28, 0.32, 0, 360),
  curve([0, 0.68], [0.02, 0.32], [0.4, 0]),
];

const glyphs: Readonly<Record<string, Glyph>> = {
  '0': {
    width: 0.56,
    strokes: [
      [...arc(0.28, 0.3, 0.28, 0.3, 180, 360), ...arc(0.28, 0.7, 0.28, 0.3, 0, 180), [0, 0.3]],
    ],
  },
  '1': {
    width: 0.4,
    strokes: [
      [
        [0.02, 0.2],
        [0.25, 0],
        [0.25, 1],
      ],
    ],
  },
  '2': { width: 0.56, strokes: [[...arc(0.28, 0.28, 0.27, 0.28, 190, 395), [0, 1], [0.56, 1]]] },
  '3': {
    width: 0.56,
    strokes: [[...arc(0.27, 0.25, 0.25, 0.25, 205, 450), ...arc(0.27, 0.75, 0.29, 0.25, 270, 515)]],
  },
  '4': {
    width: 0.58,
    strokes: [
      [
        [0.43, 1],
        [0.43, 0],
        [0, 0.7],
        [0.58, 0.7],
      ],
    ],
  },
  '5': {
    width: 0.56,
    strokes: [[[0.5, 0], [0.08, 0], [0.05, 0.46], ...arc(0.26, 0.68, 0.3, 0.32, 225, 505)]],
  },
  '6': { width: 0.56, strokes: six },
  '7': {
    width: 0.54,
    strokes: [
      [
        [0, 0],
        [0.54, 0],
        [0.16, 1],
      ],
    ],
  },
  '8': {
    width: 0.56,
    strokes: [arc(0.28, 0.25, 0.24, 0.25, 0, 360), arc(0.28, 0.75, 0.28, 0.25, 0, 360)],
  },
  '9': {
    width: 0.56,
    strokes: six.map((stroke) => stroke.map(([x, y]) => [0.56 - x, 1 - y] as const)),
  },
  '.': {
    width: 0.1,
    strokes: [
      [
        [0.05, 0.98],
        [0.05, 1],
      ],
    ],
  },
  '-': {
    width: 0.36,
    strokes: [
      [
        [0, 0.58],
        [0.36, 0.58],
      ],
    ],
  },
  c: { width: 0.46, strokes: [arc(0.27, 0.66, 0.27, 0.34, 310, 50)] },
  e: { width: 0.53, strokes: [[[0.01, 0.66], ...arc(0.27, 0.66, 0.26, 0.34, 360, 48)]] },
  n: {
    width: 0.47,
    strokes: [
      [
        [0, 0.34],
        [0, 1],
      ],
      [...arc(0.235, 0.62, 0.235, 0.28, 180, 360), [0.47, 1]],
    ],
  },
  o: { width: 0.54, strokes: [arc(0.27, 0.66, 0.27, 0.34, 0, 360)] },
  r: {
    width: 0.32,
    strokes: [
      [
        [0, 0.34],
        [0, 1],
      ],
      arc(0.24, 0.62, 0.24, 0.28, 180, 300),
    ],
  },
  s: {
    width: 0.44,
    strokes: [[...arc(0.22, 0.49, 0.2, 0.16, 325, 90), ...arc(0.22, 0.83, 0.22, 0.17, 270, 515)]],
  },
  t: {
    width: 0.32,
    strokes: [
      [[0.14, 0.1], [0.14, 0.78], ...curve([0.14, 0.78], [0.14, 1], [0.32, 0.98])],
      [
        [0, 0.34],
        [0.3, 0.34],
      ],
    ],
  },
  u: {
    width: 0.47,
    strokes: [
      [[0, 0.34], ...arc(0.235, 0.72, 0.235, 0.28, 180, 0)],
      [
        [0.47, 0.34],
        [0.47, 1],
      ],
    ],
  },
};

/** The gap between characters, and the radius of the strokes, as shares of the digit height. */
const gap = 0.24;
const strokeRadius = 0.065;

/** Width in pixels of `text` with digits `height` pixels high. */
export function textWidth(text: string, height: number): number {
  const widths = [...text].map((character) => glyphOf(character).width);
  return height * (widths.reduce((sum, width) => sum + width, 0) + gap * (widths.length - 1));
}

/**
 * Writes `text` on `canvas`, its digits `height` pixels high with their top left at (`left`,
 * `top`). Characters of the font: digits, point, minus and the letters of "score", "contour".
 */
export function drawText(
  canvas: Canvas,
  text: string,
  left: number,
  top: number,
  height: number,
  colour: Rgb,
): void {
  const segments: number[] = [];
  let x = left;
  for (const character of text) {
    const glyph = glyphOf(character);
    for (const stroke of glyph.strokes) {
      for (let index = 1; index < stroke.length; index++) {
        const [x0, y0] = stroke[index - 1] as Point;
        const [x1, y1] = stroke[index] as Point;
        segments.push(x + height * x0, top + height * y0, x + height * x1, top + height * y1);
      }
    }
    x += height * (glyph.width + gap);
  }
  canvas.stroke(segments, Math.max(0.5, strokeRadius * height), colour);
}

function glyphOf(character: string): Glyph {
  const glyph = glyphs[character];
  if (!glyph) throw new RangeError(`The picture font has no "${character}".`);
  return glyph;
}
