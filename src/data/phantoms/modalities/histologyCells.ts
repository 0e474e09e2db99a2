import type { Random } from '../../../base/random.js';

/** How the nuclei of one kind of cell look; lengths in pixels. */
export interface CellLook {
  readonly radius: number;
  /** Relative spread of the radius: 0.1 uniform, 0.4 pleomorphic. */
  readonly spread: number;
  readonly elongation: number;
  /** Optical density of haematoxylin, 0 … 1.3, and its spread. */
  readonly density: number;
  readonly densitySpread: number;
  /** 0 evenly dark … 1 a pale (vesicular) nucleus with a dark rim. */
  readonly vesicular: number;
}

/** Adds one nucleus to the haematoxylin field. `texture` (deviation 1) gives the chromatin. */
export function drawNucleus(
  haematoxylin: Float32Array,
  size: number,
  texture: Float32Array,
  x: number,
  y: number,
  look: CellLook,
  angle: number,
  random: Random,
): void {
  const radius = look.radius * Math.max(0.5, 1 + look.spread * random.normal());
  const elongation = Math.sqrt(look.elongation * random.between(0.85, 1.2));
  const long = radius * elongation;
  const short = radius / elongation;
  const density = Math.max(0.25, look.density + look.densitySpread * random.normal());
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const reach = Math.max(long, short) + 1;
  const left = Math.max(0, Math.floor(x - reach));
  const right = Math.min(size - 1, Math.ceil(x + reach));
  const top = Math.max(0, Math.floor(y - reach));
  const bottom = Math.min(size - 1, Math.ceil(y + reach));
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const dx = column + 0.5 - x;
      const dy = row + 0.5 - y;
      const a = (dx * cos + dy * sin) / long;
      const b = (dy * cos - dx * sin) / short;
      const away = Math.sqrt(a * a + b * b);
      const coverage = Math.min(1, Math.max(0, (1 - away) * short + 0.5));
      if (coverage === 0) continue;
      const at = row * size + column;
      const pale = look.vesicular * 0.55 * Math.max(0, 1 - away * away * 1.3);
      const value = density * (1 - pale) * (1 + 0.16 * (texture[at] as number));
      const old = haematoxylin[at] as number;
      haematoxylin[at] = old + Math.max(0, value - 0.6 * old) * coverage;
    }
  }
}

/**
 * Scatters nuclei on a jittered grid `spacing` pixels wide, each kept with probability
 * `keep(pixel)` and turned by `angleAt(pixel)` (any angle where that is left out).
 */
export function scatterCells(
  haematoxylin: Float32Array,
  size: number,
  texture: Float32Array,
  spacing: number,
  look: CellLook,
  random: Random,
  keep: (pixel: number) => number,
  angleAt?: (pixel: number) => number,
): void {
  const count = Math.ceil(size / spacing);
  for (let row = -1; row <= count; row++) {
    for (let column = -1; column <= count; column++) {
      const x = (column + 0.5 + 0.42 * random.normal() + 0.5 * (row & 1)) * spacing;
      const y = (row + 0.5 + 0.42 * random.normal()) * spacing;
      const px = Math.min(size - 1, Math.max(0, Math.floor(x)));
      const py = Math.min(size - 1, Math.max(0, Math.floor(y)));
      const pixel = py * size + px;
      if (random.uniform() >= keep(pixel)) continue;
      const angle =
        angleAt === undefined
          ? random.between(0, Math.PI)
          : angleAt(pixel) + 0.25 * random.normal();
      drawNucleus(haematoxylin, size, texture, x, y, look, angle, random);
    }
  }
}
