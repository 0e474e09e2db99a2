import type { Random } from '../../../base/random.js';
import { gaussianBlur } from '../blur.js';
import type { Frame } from '../frame.js';
import { mix, smoothStep } from '../intensities.js';
import { fractalField, noiseField } from '../noise.js';
import { blob, ellipse, region, rim } from '../shapes.js';

/** Echoes in beam coordinates: u across the probe, v along the beam, −1 (skin) … 1. */
export interface EchoMap {
  readonly frame: Frame;
  /** 0 anechoic … 1 brightest, on the logarithmic scale of the display. */
  readonly echo: Float32Array;
  /** Where focal lesions can lie, 0…1. */
  readonly site: Float32Array;
  /** Names the place of a lesion at (u, v). */
  placeAt(u: number, v: number): string;
  readonly organ: 'breast' | 'abdomen';
  /** A remark that holds for this picture. */
  readonly note: string;
}

/**
 * What lies deeper is brighter (`change` > 0) or darker (< 0): adds `change` times the share of
 * the `reference` length that the beam has run through `coverage`, fading out below.
 */
export function castBelow(
  map: EchoMap,
  coverage: Float32Array,
  change: number,
  reference: number,
): void {
  const { size } = map.frame;
  const step = 2 / size / reference;
  const fading = 1 - 0.6 / size;
  const effect = new Float32Array(size * size);
  for (let x = 0; x < size; x++) {
    let passed = 0;
    for (let y = 0; y < size; y++) {
      const at = y * size + x;
      const inside = coverage[at] as number;
      passed = passed * fading + inside * step;
      effect[at] = change * Math.min(1, passed) * (1 - inside);
    }
  }
  // The beam is wider than a line, so its shadows have soft sides.
  const soft = gaussianBlur(effect, size, size, 0.012 * size, 0);
  for (let i = 0; i < soft.length; i++) {
    const outside = (soft[i] as number) * (1 - (coverage[i] as number));
    const old = map.echo[i] as number;
    map.echo[i] = outside < 0 ? old * (1 + outside) : old + outside;
  }
}

/** Skin, fat with septa, fibroglandular tissue, muscle; sometimes ribs and lung behind. */
export function drawBreast(frame: Frame, random: Random): EchoMap {
  const { size } = frame;
  const echo = new Float32Array(size * size);
  const site = new Float32Array(size * size);
  const boundary = noiseField(size, 3, 1, random);
  const muscleLine = noiseField(size, 2, 1, random);
  const strands = fractalField(size, 6, 2, random, 0.6, [1, random.between(2.4, 4)]);
  const lobules = fractalField(size, random.between(8, 13), 2, random, 0.5, [1, 1.7]);
  const fibres = noiseField(size, 5, random.between(26, 40), random);
  const broken = noiseField(size, 9, 7, random);
  const feathers = fractalField(size, random.between(7, 12), 2, random, 0.7, [1, 4]);
  const slow = noiseField(size, 3, 3, random);
  const fatDepth = random.between(-0.85, -0.35);
  const muscleDepth = random.between(0.25, 0.9);
  const slope = random.between(-0.12, 0.12);
  const fatEcho = random.between(0.26, 0.42);
  const glandEcho = random.between(0.38, 0.6);
  const density = random.between(0.5, 1.1);
  const fibrous = random.between(0.05, 0.14);
  for (let i = 0; i < echo.length; i++) {
    const v = frame.v[i] as number;
    const u = frame.u[i] as number;
    const strand = strands[i] as number;
    const fat = fatDepth + 0.13 * (boundary[i] as number) + 0.05 * strand;
    const muscle = muscleDepth + 0.08 * (muscleLine[i] as number) + slope * u;
    const septum =
      smoothStep(0.16, 0.02, Math.abs(strand + 0.25 * (lobules[i] as number))) *
      smoothStep(-0.5, 0.8, broken[i] as number);
    const fatValue =
      fatEcho + 0.16 * septum * smoothStep(-1, -0.75, v) + 0.02 * (slow[i] as number);
    const glandValue =
      glandEcho -
      0.13 * density * smoothStep(-0.1, 1.1, lobules[i] as number) +
      fibrous * strand +
      0.07 * (feathers[i] as number) +
      0.16 * septum * density +
      0.05 * (slow[i] as number);
    const muscleValue = 0.3 + 0.12 * (fibres[i] as number) + 0.03 * (slow[i] as number);
    let value = mix(fatValue, glandValue, smoothStep(fat - 0.03, fat + 0.05, v));
    value += 0.25 * smoothStep(0.022, 0, Math.abs(v - fat)) * smoothStep(-1.2, 0.8, strand);
    const inMuscle = smoothStep(muscle - 0.02, muscle + 0.05, v);
    value = mix(value, muscleValue, inMuscle);
    value +=
      0.3 * smoothStep(0.02, 0, Math.abs(v - muscle)) * smoothStep(-0.6, 1, slow[i] as number);
    echo[i] = value;
    site[i] = smoothStep(-0.85, -0.75, v) * (1 - inMuscle) * smoothStep(1, 0.9, Math.abs(u));
  }
  drawSkin(frame, echo, random);
  const map: EchoMap = {
    frame,
    echo,
    site,
    organ: 'breast',
    placeAt: (u, v) => {
      const side = u < -0.3 ? 'left part of the ' : u > 0.3 ? 'right part of the ' : '';
      return `${side}${v < fatDepth ? 'subcutaneous fat' : 'glandular tissue'}`;
    },
    note: muscleDepth < 0.6 ? 'with the pectoral muscle below' : 'with a thin layer of fat on top',
  };
  const fatLobules = random.integer(4);
  for (let n = 0; n < fatLobules; n++) {
    const lobule = ellipse(
      random.between(-0.9, 0.9),
      random.between(-0.6, 0.4),
      random.between(0.08, 0.2),
      random.between(0.04, 0.08),
      random.between(-0.3, 0.3),
    );
    frame.paint(echo, lobule, fatEcho, { softness: 0.06, opacity: 0.8 });
  }
  if (muscleDepth < 0.6 && random.uniform() < 0.4) drawRibs(map, muscleDepth, random);
  castColumns(map, random);
  return map;
}

/** Liver with vessels under the abdominal wall; diaphragm, kidney or gallbladder beside it. */
export function drawAbdomen(frame: Frame, random: Random): EchoMap {
  const { size } = frame;
  const liverEcho = random.between(0.36, 0.5);
  const texture = fractalField(size, 22, 2, random);
  const slow = noiseField(size, 3, 3, random);
  const echo = new Float32Array(size * size);
  for (let i = 0; i < echo.length; i++) {
    echo[i] = liverEcho + 0.025 * (texture[i] as number) + 0.03 * (slow[i] as number);
  }
  const fibres = noiseField(size, 4, 60, random);
  const wall = random.between(-0.86, -0.72);
  frame.paint(
    echo,
    region((_u, v) => wall - v),
    fibres.map((value) => 0.4 + 0.15 * value),
  );
  frame.add(
    echo,
    region((_u, v) => 0.012 - Math.abs(v - wall)),
    0.3,
  );
  const site = new Float32Array(size * size);
  const depth = random.between(0.45, 0.8);
  const tilt = random.between(-0.25, 0.25);
  const dome = frame.measured(region((u, v) => depth - 0.35 * (u - tilt) ** 2 - v));
  for (let i = 0; i < site.length; i++) {
    const [u, v] = frame.at(i);
    site[i] = smoothStep(wall + 0.08, wall + 0.14, v) * smoothStep(0.04, 0.12, dome.depth(u, v, i));
  }
  frame.paint(
    echo,
    region((u, v, pixel) => -dome.depth(u, v, pixel)),
    0.2,
    { softness: 0.1 },
  );
  frame.add(
    echo,
    region((u, v, pixel) => 0.022 - Math.abs(dome.depth(u, v, pixel))),
    random.between(0.3, 0.5),
    0.03,
  );
  const map: EchoMap = {
    frame,
    echo,
    site,
    organ: 'abdomen',
    placeAt: (u, v) =>
      `${v < -0.15 ? 'anterior' : v > 0.3 ? 'posterior' : 'middle'} part of the ${u < 0 ? 'right' : 'left'} liver lobe`,
    note: 'with the diaphragm behind',
  };
  drawLiverVessels(map, random);
  const choice = random.uniform();
  if (choice < 0.3) return { ...drawKidney(map, random), note: 'with the right kidney' };
  if (choice < 0.6) return { ...drawGallbladder(map, random), note: 'with the gallbladder' };
  return map;
}

function drawSkin(frame: Frame, echo: Float32Array, random: Random): void {
  const skin = random.between(0.03, 0.07);
  frame.paint(
    echo,
    region((_u, v) => skin - Math.abs(v + 1)),
    0.72,
    { softness: 0.03 },
  );
  frame.paint(
    echo,
    region((_u, v) => 0.012 - Math.abs(v + 1 - 0.5 * skin)),
    0.45,
    { softness: 0.02 },
  );
  frame.add(
    echo,
    region((_u, v) => 0.008 - Math.abs(v + 1 - 1.1 * skin)),
    0.25,
    0.02,
  );
}

/** A rib: a bright cap with darkness below. */
function drawRibs(map: EchoMap, muscleDepth: number, random: Random): void {
  const { frame, echo } = map;
  const centre = random.between(-0.8, 0.8);
  const width = random.between(0.22, 0.42);
  const top = muscleDepth + random.between(0.15, 0.35);
  const bend = random.between(0.5, 1.1);
  const cap = (u: number) => top + bend * (u - centre) ** 2;
  const shadow = region((u, v) => Math.min(width - Math.abs(u - centre), v - cap(u)));
  frame.paint(echo, shadow, 0.1, { softness: 0.1, opacity: random.between(0.7, 1) });
  const surface = region((u, v) =>
    Math.min(0.02 - Math.abs(v - cap(u)), width - Math.abs(u - centre)),
  );
  frame.add(echo, surface, random.between(0.25, 0.45), 0.05);
}

/** Shadows of poor contact, of ligaments and of the nipple: dark stripes below some depth. */
function castColumns(map: EchoMap, random: Random): void {
  const { frame, echo } = map;
  const count = random.uniform() < 0.5 ? 1 + random.integer(3) : 0;
  for (let n = 0; n < count; n++) {
    const centre = random.between(-1, 1);
    const width = random.between(0.04, 0.22);
    const start = random.between(-0.95, 0);
    const strength = random.between(0.15, 0.55);
    for (let i = 0; i < echo.length; i++) {
      const u = frame.u[i] as number;
      const v = frame.v[i] as number;
      const across = smoothStep(width, 0.2 * width, Math.abs(u - centre));
      const dark = strength * across * smoothStep(start, start + 0.5, v);
      echo[i] = (echo[i] as number) * (1 - dark);
    }
  }
}

function drawLiverVessels(map: EchoMap, random: Random): void {
  const { frame, echo } = map;
  const count = 3 + random.integer(6);
  for (let n = 0; n < count; n++) {
    const [u, v] = [random.between(-0.9, 0.9), random.between(-0.55, 0.6)];
    const long = random.uniform() < 0.5;
    const width = random.between(0.012, 0.035);
    const vessel = ellipse(
      u,
      v,
      width,
      long ? random.between(0.1, 0.35) : width * 1.2,
      random.between(0, Math.PI),
      long ? random.between(-0.08, 0.08) : 0,
    );
    frame.paint(echo, vessel, 0.1, { softness: 0.02 });
    if (random.uniform() < 0.5) frame.add(echo, rim(vessel, 0.014), 0.25, 0.02);
  }
}

function drawKidney(map: EchoMap, random: Random): EchoMap {
  const { frame, echo, site } = map;
  const u = random.between(0.25, 0.6);
  const v = random.between(0.1, 0.4);
  const angle = random.between(0.9, 1.5);
  const kidney = ellipse(u, v, 0.2, 0.42, angle);
  frame.paint(echo, kidney, random.between(0.26, 0.36));
  frame.add(echo, rim(kidney, 0.014), 0.2, 0.02);
  frame.paint(
    echo,
    blob(u, v, 0.15, random, { elongation: 1.7, angle, irregularity: 0.25 }),
    0.62,
    {
      softness: 0.12,
    },
  );
  frame.paint(site, kidney, 0);
  return map;
}

function drawGallbladder(map: EchoMap, random: Random): EchoMap {
  const { frame, echo, site } = map;
  const bladder = ellipse(
    random.between(0.1, 0.55),
    random.between(-0.2, 0.25),
    random.between(0.09, 0.15),
    random.between(0.25, 0.38),
    random.between(0.5, 1.1),
  );
  const coverage = frame.coverage(bladder, 0.02);
  frame.add(echo, rim(bladder, 0.02), 0.2, 0.02);
  frame.paint(echo, bladder, 0.03, { softness: 0.02 });
  frame.paint(site, bladder, 0);
  castBelow(map, coverage, 0.18, 0.2);
  return map;
}
