import type { Random } from '../../../base/random.js';
import { Frame } from '../frame.js';
import { smoothStep } from '../intensities.js';
import { fractalField, noiseField } from '../noise.js';
import { ellipse } from '../shapes.js';
import { strokeCoverage, vesselTree } from '../strokes.js';

export type Colour = readonly [red: number, green: number, blue: number];

/** A patch of skin in colour. */
export interface Skin {
  readonly size: number;
  /** Pixel coordinates with the origin in the middle, one unit half a picture. */
  readonly frame: Frame;
  /** Red, green and blue, 0…1. */
  readonly colour: readonly [Float32Array, Float32Array, Float32Array];
  readonly base: Colour;
  readonly tone: 'fair' | 'medium' | 'dark';
}

const tones: readonly { tone: Skin['tone']; base: Colour }[] = [
  { tone: 'fair', base: [0.9, 0.74, 0.68] },
  { tone: 'fair', base: [0.88, 0.68, 0.6] },
  { tone: 'medium', base: [0.8, 0.6, 0.48] },
  { tone: 'medium', base: [0.72, 0.52, 0.42] },
  { tone: 'dark', base: [0.52, 0.36, 0.28] },
];

/** Draws healthy skin: mottling, furrows, redness, fine vessels, freckles, pores. */
export function drawSkin(size: number, random: Random): Skin {
  const frame = new Frame(
    size,
    { centreX: 0, centreY: 0, scaleX: 1, scaleY: 1, angle: 0, warp: 0.03, warpCells: 6 },
    random,
  );
  const { tone, base: usual } = random.choose(tones);
  const shade = 1 + 0.06 * random.normal();
  const base: Colour = [
    Math.min(0.97, usual[0] * shade),
    usual[1] * shade * (1 + 0.04 * random.normal()),
    usual[2] * shade * (1 + 0.06 * random.normal()),
  ];
  const mottle = fractalField(size, 4, 4, random, 0.6);
  const red = fractalField(size, 3, 2, random);
  const cells = random.between(26, 44);
  const furrows = noiseField(size, cells, cells, random);
  const crossing = noiseField(size, 0.7 * cells, 1.2 * cells, random);
  const deep = random.between(0.01, 0.05);
  const uneven = random.between(0.015, 0.04);
  const colour = base.map((level, channel) => {
    const field = new Float32Array(size * size);
    const redness = (channel === 0 ? 0.25 : -1) * 0.02;
    for (let i = 0; i < field.length; i++) {
      const line =
        smoothStep(0.22, 0, Math.abs(furrows[i] as number)) +
        0.7 * smoothStep(0.2, 0, Math.abs(crossing[i] as number));
      field[i] =
        level * (1 + uneven * (mottle[i] as number) - deep * line) + redness * (red[i] as number);
    }
    return field;
  }) as [Float32Array, Float32Array, Float32Array];
  const skin: Skin = { size, frame, colour, base, tone };
  drawFreckles(skin, random);
  if (random.uniform() < 0.3) drawFineVessels(skin, random);
  return skin;
}

/** Brings the skin's colour to `colour` by `coverage`. */
export function paintColour(
  skin: Skin,
  coverage: Float32Array,
  colour: Colour | readonly [Float32Array, Float32Array, Float32Array],
  opacity = 1,
): void {
  for (const [channel, field] of skin.colour.entries()) {
    const aim = colour[channel] as number | Float32Array;
    for (let i = 0; i < field.length; i++) {
      const share = (coverage[i] as number) * opacity;
      if (share === 0) continue;
      const old = field[i] as number;
      field[i] = old + ((typeof aim === 'number' ? aim : (aim[i] as number)) - old) * share;
    }
  }
}

function drawFreckles(skin: Skin, random: Random): void {
  const count = random.uniform() < 0.5 ? 0 : 1 + random.integer(8);
  for (let n = 0; n < count; n++) {
    const radius = random.between(0.01, 0.035);
    const spot = ellipse(
      random.between(-1, 1),
      random.between(-1, 1),
      radius,
      radius * random.between(0.7, 1.3),
      random.between(0, 3),
    );
    const coverage = skin.frame.coverage(spot, 0.03);
    const [r, g, b] = skin.base;
    paintColour(skin, coverage, [0.75 * r, 0.62 * g, 0.52 * b], random.between(0.3, 0.7));
  }
}

function drawFineVessels(skin: Skin, random: Random): void {
  const { size } = skin;
  const trees = 1 + random.integer(3);
  for (let n = 0; n < trees; n++) {
    const strokes = vesselTree(
      [random.uniform() * size, random.uniform() * size],
      random.between(0, 2 * Math.PI),
      0.16 * size,
      (size / 240) * random.between(0.8, 1.6),
      2,
      random,
      { winding: 0.25 },
    );
    const [r, g, b] = skin.base;
    paintColour(skin, strokeCoverage(size, strokes), [0.85 * r, 0.55 * g, 0.55 * b], 0.5);
  }
}
