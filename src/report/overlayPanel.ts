import type { Canvas } from './canvas.js';
import { type ColourScale, colourAt, type Rgb } from './colourMap.js';
import { formatScore } from './numbers.js';
import { drawText, textWidth } from './strokeFont.js';

/** The outline of the mask, on the image and on the colour bar, and what sets it off. */
export const contourColour: Rgb = [64, 255, 214];
export const contourShade: Rgb = [0, 24, 20];
export const panelColour: Rgb = [18, 18, 20];
const frameColour: Rgb = [84, 84, 90];
const textColour: Rgb = [240, 240, 242];
const captionColour: Rgb = [160, 160, 166];

/** Said of the tick at the map's threshold, which is not the score's: the contour lies there. */
const contourCaption = 'contour';

/** Lengths of the panel in digit heights. */
const captionSize = 0.8;
const scoreSize = 1.5;
const barTop = 5.2;
const shortestBar = 6;
const barWidth = 1.25;
const tickGap = 0.75;

/** What the panel beside an overlay says and how large it is. */
export interface Panel {
  /** Height of the digits in pixels, the unit of all lengths. */
  readonly text: number;
  readonly width: number;
  readonly minimumHeight: number;
  readonly score: string;
  readonly ticks: readonly { readonly value: number; readonly label: string }[];
}

/**
 * Lays out the panel.
 *
 * @param text Height of the digits in pixels
 */
export function panelLayout(text: number, score: number, threshold: number | null): Panel {
  const scoreText = formatScore(score);
  const ticks = [0, threshold, 1]
    .filter((value) => value !== null)
    .filter((value, index, values) => values.indexOf(value) === index)
    .map((value) => ({
      value,
      label: value === 0 || value === 1 ? `${value}` : formatScore(value),
    }));
  const labelWidth = Math.max(...ticks.map(({ label }) => textWidth(label, text)));
  const captionWidth = textWidth(contourCaption, text * captionSize);
  const inner = Math.max(
    textWidth(scoreText, text * scoreSize),
    text * (barWidth + tickGap) +
      (threshold === null ? labelWidth : Math.max(labelWidth, captionWidth)),
  );
  return {
    text,
    width: Math.ceil(inner + 2 * text),
    minimumHeight: Math.ceil(text * (barTop + shortestBar + 1)),
    score: scoreText,
    ticks,
  };
}

/** Draws the panel from column `left` on, over the whole height of `canvas`. */
export function drawPanel(canvas: Canvas, left: number, panel: Panel, scale: ColourScale): void {
  const { text } = panel;
  const x = left + text;
  drawText(canvas, 'score', x, text, text * captionSize, captionColour);
  drawText(canvas, panel.score, x, Math.round(text * 2.35), text * scoreSize, textColour);

  const top = Math.round(text * barTop);
  const height = canvas.height - top - text;
  const width = Math.round(text * barWidth);
  const frame = Math.max(1, Math.round(text / 16));
  canvas.fill(x - frame, top - frame, width + 2 * frame, height + 2 * frame, frameColour);
  for (let row = 0; row < height; row++) {
    canvas.fill(x, top + row, width, 1, colourAt(1 - row / (height - 1)));
  }
  for (const { value, label } of panel.ticks) {
    const y = top + 0.5 + (1 - Math.min(1, Math.max(0, scale.position(value)))) * (height - 1);
    const isThreshold = value === scale.threshold;
    const colour = isThreshold ? contourColour : textColour;
    const radius = Math.max(0.5, text / 20);
    const labelLeft = x + width + text * tickGap;
    const tickEnd = x + width + text * 0.35;
    if (isThreshold) {
      canvas.stroke([x, y, tickEnd, y], radius * 2, contourShade, 0.55);
      canvas.stroke([x, y, tickEnd, y], radius, colour);
      const below = y + text * 0.8;
      const fits = below + text * captionSize <= canvas.height;
      const captionTop = fits ? below : y - text * 1.6;
      drawText(canvas, contourCaption, labelLeft, captionTop, text * captionSize, captionColour);
    } else canvas.stroke([x + width, y, tickEnd, y], radius, colour);
    drawText(canvas, label, labelLeft, y - text / 2, text, colour);
  }
}
