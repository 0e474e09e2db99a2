import { IqeError } from '../base/errors.js';
import type { PixelMap, RasterImage } from '../base/image.js';
import { Canvas } from './canvas.js';
import { colourIndex, colourScale, colourTable } from './colourMap.js';
import { contourSegments } from './contour.js';
import {
  contourColour,
  contourShade,
  drawPanel,
  panelColour,
  panelLayout,
} from './overlayPanel.js';

/** Opacity of the colours at and above the threshold: the anatomy must stay visible below them. */
const fullOpacity = 0.5;

/** What a picture of a prediction shows. */
export interface OverlayContent {
  readonly image: RasterImage;
  /** Anomaly map M in 0…1 at the size of the image (`resizeMap`). */
  readonly map: PixelMap;
  /** The anomaly score in 0…1. */
  readonly score: number;
  /** τ: pixels with M ≥ τ are abnormal; `null` where none is known, and no contour is drawn. */
  readonly threshold: number | null;
}

/**
 * The anomaly map in colours: `colourMap(scale(M))`, without the image.
 *
 * @param map M in 0…1, `[H, W]`
 * @returns RGB, `[H, W]`
 */
export function drawHeatMap(map: PixelMap, threshold: number | null): RasterImage {
  const canvas = new Canvas(map.width, map.height);
  const scale = colourScale(threshold);
  for (let index = 0; index < map.data.length; index++) {
    const from = 3 * colourIndex(scale.position(map.data[index] as number));
    for (let channel = 0; channel < 3; channel++) {
      canvas.data[index * 3 + channel] = colourTable[from + channel] as number;
    }
  }
  return canvas;
}

/** The mask {M ≥ `threshold`}: 255 inside, 0 outside; grey, `[H, W]`. */
export function drawMask(map: PixelMap, threshold: number): RasterImage {
  // Not Uint8Array.from, which lists all values first: gigabytes for a large image.
  const data = new Uint8Array(map.data.length);
  for (let i = 0; i < data.length; i++) data[i] = (map.data[i] as number) >= threshold ? 255 : 0;
  return { width: map.width, height: map.height, channels: 1, data };
}

/**
 * The image under the colours of its anomaly map, with the outline of the mask; no legend. Per
 * pixel image + α · (colour − image): α grows with the square of the position on the colour map
 * up to the threshold (or up to 1 without one) and stays at 0.5 above.
 *
 * @returns RGB at the size of the image
 * @throws {IqeError} `shape` where map and image differ in size
 */
export function blendOverlay(
  image: RasterImage,
  map: PixelMap,
  threshold: number | null,
): RasterImage {
  const canvas = new Canvas(image.width, image.height);
  blend(canvas, image, map, threshold);
  return canvas;
}

/**
 * The whole overlay: `blendOverlay` at the top left, pixel for pixel, and at its right a
 * panel with the score and a colour bar with ticks at 0, the contour's value and 1. The panel's sizes
 * follow the shorter side of the image and stay legible for small ones, so the picture is larger
 * than the image: always wider, and higher where the image is very low.
 *
 * @throws {IqeError} `shape` where map and image differ in size
 */
export function drawOverlay({ image, map, score, threshold }: OverlayContent): RasterImage {
  const text = Math.max(10, Math.round(Math.min(image.width, image.height) / 36));
  const panel = panelLayout(text, score, threshold);
  const canvas = new Canvas(
    image.width + panel.width,
    Math.max(image.height, panel.minimumHeight),
    panelColour,
  );
  blend(canvas, image, map, threshold);
  drawPanel(canvas, image.width, panel, colourScale(threshold));
  return canvas;
}

function blend(canvas: Canvas, image: RasterImage, map: PixelMap, threshold: number | null): void {
  if (image.width !== map.width || image.height !== map.height) {
    throw new IqeError(
      'shape',
      `The anomaly map is ${map.width}×${map.height}, the image ${image.width}×${image.height}: resize the map first.`,
    );
  }
  canvas.paste(image, 0, 0);
  const scale = colourScale(threshold);
  const opaqueFrom = threshold === null ? 1 : scale.position(threshold);
  for (let y = 0; y < image.height; y++) {
    for (let x = 0; x < image.width; x++) {
      const position = scale.position(map.data[y * map.width + x] as number);
      const opacity = fullOpacity * Math.min(1, position / opaqueFrom) ** 2;
      const from = 3 * colourIndex(position);
      const to = 3 * (y * canvas.width + x);
      for (let channel = 0; channel < 3; channel++) {
        const below = canvas.data[to + channel] as number;
        const colour = colourTable[from + channel] as number;
        canvas.data[to + channel] = Math.round(below + opacity * (colour - below));
      }
    }
  }
  if (threshold !== null) {
    const segments = contourSegments(map, threshold);
    const radius = Math.max(0.6, Math.min(image.width, image.height) / 600);
    canvas.stroke(segments, radius * 2, contourShade, 0.55);
    canvas.stroke(segments, radius, contourColour);
  }
}
