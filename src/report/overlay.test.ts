import { describe, expect, it } from 'vitest';
import type { PixelMap, RasterImage } from '../base/image.js';
import { colourAt } from './colourMap.js';
import { blendOverlay, drawHeatMap, drawMask, drawOverlay } from './overlay.js';

function grey(width: number, height: number, value: number): RasterImage {
  return { width, height, channels: 1, data: new Uint8Array(width * height).fill(value) };
}

function constant(width: number, height: number, value: number): PixelMap {
  return { width, height, data: new Float32Array(width * height).fill(value) };
}

function pixel(image: RasterImage, x: number, y: number): number[] {
  const at = image.channels * (y * image.width + x);
  return [...image.data.subarray(at, at + image.channels)];
}

describe('drawHeatMap and drawMask', () => {
  it('colour every pixel by its value', () => {
    const map = { width: 3, height: 1, data: Float32Array.of(0, 0.5, 1) };
    const heat = drawHeatMap(map, null);
    expect([0, 1, 2].map((x) => pixel(heat, x, 0))).toEqual(
      [0, 0.5, 1].map((v) => [...colourAt(v)]),
    );
    expect([...drawMask(map, 0.5).data]).toEqual([0, 255, 255]);
  });
});

describe('blendOverlay', () => {
  it('leaves the image as it is where the map is 0', () => {
    const image = {
      width: 2,
      height: 1,
      channels: 3,
      data: Uint8Array.of(1, 2, 3, 4, 5, 6),
    } as const;
    expect([...blendOverlay(image, constant(2, 1, 0), 0.5).data]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('shows half of the image at and above the threshold', () => {
    for (const value of [0.5, 0.9]) {
      const blended = blendOverlay(grey(9, 9, 200), constant(9, 9, value), 0.5);
      const expected = colourAt(value).map((channel) => Math.round((200 + channel) / 2));
      for (const [channel, sample] of pixel(blended, 4, 4).entries()) {
        expect(Math.abs(sample - (expected[channel] as number))).toBeLessThanOrEqual(1);
      }
    }
  });

  it('is opaquer the higher the value below the threshold', () => {
    const map = { width: 4, height: 1, data: Float32Array.of(0.1, 0.2, 0.3, 0.45) };
    const blended = blendOverlay(grey(4, 1, 255), map, 0.5);
    const greens = [0, 1, 2, 3].map((x) => pixel(blended, x, 0)[1] as number);
    expect(greens).toEqual([...greens].sort((a, b) => b - a));
    expect(greens[0]).toBeGreaterThan(240);
  });

  it('outlines the mask, and nothing without a threshold', () => {
    const data = new Float32Array(100 * 100);
    for (let y = 0; y < 100; y++) data.fill(1, y * 100 + 50, y * 100 + 100);
    const map = { width: 100, height: 100, data };
    const greenest = (image: RasterImage) => {
      const [red, green, blue] = pixel(image, 50, 50) as [number, number, number];
      return green - (red + blue) / 2;
    };
    expect(greenest(blendOverlay(grey(100, 100, 0), map, 0.5))).toBeGreaterThan(40);
    expect(greenest(blendOverlay(grey(100, 100, 0), map, null))).toBeLessThan(40);
  });

  it('names both sizes where they differ', () => {
    expect(() => blendOverlay(grey(4, 3, 0), constant(3, 4, 0), null)).toThrow(/3×4.*4×3/);
  });
});

describe('drawOverlay', () => {
  const draw = (width: number, height: number, threshold: number | null, score = 0.731) =>
    drawOverlay({
      image: grey(width, height, 90),
      map: constant(width, height, 0.2),
      score,
      threshold,
    });

  it('has the image at its own size at the top left and a panel at its right', () => {
    const overlay = draw(300, 200, 0.5);
    const blended = blendOverlay(grey(300, 200, 90), constant(300, 200, 0.2), 0.5);
    expect(overlay.height).toBe(200);
    for (const [x, y] of [
      [0, 0],
      [299, 199],
      [150, 20],
    ] as const) {
      expect(pixel(overlay, x, y)).toEqual(pixel(blended, x, y));
    }
    const panel = overlay.width - 300;
    expect(panel).toBeGreaterThan(60);
    expect(panel).toBeLessThan(120);
  });

  it('stays legible for a single pixel and in proportion for a large image', () => {
    const tiny = draw(1, 1, 0.5);
    expect(tiny.height).toBeGreaterThan(100);
    const large = draw(4000, 3000, 0.5);
    expect(large.height).toBe(3000);
    expect((large.width - 4000) / 4000).toBeGreaterThan(0.1);
    expect((large.width - 4000) / 4000).toBeLessThan(0.25);
  });

  it('draws every score and threshold that can come', () => {
    for (const value of [0, 1, 1e-9, 0.012345, 0.999999, 0.5, 123, -2]) {
      expect(() => draw(20, 20, value, value)).not.toThrow();
    }
    expect(() => draw(20, 20, null)).not.toThrow();
  });

  it('prints other digits for another score', () => {
    expect(draw(60, 60, 0.5, 0.123).data).not.toEqual(draw(60, 60, 0.5, 0.124).data);
    expect(draw(60, 60, 0.5, 0.123).data).toEqual(draw(60, 60, 0.5, 0.123).data);
  });
});
