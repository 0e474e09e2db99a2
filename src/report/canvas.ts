import type { RasterImage } from '../base/image.js';
import type { Rgb } from './colourMap.js';

/** An RGB picture that is drawn on. Coordinates are pixels; the first pixel spans 0…1. */
export class Canvas implements RasterImage {
  readonly channels = 3;
  readonly data: Uint8Array;

  constructor(
    readonly width: number,
    readonly height: number,
    background: Rgb = [0, 0, 0],
  ) {
    this.data = new Uint8Array(width * height * 3);
    this.fill(0, 0, width, height, background);
  }

  /** Sets one pixel; no check of the position. */
  set(x: number, y: number, red: number, green: number, blue: number): void {
    const at = 3 * (y * this.width + x);
    this.data[at] = red;
    this.data[at + 1] = green;
    this.data[at + 2] = blue;
  }

  /** Fills whole pixels of a rectangle, clipped to the canvas. */
  fill(left: number, top: number, width: number, height: number, colour: Rgb): void {
    const right = Math.min(this.width, left + width);
    const bottom = Math.min(this.height, top + height);
    for (let y = Math.max(0, top); y < bottom; y++) {
      for (let x = Math.max(0, left); x < right; x++) this.set(x, y, ...colour);
    }
  }

  /** Copies `image` with its top left pixel at (`left`, `top`); it must lie within the canvas. */
  paste(image: RasterImage, left: number, top: number): void {
    for (let y = 0; y < image.height; y++) {
      for (let x = 0; x < image.width; x++) {
        const at = image.channels * (y * image.width + x);
        const red = image.data[at] as number;
        if (image.channels === 1) this.set(left + x, top + y, red, red, red);
        else {
          const green = image.data[at + 1] as number;
          this.set(left + x, top + y, red, green, image.data[at + 2] as number);
        }
      }
    }
  }

  /**
   * Draws line segments with round ends as one antialiased shape: coverage is
   * clamp(`radius` + ½ − distance, 0, 1), the largest of all segments.
   *
   * @param segments `x0, y0, x1, y1, …`; a segment of no length is a dot
   * @param opacity 0…1
   */
  stroke(segments: readonly number[], radius: number, colour: Rgb, opacity = 1): void {
    const reach = radius + 1;
    const box = boundingBox(segments, reach, this.width, this.height);
    const boxWidth = box.right - box.left;
    const boxHeight = box.bottom - box.top;
    if (boxWidth <= 0 || boxHeight <= 0) return;
    const coverage = new Uint8Array(boxWidth * boxHeight);
    for (let index = 0; index < segments.length; index += 4) {
      const x0 = segments[index] as number;
      const y0 = segments[index + 1] as number;
      const dx = (segments[index + 2] as number) - x0;
      const dy = (segments[index + 3] as number) - y0;
      const length2 = dx * dx + dy * dy;
      const left = Math.max(box.left, Math.floor(Math.min(x0, x0 + dx) - reach));
      const right = Math.min(box.right, Math.ceil(Math.max(x0, x0 + dx) + reach));
      const top = Math.max(box.top, Math.floor(Math.min(y0, y0 + dy) - reach));
      const bottom = Math.min(box.bottom, Math.ceil(Math.max(y0, y0 + dy) + reach));
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) {
          const px = x + 0.5 - x0;
          const py = y + 0.5 - y0;
          const along = length2 > 0 ? Math.min(1, Math.max(0, (px * dx + py * dy) / length2)) : 0;
          const distance = Math.hypot(px - along * dx, py - along * dy);
          const share = Math.min(1, Math.max(0, radius + 0.5 - distance));
          const at = (y - box.top) * boxWidth + x - box.left;
          coverage[at] = Math.max(coverage[at] as number, Math.round(255 * share));
        }
      }
    }
    for (let y = 0; y < boxHeight; y++) {
      for (let x = 0; x < boxWidth; x++) {
        const share = ((coverage[y * boxWidth + x] as number) / 255) * opacity;
        if (share > 0) this.#blend(box.left + x, box.top + y, colour, share);
      }
    }
  }

  #blend(x: number, y: number, colour: Rgb, share: number): void {
    const at = 3 * (y * this.width + x);
    for (let channel = 0; channel < 3; channel++) {
      const below = this.data[at + channel] as number;
      this.data[at + channel] = Math.round(below + share * ((colour[channel] as number) - below));
    }
  }
}

/** The pixels that segments can touch, clipped to `width` × `height`. */
function boundingBox(segments: readonly number[], reach: number, width: number, height: number) {
  let left = Number.POSITIVE_INFINITY;
  let top = Number.POSITIVE_INFINITY;
  let right = Number.NEGATIVE_INFINITY;
  let bottom = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < segments.length; index += 2) {
    left = Math.min(left, segments[index] as number);
    right = Math.max(right, segments[index] as number);
    top = Math.min(top, segments[index + 1] as number);
    bottom = Math.max(bottom, segments[index + 1] as number);
  }
  return {
    left: Math.max(0, Math.floor(left - reach)),
    top: Math.max(0, Math.floor(top - reach)),
    right: Math.min(width, Math.ceil(right + reach)),
    bottom: Math.min(height, Math.ceil(bottom + reach)),
  };
}
