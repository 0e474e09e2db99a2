import type { Random } from '../../../base/random.js';
import { mix, smoothStep } from '../intensities.js';
import type { DrawnLesion } from '../lesions.js';
import { fractalField, noiseField, SmoothNoise } from '../noise.js';

/**
 * Heights of the retina's borders by column, in pixels from the top. A lesion may move them
 * before the layers are filled in.
 */
export interface RetinaPlan {
  readonly size: number;
  /** Upper border of the retina (inner limiting membrane). */
  readonly surface: Float32Array;
  /** Outer end of the photoreceptors, on which the pigment epithelium lies when healthy. */
  readonly receptors: Float32Array;
  /** Upper border of the pigment epithelium; below `receptors` where fluid separates them. */
  readonly epithelium: Float32Array;
  /** Lower border of the healthy pigment epithelium (Bruch's membrane). */
  readonly membrane: Float32Array;
  /** Column of the foveal pit (may lie outside the picture) and pixels per retinal thickness. */
  readonly fovea: number;
  readonly thickness: number;
  /** Filled by the lesion: called with the reflectivity once all layers are drawn. */
  paint: ((reflectivity: Float32Array) => void) | undefined;
}

export interface Retina {
  readonly reflectivity: Float32Array;
  readonly hasFovea: boolean;
  readonly lesion: DrawnLesion | null;
}

/** Layers from the surface to the receptors' end: relative thickness at the fovea and away, brightness. */
const layers = [
  { name: 'nerve fibres', centre: 0.01, away: 0.13, value: 0.74 },
  { name: 'ganglion cells', centre: 0.02, away: 0.14, value: 0.5 },
  { name: 'inner plexiform', centre: 0.03, away: 0.12, value: 0.6 },
  { name: 'inner nuclear', centre: 0.04, away: 0.12, value: 0.34 },
  { name: 'outer plexiform', centre: 0.05, away: 0.08, value: 0.58 },
  { name: 'outer nuclear', centre: 0.45, away: 0.2, value: 0.27 },
  { name: 'limiting membrane', centre: 0.03, away: 0.025, value: 0.48 },
  { name: 'inner segments', centre: 0.09, away: 0.055, value: 0.3 },
  { name: 'ellipsoid zone', centre: 0.08, away: 0.055, value: 0.82 },
  { name: 'outer segments', centre: 0.2, away: 0.085, value: 0.46 },
] as const;

/** Draws a retina; `alter` may move its borders and paint into it. */
export function drawRetina(
  size: number,
  random: Random,
  alter: (plan: RetinaPlan) => DrawnLesion | null,
): Retina {
  const fovea =
    size * (random.uniform() < 0.75 ? random.between(0.25, 0.75) : random.choose([-0.6, 1.6]));
  const thickness = size * random.between(0.19, 0.34);
  const base = size * random.between(0.52, 0.72);
  const tilt = random.between(-0.12, 0.12);
  const bow = random.between(-0.16, 0.1);
  const wave = new SmoothNoise(random);
  const pitWidth = size * random.between(0.1, 0.17);
  const pitDepth = random.between(0.4, 0.62);
  const slope = random.between(-0.12, 0.12);
  const surface = new Float32Array(size);
  const receptors = new Float32Array(size);
  for (let x = 0; x < size; x++) {
    const along = x / size - 0.5;
    const floor =
      base + size * (tilt * along + bow * along * along * 2) + 0.012 * size * wave.at(4 * along, 1);
    const distance = (x - fovea) / pitWidth;
    const pit = pitDepth * Math.exp(-0.5 * distance * distance);
    const rise = 0.08 * Math.exp(-0.5 * (Math.abs(distance) - 2.2) ** 2);
    const local = thickness * (1 - pit + rise + slope * along * 2 + 0.015 * wave.at(9 * along, 5));
    receptors[x] = floor;
    surface[x] = floor - local;
  }
  const membraneWidth = thickness * random.between(0.09, 0.13);
  const epithelium = Float32Array.from(receptors);
  const plan: RetinaPlan = {
    size,
    surface,
    receptors,
    epithelium,
    membrane: epithelium.map((value) => value + membraneWidth),
    fovea,
    thickness,
    paint: undefined,
  };
  const before = { fovea, pitWidth, membraneWidth };
  const shadows = vesselShadows(size, random);
  const textures = {
    layers: fractalField(size, 16, 2, random, 0.5, [0.5, 2]),
    choroid: noiseField(size, random.between(14, 24), random.between(20, 30), random),
  };
  const lesion = alter(plan);
  const reflectivity = fillLayers(plan, before, shadows, textures, random);
  plan.paint?.(reflectivity);
  return { reflectivity, hasFovea: fovea > 0 && fovea < size, lesion };
}

interface Vessel {
  readonly x: number;
  readonly half: number;
  readonly strength: number;
}

/** Blood vessels in the inner retina block the light below them. */
function vesselShadows(size: number, random: Random): Vessel[] {
  return Array.from({ length: 2 + random.integer(6) }, () => ({
    x: random.uniform() * size,
    half: size * random.between(0.006, 0.022),
    strength: random.between(0.08, 0.45),
  }));
}

function fillLayers(
  plan: RetinaPlan,
  shape: { fovea: number; pitWidth: number; membraneWidth: number },
  vessels: readonly Vessel[],
  textures: { layers: Float32Array; choroid: Float32Array },
  random: Random,
): Float32Array {
  const { size, surface, receptors, epithelium, membrane } = plan;
  const reflectivity = new Float32Array(size * size);
  const vitreous = random.between(0.02, 0.07);
  const brightness = layers.map(({ value }) => value * (1 + 0.07 * random.normal()));
  const choroidDepth = size * random.between(0.12, 0.26);
  const choroidValue = random.between(0.35, 0.6);
  const edges = new Float64Array(layers.length + 1);
  for (let x = 0; x < size; x++) {
    const away = 1 - Math.exp(-0.5 * ((x - shape.fovea) / (1.1 * shape.pitWidth)) ** 2);
    const top = surface[x] as number;
    const height = (receptors[x] as number) - top;
    let total = 0;
    for (const layer of layers) total += mix(layer.centre, layer.away, away);
    edges[0] = top;
    for (const [k, layer] of layers.entries()) {
      edges[k + 1] = (edges[k] as number) + (height * mix(layer.centre, layer.away, away)) / total;
    }
    let shadow = 0;
    for (const vessel of vessels) {
      shadow = Math.max(
        shadow,
        vessel.strength * smoothStep(1.6, 0.3, Math.abs(x - vessel.x) / vessel.half),
      );
    }
    const epitheliumTop = epithelium[x] as number;
    const epitheliumEnd = epitheliumTop + shape.membraneWidth;
    const floor = Math.max(epitheliumEnd, membrane[x] as number);
    let k = 0;
    for (let y = 0; y < size; y++) {
      const at = y * size + x;
      const texture = textures.layers[at] as number;
      let value: number;
      if (y < top) {
        value = vitreous;
      } else if (y < (receptors[x] as number)) {
        while (k < layers.length - 1 && y >= (edges[k + 1] as number)) k++;
        const step = y - (edges[k] as number);
        const above = k === 0 ? vitreous : (brightness[k - 1] as number);
        value = mix(above, brightness[k] as number, Math.min(1, 0.4 + step * 0.6));
        value *= 1 + 0.09 * texture;
      } else if (y < epitheliumTop) {
        value = 0.06;
      } else if (y < epitheliumEnd) {
        value = 0.92 + 0.04 * texture;
      } else if (y < floor) {
        value = 0.4;
      } else {
        const depth = (y - floor) / choroidDepth;
        const blood = smoothStep(
          0.1,
          0.7,
          (textures.choroid[at] as number) * smoothStep(0.05, 0.35, depth),
        );
        value = mix(choroidValue, 0.5 * choroidValue, blood) * Math.exp(-1.1 * depth) + 0.03;
        if (depth < 0.06) value = Math.max(value, 0.55);
      }
      const inShadow = shadow * smoothStep((edges[1] as number) - 1, (edges[2] as number) + 2, y);
      reflectivity[at] = value * (1 - inShadow);
    }
    if (shadow > 0.2)
      brightenVessel(reflectivity, size, x, edges[0] as number, edges[2] as number, shadow);
  }
  return reflectivity;
}

function brightenVessel(
  reflectivity: Float32Array,
  size: number,
  x: number,
  top: number,
  bottom: number,
  strength: number,
): void {
  for (let y = Math.max(0, Math.ceil(top)); y < Math.min(size, bottom); y++) {
    const at = y * size + x;
    reflectivity[at] = Math.min(1, (reflectivity[at] as number) * (1 + 0.4 * strength));
  }
}
