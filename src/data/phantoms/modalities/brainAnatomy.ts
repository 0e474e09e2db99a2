import type { Random } from '../../../base/random.js';
import type { Frame } from '../frame.js';
import { mix, smoothStep } from '../intensities.js';
import { noiseField, SmoothNoise } from '../noise.js';
import {
  ellipse,
  grow,
  intersection,
  mirrored,
  outline,
  region,
  type Shape,
  union,
} from '../shapes.js';

/** Axial slices from below to the top. The brain spans −0.8…0.8 along u and −1 (front)…1 along v. */
export type BrainLevel =
  | 'posterior fossa'
  | 'basal ganglia'
  | 'lateral ventricles'
  | 'centrum semiovale'
  | 'vertex';

export interface Brain {
  readonly level: BrainLevel;
  /** The outline of the tissue. */
  readonly contour: Shape;
  /** The inside of the skull. */
  readonly cavity: Shape;
  readonly ventricles: Shape | undefined;
  /** Coverage of tissue, 0…1. */
  readonly tissue: Float32Array;
  /** Share of grey matter in the tissue, 0…1. */
  readonly grey: Float32Array;
  /** Share of fluid inside the cavity, 0…1: sulci, fissures, cisterns, ventricles. */
  readonly fluid: Float32Array;
}

export interface BrainOptions {
  readonly level: BrainLevel;
  /** 0 young and full … 1 shrunken, with wide sulci and ventricles. */
  readonly atrophy: number;
}

/** Draws the tissue map of one axial slice. */
export function drawBrain(frame: Frame, options: BrainOptions, random: Random): Brain {
  const { level, atrophy } = options;
  const isFossa = level === 'posterior fossa';
  const outer = frame.measured(brainContour(level, random));
  const cavity = isFossa ? frame.measured(fossaCavity(random)) : grow(outer, 0.035);
  const contour = isFossa ? intersection(outer, grow(cavity, -0.025)) : outer;
  const ventricles = ventricleShape(level, atrophy, random);
  const tissue = frame.coverage(contour);
  const grey = new Float32Array(tissue.length);
  const fluid = new Float32Array(tissue.length);
  drawCortex(frame, contour, options, random, grey, fluid);
  if (level === 'basal ganglia') drawDeepGrey(frame, random, grey, fluid, atrophy);
  if (isFossa) drawCerebellum(frame, random, grey, fluid);
  if (ventricles !== undefined) {
    frame.paint(grey, grow(ventricles, 0.012), 0);
    frame.paint(fluid, ventricles, 1);
  }
  for (let i = 0; i < tissue.length; i++) {
    const outside = 1 - (tissue[i] as number);
    if (outside > 0) fluid[i] = Math.max(fluid[i] as number, outside);
  }
  return { level, contour, cavity, ventricles, tissue, grey, fluid };
}

/** The name of the place at (`u`, `v`) without its side. */
export function lobeAt(level: BrainLevel, u: number, v: number): string {
  const lateral = Math.abs(u);
  if (level === 'posterior fossa') {
    if (v > 0.26) return 'cerebellum';
    return lateral < 0.24 ? 'brainstem' : 'temporal lobe';
  }
  if (level === 'basal ganglia') {
    if (v < -0.42) return 'frontal lobe';
    if (v > 0.55) return 'occipital lobe';
    if (lateral < 0.42) return v < 0.05 ? 'basal ganglia' : 'thalamus region';
    return v < -0.2 ? 'frontal lobe' : 'temporal lobe';
  }
  if (v < -0.15) return 'frontal lobe';
  return v > 0.62 ? 'occipital lobe' : 'parietal lobe';
}

function brainContour(level: BrainLevel, random: Random): Shape {
  const asymmetry = () => 1 + 0.009 * random.normal();
  if (level === 'posterior fossa') {
    const height = random.between(0.34, 0.42);
    const temporal = ellipse(0.47, -0.36, 0.29, height, -0.3);
    return union(
      temporal,
      mirrored(temporal),
      ellipse(0, 0.1, 0.22, 0.21),
      outline(
        0,
        0.48,
        [
          0.66, 0.6, 0.5, 0.44, 0.38, 0.44, 0.5, 0.6, 0.66, 0.58, 0.42, 0.33, 0.28, 0.33, 0.42,
          0.58,
        ].map((radius) => radius * asymmetry()),
      ),
    );
  }
  const scale = {
    'basal ganglia': 1,
    'lateral ventricles': 1,
    'centrum semiovale': 0.95,
    vertex: 0.78,
  }[level];
  const width = random.between(0.93, 1.04);
  // From +u (the picture's right) over the back to the left and the front.
  const radii = [
    0.83, 0.86, 0.91, 0.95, 0.96, 0.95, 0.91, 0.86, 0.83, 0.81, 0.85, 0.93, 0.98, 0.93, 0.85, 0.81,
  ];
  return outline(
    0,
    0,
    radii.map((radius, i) => {
      const angle = (2 * Math.PI * i) / radii.length;
      const stretch = mix(width, 1, Math.abs(Math.sin(angle)));
      return radius * scale * stretch * asymmetry();
    }),
  );
}

/** The face in front of the posterior fossa: eyes and nose lie in it. */
export function faceContour(random: Random): Shape {
  return ellipse(0, random.between(-0.64, -0.6), random.between(0.6, 0.68), 0.5);
}

function fossaCavity(random: Random): Shape {
  return outline(
    0,
    0,
    [0.8, 0.8, 0.82, 0.86, 0.88, 0.86, 0.82, 0.8, 0.8, 0.78, 0.72, 0.64, 0.6, 0.64, 0.72, 0.78].map(
      (radius) => radius * (1 + 0.015 * random.normal()),
    ),
  );
}

function ventricleShape(level: BrainLevel, atrophy: number, random: Random): Shape | undefined {
  const swell = mix(0.65, 1.9, atrophy);
  const side = () => swell * random.between(0.88, 1.14);
  if (level === 'basal ganglia') {
    const horn = (k: number) =>
      union(
        ellipse(0.05 + 0.035 * swell, -0.34, 0.035 * k, 0.13, -0.32, 0.03),
        ellipse(0.26 + 0.03 * swell, 0.44, 0.045 * k, 0.15, -0.55, -0.03),
      );
    return union(
      horn(side()),
      mirrored(horn(side())),
      ellipse(0, 0.06, 0.016 * swell, 0.12),
      ellipse(0, 0.34, 0.045, 0.025 * swell),
    );
  }
  if (level === 'lateral ventricles') {
    const body = (k: number) =>
      union(
        ellipse(0.06 + 0.03 * swell, -0.04, 0.035 * k, 0.34, 0, 0.06),
        ellipse(0.15 + 0.04 * swell, 0.3, 0.045 * k, 0.14, -0.4, 0),
      );
    return union(body(side()), mirrored(body(side())));
  }
  if (level === 'posterior fossa') {
    return ellipse(0, 0.31, 0.06 * swell, 0.035 * Math.sqrt(swell));
  }
  return undefined;
}

/** How far the longest sulci reach inwards. */
const sulcusDepths: Readonly<Record<BrainLevel, number>> = {
  'posterior fossa': 0.1,
  'basal ganglia': 0.19,
  'lateral ventricles': 0.22,
  'centrum semiovale': 0.27,
  vertex: 0.36,
};

/**
 * Sulci are the zero lines of two noises that run round the brain, long ones and short ones,
 * fading with depth; the ribbon of grey matter follows them and the surface.
 */
function drawCortex(
  frame: Frame,
  contour: Shape,
  options: BrainOptions,
  random: Random,
  grey: Float32Array,
  fluid: Float32Array,
): void {
  const { level, atrophy } = options;
  const period = 16;
  const long = new SmoothNoise(random, period);
  const short = new SmoothNoise(random, 2 * period);
  const bends = new SmoothNoise(random);
  const reach = noiseField(frame.size, 6, 6, random);
  const deepest = sulcusDepths[level];
  const sulcus = mix(0.002, 0.02, atrophy);
  const ribbon = random.between(0.038, 0.05);
  const softness = 2 / frame.unit;
  const perTurn = period / (2 * Math.PI);
  const fissureWave = new SmoothNoise(random);
  frame.cover(contour, (pixel) => {
    const u = frame.u[pixel] as number;
    const v = frame.v[pixel] as number;
    const depth = contour.depth(u, v, pixel);
    const radius = Math.sqrt(u * u + v * v) + 0.05;
    let toSulcus = 1;
    if (depth < 1.6 * deepest + 0.1) {
      const bend = bends.at(3.2 * u + 7, 3.2 * v + 5);
      const turn = (Math.atan2(v, u) + 0.16 * bend) * perTurn;
      const local = deepest * (1 + 0.25 * (reach[pixel] as number));
      const perHeight = radius / (1.35 * perTurn);
      const deep =
        Math.abs(long.at(turn, 1.1 * depth + 0.35 * bend)) * perHeight +
        1.5 * Math.max(0, depth - local);
      const shallow =
        Math.abs(short.at(2 * turn, 1.6 * depth + 0.5 * bend)) * 0.5 * perHeight +
        1.5 * Math.max(0, depth - 0.45 * local);
      toSulcus = Math.min(deep, shallow);
    }
    const fissure = fissureDistance(level, u + 0.012 * fissureWave.at(0, 5 * v), v);
    const toFluid = Math.min(toSulcus, fissure);
    const opened = sulcus * (1 + 0.6 * (reach[pixel] as number));
    fluid[pixel] = 1 - smoothStep(opened - softness / 2, opened + softness / 2, toFluid);
    const toSurface = Math.min(toFluid, depth);
    grey[pixel] =
      1 - smoothStep(ribbon + sulcus - 0.6 * softness, ribbon + sulcus + 0.8 * softness, toSurface);
  });
}

/** Distance to the nearest of the fissure between the hemispheres and the Sylvian fissures. */
function fissureDistance(level: BrainLevel, u: number, v: number): number {
  if (level === 'posterior fossa') return 1;
  const lateral = Math.abs(u);
  const middle = level === 'basal ganglia' ? 0.42 : level === 'lateral ventricles' ? 0.38 : 0;
  const gap = Math.max(0, middle - Math.abs(v));
  let distance = Math.sqrt(lateral * lateral + gap * gap) - 0.004;
  if (level === 'basal ganglia') {
    // The insula: a stem along v, open to the side at its front end.
    const stem = Math.max(0, Math.abs(v + 0.06) - 0.2);
    const toStem = Math.hypot(lateral - 0.52 - 0.35 * (v + 0.06) ** 2, stem);
    const along = Math.max(0, 0.53 - lateral);
    const toMouth = Math.hypot(v + 0.12 + 0.15 * (lateral - 0.5), along);
    distance = Math.min(distance, toStem - 0.006, toMouth - 0.006);
  }
  return Math.max(0, distance);
}

function drawDeepGrey(
  frame: Frame,
  random: Random,
  grey: Float32Array,
  fluid: Float32Array,
  atrophy: number,
): void {
  const spread = 1 + 0.1 * atrophy;
  const caudate = ellipse(0.15 * spread, -0.28, 0.05, 0.11, -0.25);
  const putamen = ellipse(0.34, -0.06, 0.06, 0.19, 0.22, 0.03);
  const thalamus = ellipse(0.13 * spread, 0.13, 0.09, 0.15, -0.35);
  for (const nucleus of [caudate, putamen, thalamus]) {
    const share = random.between(0.75, 1);
    frame.paint(grey, nucleus, share, { softness: 0.05 });
    frame.paint(grey, mirrored(nucleus), share, { softness: 0.05 });
  }
  // The cistern behind the midbrain, a small smile.
  const cistern = region((u, v) => {
    const arc = 0.4 - 1.6 * u * u;
    return Math.min(0.012 + 0.01 * atrophy - Math.abs(v - arc), 0.16 - Math.abs(u));
  });
  frame.paint(fluid, cistern, 1, { opacity: 0.9 });
}

/** Folia: fine bent stripes over both hemispheres of the cerebellum, white matter in the middle. */
function drawCerebellum(
  frame: Frame,
  random: Random,
  grey: Float32Array,
  fluid: Float32Array,
): void {
  const bends = new SmoothNoise(random);
  const frequency = random.between(75, 105);
  const cerebellum = ellipse(0, 0.5, 0.68, 0.4);
  const core = union(ellipse(0.28, 0.42, 0.18, 0.1, 0.3), ellipse(-0.28, 0.42, 0.18, 0.1, -0.3));
  const pons = ellipse(0, 0.1, 0.23, 0.22);
  frame.paint(grey, pons, 0.3);
  frame.paint(fluid, pons, 0);
  frame.cover(cerebellum, (pixel, coverage) => {
    const u = frame.u[pixel] as number;
    const v = frame.v[pixel] as number;
    const bend = bends.at(4 * u, 4 * v);
    const stripes = Math.sin(frequency * (v - 0.5 * u * u) + 2.5 * bend);
    const white = smoothStep(-0.09, 0.06, core.depth(u, v));
    grey[pixel] = mix(grey[pixel] as number, mix(0.75 + 0.25 * stripes, 0, white), coverage);
    const cleft = smoothStep(0.55, 1, -stripes) * (1 - white) * 0.4;
    fluid[pixel] = Math.max((fluid[pixel] as number) * (1 - coverage), cleft * coverage);
  });
}
