import type { Random } from '../../../base/random.js';
import { applyGrain } from '../artefacts.js';
import { gaussianBlur } from '../blur.js';
import { Frame } from '../frame.js';
import { blend, greyImage, mix, smoothStep } from '../intensities.js';
import { drawText } from '../marks.js';
import { fractalField, noiseField } from '../noise.js';
import type { Drawing, ModalityDrawer, Streams } from '../phantom.js';
import {
  ellipse,
  grow,
  intersection,
  mirrored,
  region,
  rim,
  type Shape,
  union,
} from '../shapes.js';
import { type Brain, type BrainLevel, drawBrain, faceContour } from './brainAnatomy.js';
import { drawHeadCtLesion, headCtLesionKinds } from './headCtLesions.js';

const levels: readonly BrainLevel[] = [
  'posterior fossa',
  'basal ganglia',
  'basal ganglia',
  'lateral ventricles',
  'lateral ventricles',
  'centrum semiovale',
  'vertex',
];

/** Grey values of a brain window. */
const densities = {
  fluid: 0.17,
  white: 0.4,
  grey: 0.49,
  bone: 1.25,
  fat: 0.02,
  skin: 0.32,
  falx: 0.58,
};

/**
 * Axial head CT in a brain window: white skull, faint grey and white matter, dark fluid.
 * Artefacts: quantum noise, beam hardening between the petrous bones, headrest, letters.
 */
export const headCt: ModalityDrawer = {
  lesionKinds: headCtLesionKinds,
  draw(size: number, lesionKind: string | null, streams: Streams): Drawing {
    const { anatomy, artefact } = streams;
    const level = anatomy.choose(levels);
    const tight = anatomy.uniform() < 0.5;
    const scale = tight ? anatomy.between(0.84, 0.9) : anatomy.between(0.68, 0.84);
    const frame = new Frame(
      size,
      {
        centreX: 0.03 * anatomy.normal(),
        centreY: 0.02 * anatomy.normal(),
        scaleX: scale * anatomy.between(0.96, 1.14),
        scaleY: scale,
        angle: 0.07 * anatomy.normal(),
        warp: 0.013,
        warpCells: 5,
      },
      anatomy,
    );
    const brain = drawBrain(frame, { level, atrophy: anatomy.uniform() ** 1.5 }, anatomy);
    const density = drawInside(frame, brain, anatomy);
    const lesion =
      lesionKind === null
        ? null
        : drawHeadCtLesion(lesionKind, frame, brain, density, streams.lesion);
    drawSkull(frame, brain, density, anatomy);
    drawHeadrest(frame, density, artefact);
    const coverage = lesion?.coverage ?? new Float32Array(size * size);

    let picture = gaussianBlur(density, size, size, (size / 240) * artefact.between(0.4, 1.1));
    if (level === 'posterior fossa') hardenBeam(frame, picture, artefact);
    const grain = (size / 240) * artefact.between(0.3, 0.8);
    const noisy = Float32Array.from(picture);
    applyGrain(noisy, size, artefact.between(0.015, 0.06), grain, streams.noise);
    const windowLow = artefact.between(-0.06, 0.1);
    const windowWidth = artefact.between(0.8, 1.15);
    const film = artefact.uniform() < 0.25 ? artefact.between(0.02, 0.2) : 0;
    picture = picture.map((value, i) => {
      const shown = value > 0.01 ? (noisy[i] as number) : value;
      return film + ((1 - film) * (Math.max(0, shown) - windowLow)) / windowWidth;
    });
    if (artefact.uniform() < 0.3) burnInLetter(picture, size, artefact);
    return {
      image: greyImage(picture, size),
      lesion: coverage,
      words: {
        pictures: [
          'head CT',
          'CT of the head',
          'brain CT',
          'head CT scan',
          'computed tomography of the head',
          'non-contrast head CT',
          'axial CT slice of the brain',
        ],
        subjects: ['brain', 'head'],
        details: [
          `at the level of the ${level}`,
          `slice through the ${level}`,
          'axial slice in a brain window',
          'with the skull in white',
        ],
        normal: [
          'no haemorrhage',
          'no bleed and no mass',
          'normal ventricles and sulci',
          'normal brain',
          'no intracranial bleeding',
          'no infarct',
        ],
        finding: lesion?.finding ?? null,
      },
    };
  },
};

/** Brain, fluid, falx and the usual calcifications. */
function drawInside(frame: Frame, brain: Brain, random: Random): Float32Array {
  const contrast = random.between(0.4, 1.1);
  const visible = random.between(0.35, 1);
  const uneven = fractalField(frame.size, 10, 2, random);
  const { fluid, white, grey } = densities;
  const isFossa = brain.level === 'posterior fossa';
  const density = new Float32Array(brain.tissue.length);
  frame.cover(brain.cavity, (i) => {
    const tissue = mix(white, white + (grey - white) * contrast, brain.grey[i] as number);
    const gap = 1 - (brain.tissue[i] as number);
    // Between the lobes of the posterior fossa lie brain and bone that the map leaves out.
    const share = isFossa ? mix(brain.fluid[i] as number, 0.25, gap) : (brain.fluid[i] as number);
    density[i] = mix(
      tissue + 0.012 * (uneven[i] as number),
      fluid,
      share * (isFossa ? 0.8 : visible),
    );
  });
  if (brain.ventricles !== undefined) {
    frame.paint(density, brain.ventricles, fluid * random.between(0.8, 1.2), { softness: 0.03 });
  }
  if (!isFossa) {
    const length =
      brain.level === 'basal ganglia' ? 0.62 : brain.level === 'lateral ventricles' ? 0.5 : 0;
    const falx = region((u, v) => Math.min(0.007 - Math.abs(u), Math.abs(v) - length), {
      left: -0.03,
      top: -1,
      right: 0.03,
      bottom: 1,
    });
    frame.paint(density, falx, densities.falx, {
      softness: 0.018,
      opacity: random.between(0.2, 1),
    });
  }
  drawCalcifications(frame, brain, density, random);
  return density;
}

/** Pineal gland and choroid plexus are often calcified in healthy adults. */
function drawCalcifications(
  frame: Frame,
  brain: Brain,
  density: Float32Array,
  random: Random,
): void {
  const calcified = random.between(0.75, 1.3);
  if (brain.level === 'basal ganglia' && random.uniform() < 0.6) {
    frame.paint(density, ellipse(0.01 * random.normal(), 0.24, 0.022, 0.026), calcified);
  }
  const hasPlexus = brain.level === 'basal ganglia' || brain.level === 'lateral ventricles';
  if (hasPlexus && random.uniform() < 0.5) {
    const v = brain.level === 'basal ganglia' ? 0.45 : 0.33;
    for (const side of [-1, 1]) {
      if (random.uniform() < 0.15) continue;
      const spot = ellipse(
        side * random.between(0.2, 0.3),
        v + 0.02 * random.normal(),
        random.between(0.012, 0.03),
        random.between(0.015, 0.04),
        side * -0.5,
      );
      frame.paint(density, spot, calcified);
    }
  }
}

function drawSkull(frame: Frame, brain: Brain, density: Float32Array, random: Random): void {
  const thick = brain.level === 'vertex' ? random.between(0.12, 0.22) : random.between(0.06, 0.12);
  const scalp = random.between(0.02, 0.07);
  const { cavity } = brain;
  const skull = grow(cavity, thick);
  const isFossa = brain.level === 'posterior fossa';
  const head = isFossa ? union(grow(skull, scalp), faceContour(random)) : grow(skull, scalp);
  const wave = noiseField(frame.size, 8, 8, random);
  const inside = Float32Array.from(density);
  density.fill(0);
  frame.paint(density, head, densities.fat + 0.02);
  frame.paint(density, rim(head, 0.018), densities.skin);
  frame.paint(density, skull, densities.bone);
  if (random.uniform() < 0.4) {
    const marrow = rim(grow(cavity, 0.68 * thick), 0.34 * thick);
    frame.paint(
      density,
      marrow,
      wave.map((value) => 0.85 + 0.12 * value),
      { softness: 0.03 },
    );
  }
  frame.paint(density, cavity, inside, { softness: 0.02 });
  if (isFossa) drawSkullBase(frame, density, skull, random);
  if (!isFossa && brain.level !== 'vertex' && random.uniform() < 0.5) {
    // The inner crest of the frontal bone.
    frame.paint(density, ellipse(0, -1, 0.03, 0.1), densities.bone);
  }
}

/** Petrous bones with air cells, wings of the sphenoid, air of the sinuses, eyes. */
function drawSkullBase(frame: Frame, density: Float32Array, skull: Shape, random: Random): void {
  const petrous: Shape = union(
    ellipse(0.52, 0.08, 0.3, 0.07, -random.between(0.3, 0.5)),
    ellipse(0.72, 0.16, 0.14, 0.15),
  );
  const wing = intersection(ellipse(0.46, -0.62, 0.3, 0.045, random.between(0.1, 0.3)), skull);
  const cells = noiseField(frame.size, 34, 34, random);
  const mastoid = ellipse(0.72, 0.17, 0.12, 0.13);
  for (const shape of [petrous, wing]) {
    frame.paint(density, shape, densities.bone, { softness: 0.03 });
    frame.paint(density, mirrored(shape), densities.bone, { softness: 0.03 });
  }
  for (const shape of [mastoid, mirrored(mastoid)]) {
    frame.cover(shape, (i, coverage) => {
      const air = coverage * smoothStep(0.1, 0.5, cells[i] as number);
      density[i] = mix(density[i] as number, -0.2, air);
    });
  }
  const clivus = ellipse(0, -0.16, 0.13, 0.06);
  frame.paint(density, clivus, densities.bone, { softness: 0.03, opacity: random.between(0.5, 1) });
  const sinus = ellipse(0.09, -0.8, 0.07, 0.2);
  const globe = ellipse(0.35, -0.88, 0.135, 0.135);
  const wall = ellipse(0.33, -0.8, 0.2, 0.26, 0.35);
  const sides = [(shape: Shape) => shape, mirrored];
  for (const at of sides) {
    frame.paint(density, at(wall), 0.06);
    frame.paint(density, rim(at(wall), 0.025), densities.bone, { opacity: 0.85 });
    frame.paint(density, at(globe), 0.4);
    frame.paint(density, rim(at(globe), 0.015), 0.5);
    frame.paint(density, at(sinus), -0.2);
    frame.paint(density, rim(at(sinus), 0.018), 0.95);
  }
}

/** Dark and bright streaks between the dense petrous bones. */
function hardenBeam(frame: Frame, picture: Float32Array, random: Random): void {
  const strength = random.between(0.02, 0.12);
  const stripes = noiseField(frame.size, 2, 46, random);
  const band = random.between(0.1, 0.22);
  for (let i = 0; i < picture.length; i++) {
    const u = frame.u[i] as number;
    const v = frame.v[i] as number;
    const near = smoothStep(band, 0, Math.abs(v - 0.08)) * smoothStep(0.65, 0.35, Math.abs(u));
    picture[i] = (picture[i] as number) + strength * near * ((stripes[i] as number) - 0.5);
  }
}

function drawHeadrest(frame: Frame, density: Float32Array, random: Random): void {
  if (random.uniform() < 0.45) return;
  const radius = random.between(1.18, 1.3);
  const value = random.between(0.12, 0.5);
  const width = random.between(0.008, 0.02);
  for (let i = 0; i < density.length; i++) {
    const u = frame.u[i] as number;
    const v = frame.v[i] as number;
    if (v < 0.35 || (density[i] as number) > 0.02) continue;
    const away = Math.abs(Math.hypot(u / 0.92, v) - radius);
    density[i] = Math.max(density[i] as number, value * smoothStep(2 * width, width, away));
  }
}

function burnInLetter(picture: Float32Array, size: number, random: Random): void {
  const marks = new Float32Array(size * size);
  const place = random.choose([
    { x: 0.02, y: 0.02 },
    { x: 0.02, y: 0.91 },
    { x: 0.9, y: 0.02 },
    { x: 0.93, y: 0.5 },
  ]);
  const text = random.choose(['A', 'B', 'C', 'a', 'b', 'c', 'd', 'L', 'R', 'F', '1', '2']);
  drawText(marks, size, text, place, Math.max(7, Math.round(size * random.between(0.04, 0.07))));
  blend(picture, marks, 1);
}
