import type { Random } from '../../../base/random.js';
import { gaussianBlur } from '../blur.js';
import { Frame } from '../frame.js';
import { mix, smoothStep } from '../intensities.js';
import { fractalField, noiseField, SmoothNoise, whiteNoise } from '../noise.js';
import { blob, grow, rim, type Shape } from '../shapes.js';
import { type CellLook, drawNucleus, scatterCells } from './histologyCells.js';

/** A stained section as optical densities of the two dyes. */
export interface Slide {
  readonly size: number;
  /** Pixel coordinates with the origin in the middle, one unit half a picture. */
  readonly frame: Frame;
  readonly haematoxylin: Float32Array;
  readonly eosin: Float32Array;
  /** Chromatin texture, deviation 1. */
  readonly texture: Float32Array;
  /** Radius in pixels of a lymphocyte's nucleus. */
  readonly cell: number;
  readonly tissue: 'lymph node' | 'breast tissue' | 'colon mucosa';
  readonly note: string;
}

/** Small round dark nuclei. */
export function lymphocyte(cell: number): CellLook {
  return {
    radius: cell,
    spread: 0.1,
    elongation: 1.05,
    density: 0.85,
    densitySpread: 0.12,
    vesicular: 0.1,
  };
}

/** Long thin nuclei of connective tissue. */
export function fibroblast(cell: number): CellLook {
  return {
    radius: 0.85 * cell,
    spread: 0.2,
    elongation: 3.6,
    density: 0.7,
    densitySpread: 0.12,
    vesicular: 0,
  };
}

/** Oval nuclei of glands. */
export function epithelialCell(cell: number): CellLook {
  return {
    radius: 1.2 * cell,
    spread: 0.12,
    elongation: 1.45,
    density: 0.68,
    densitySpread: 0.1,
    vesicular: 0.4,
  };
}

/** Draws one section of normal tissue. */
export function drawTissue(size: number, random: Random): Slide {
  const kind = random.uniform();
  const cell = (size / 240) * random.between(2.2, 3.6);
  const texture = gaussianBlur(whiteNoise(size * size, random), size, size, 0.28 * cell).map(
    (value) => value * 2.2,
  );
  const frame = new Frame(
    size,
    { centreX: 0, centreY: 0, scaleX: 1, scaleY: 1, angle: 0, warp: 0.04, warpCells: 6 },
    random,
  );
  const blank = {
    size,
    frame,
    haematoxylin: new Float32Array(size * size),
    eosin: new Float32Array(size * size),
    texture,
    cell,
  };
  if (kind < 0.4) return lymphNode(blank, random);
  return kind < 0.72 ? breast(blank, random) : colon(blank, random);
}

type Blank = Omit<Slide, 'tissue' | 'note'>;

function lymphNode(slide: Blank, random: Random): Slide {
  const { size, frame, haematoxylin, eosin, texture, cell } = slide;
  const slow = fractalField(size, 5, 3, random);
  const centre = blob(
    random.between(-0.8, 0.8),
    random.between(-0.8, 0.8),
    random.between(0.3, 0.65),
    random,
  );
  const hasCentre = random.uniform() < 0.5;
  const germinal = hasCentre ? frame.coverage(centre, 0.2) : new Float32Array(size * size);
  const sinus = noiseField(size, 4, 4, random);
  const gaps = random.uniform() < 0.5 ? 0.055 : -1;
  const open = slow.map((_value, i) => smoothStep(gaps, gaps * 0.4, Math.abs(sinus[i] as number)));
  for (let i = 0; i < eosin.length; i++) {
    const gap = gaps > 0 ? (open[i] as number) : 0;
    eosin[i] = (0.3 + 0.05 * (slow[i] as number)) * (1 - 0.75 * gap);
    haematoxylin[i] = (0.14 + 0.02 * (slow[i] as number)) * (1 - 0.9 * gap);
  }
  const closed = (i: number) => (gaps > 0 ? 1 - 0.9 * (open[i] as number) : 1);
  scatterCells(
    haematoxylin,
    size,
    texture,
    2.15 * cell,
    lymphocyte(cell),
    random,
    (i) => closed(i) * (0.95 - 0.65 * (germinal[i] as number)),
  );
  if (hasCentre) {
    const blast = { ...epithelialCell(cell), elongation: 1.15, density: 0.55, vesicular: 0.7 };
    scatterCells(
      haematoxylin,
      size,
      texture,
      3.1 * cell,
      blast,
      random,
      (i) => 0.85 * (germinal[i] as number),
    );
  }
  return {
    ...slide,
    tissue: 'lymph node',
    note: hasCentre ? 'with a germinal centre' : 'with densely packed lymphocytes',
  };
}

/** Wavy bundles of collagen with spindle nuclei along them; returns the direction of the fibres. */
function drawStroma(slide: Blank, random: Random, density: number): (pixel: number) => number {
  const { size, haematoxylin, eosin, texture, cell } = slide;
  const direction = random.between(0, Math.PI);
  const bend = noiseField(size, 3, 3, random);
  const fibres = new SmoothNoise(random, 64);
  const fine = new SmoothNoise(random, 64);
  const patches = fractalField(size, 5, 2, random);
  const angleAt = (pixel: number) => direction + 0.5 * (bend[pixel] as number);
  const frequency = 0.09 / (size / 240);
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++) {
      // Across the main direction, shifted by the bend: stripes that wave together.
      const across = y * Math.cos(direction) - x * Math.sin(direction);
      const along = x * Math.cos(direction) + y * Math.sin(direction);
      const shift = 0.1 * size * (bend[i] as number);
      const coarse = fibres.at(frequency * 0.25 * along, frequency * (across + shift));
      const thin = fine.at(frequency * 0.5 * along, frequency * 2.6 * (across + shift));
      const value = density * (1 + 0.45 * coarse + 0.25 * thin) + 0.03 * (patches[i] as number);
      const cleft = smoothStep(0.35, 0.75, -coarse);
      eosin[i] = Math.max(0.02, value * (1 - 0.7 * cleft));
      haematoxylin[i] = 0.03;
    }
  }
  scatterCells(
    haematoxylin,
    size,
    texture,
    6 * cell,
    fibroblast(cell),
    random,
    () => 0.55,
    angleAt,
  );
  return angleAt;
}

function breast(slide: Blank, random: Random): Slide {
  const { size, frame, haematoxylin, cell } = slide;
  drawStroma(slide, random, random.between(0.42, 0.6));
  const fatty = random.uniform() < 0.55;
  if (fatty) drawFatCells(slide, random);
  const ducts = random.integer(4) + (fatty ? 0 : 1);
  for (let n = 0; n < ducts; n++) {
    const radius = random.between(0.13, 0.32);
    const duct = blob(random.between(-0.9, 0.9), random.between(-0.9, 0.9), radius, random, {
      irregularity: 0.12,
      elongation: random.between(1, 1.5),
    });
    drawGland(slide, duct, random.between(0.3, 0.6) * radius, random, { goblets: false });
  }
  if (random.uniform() < 0.4) {
    // A few lymphocytes between the fibres.
    const spot = frame.coverage(
      blob(random.between(-0.7, 0.7), random.between(-0.7, 0.7), 0.3, random),
      0.3,
    );
    scatterCells(
      haematoxylin,
      size,
      slide.texture,
      3 * cell,
      lymphocyte(cell),
      random,
      (i) => 0.25 * (spot[i] as number),
    );
  }
  return {
    ...slide,
    tissue: 'breast tissue',
    note: fatty ? 'with fat cells and ducts in stroma' : 'with ducts in fibrous stroma',
  };
}

/** Fat cells: empty bubbles with thin pink walls. */
function drawFatCells(slide: Blank, random: Random): void {
  const { size, frame, haematoxylin, eosin, cell } = slide;
  const region = frame.coverage(
    blob(random.between(-0.9, 0.9), random.between(-0.9, 0.9), random.between(0.5, 1.1), random, {
      irregularity: 0.3,
    }),
    0.1,
  );
  const spacing = random.between(8, 13) * cell;
  const count = Math.ceil(size / spacing) + 1;
  const points: [number, number][] = [];
  for (let row = -1; row <= count; row++) {
    for (let column = -1; column <= count; column++) {
      points.push([
        (column + 0.5 + 0.25 * random.normal() + 0.5 * (row & 1)) * spacing,
        (row + 0.5 + 0.25 * random.normal()) * spacing * 0.9,
      ]);
    }
  }
  const columns = count + 2;
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++) {
      const share = smoothStep(0.3, 0.6, region[i] as number);
      if (share === 0) continue;
      // The two nearest centres: the wall lies where they are equally far.
      let nearest = 1e9;
      let second = 1e9;
      const row0 = Math.floor(y / (spacing * 0.9));
      const column0 = Math.floor(x / spacing);
      for (let row = Math.max(-1, row0 - 1); row <= Math.min(count, row0 + 1); row++) {
        for (
          let column = Math.max(-1, column0 - 2);
          column <= Math.min(count, column0 + 1);
          column++
        ) {
          const point = points[(row + 1) * columns + column + 1] as [number, number];
          const away = Math.hypot(point[0] - x, point[1] - y);
          if (away < nearest) {
            second = nearest;
            nearest = away;
          } else if (away < second) second = away;
        }
      }
      const wall = smoothStep(0.55 * cell, 0.15 * cell, 0.5 * (second - nearest));
      eosin[i] = mix(eosin[i] as number, 0.015 + 0.42 * wall, share);
      haematoxylin[i] = mix(haematoxylin[i] as number, 0.05 * wall, share);
    }
  }
}

/** A gland: a ring of nuclei round a lumen, pink cytoplasm between, mucin in goblet cells. */
export function drawGland(
  slide: Blank,
  gland: Shape,
  depth: number,
  random: Random,
  options: { goblets: boolean },
): void {
  const { size, frame, haematoxylin, eosin, texture, cell } = slide;
  const wall = Math.max(depth, (5 * cell) / frame.unit);
  frame.paint(haematoxylin, gland, 0.12);
  frame.paint(eosin, gland, random.between(0.3, 0.42));
  const lumen = grow(gland, -wall);
  frame.paint(haematoxylin, lumen, 0.01, { softness: 0.03 });
  frame.paint(eosin, lumen, random.choose([0.02, 0.02, 0.18]), { softness: 0.03 });
  const { bounds } = gland;
  const centre = [(bounds.left + bounds.right) / 2, (bounds.top + bounds.bottom) / 2] as const;
  const reach = (bounds.right - bounds.left) / 2;
  const around = Math.round((2 * Math.PI * reach * frame.unit) / (2.3 * cell));
  const look = epithelialCell(cell);
  const layers = options.goblets ? 1 : 2;
  for (let layer = 0; layer < layers; layer++) {
    for (let n = 0; n < around; n++) {
      const angle = (2 * Math.PI * (n + 0.3 * random.normal() + 0.5 * layer)) / around;
      // Out from the centre to the rim: the depth there tells how far the edge is.
      const edge =
        reach +
        gland.depth(centre[0] + reach * Math.cos(angle), centre[1] + reach * Math.sin(angle));
      const radius = edge - ((1.4 + 2.1 * layer) * cell) / frame.unit;
      if (radius < wall * 0.4) continue;
      const [x, y] = frame.toPixel(
        centre[0] + radius * Math.cos(angle),
        centre[1] + radius * Math.sin(angle),
      );
      if (x < -5 || y < -5 || x > size + 5 || y > size + 5) continue;
      drawNucleus(haematoxylin, size, texture, x, y, look, angle, random);
      if (options.goblets && random.uniform() < 0.5) {
        const away = radius - (3.6 * cell) / frame.unit;
        const goblet = blob(
          centre[0] + away * Math.cos(angle),
          centre[1] + away * Math.sin(angle),
          (1.7 * cell) / frame.unit,
          random,
          { irregularity: 0.1 },
        );
        frame.paint(eosin, goblet, 0.06, { softness: 0.02 });
        frame.paint(haematoxylin, goblet, 0.09, { softness: 0.02 });
      }
    }
  }
  frame.add(eosin, rim(grow(gland, 0.012), 0.02), 0.12, 0.02);
}

function colon(slide: Blank, random: Random): Slide {
  const { size, haematoxylin, texture, cell } = slide;
  drawStroma(slide, random, random.between(0.3, 0.42));
  scatterCells(haematoxylin, size, texture, 3.6 * cell, lymphocyte(cell), random, () => 0.45);
  const spacing = random.between(0.42, 0.6);
  const radius = spacing * random.between(0.36, 0.43);
  const elongation = random.between(1, 1.5);
  const angle = random.between(0, Math.PI);
  const steps = Math.ceil(1.4 / spacing);
  for (let row = -steps; row <= steps; row++) {
    for (let column = -steps; column <= steps; column++) {
      const u = (column + 0.5 * (row & 1)) * spacing + 0.04 * random.normal();
      const v = row * spacing * 0.9 + 0.04 * random.normal();
      if (Math.abs(u) > 1.25 || Math.abs(v) > 1.25) continue;
      const crypt = blob(u, v, radius, random, { irregularity: 0.08, elongation, angle });
      drawGland(slide, crypt, 0.62 * radius, random, { goblets: true });
    }
  }
  return { ...slide, tissue: 'colon mucosa', note: 'with crypts and goblet cells' };
}
