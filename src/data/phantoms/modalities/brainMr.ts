import type { Random } from '../../../base/random.js';
import { applyBiasField, applyMotionGhosts, applyRicianNoise } from '../artefacts.js';
import { gaussianBlur } from '../blur.js';
import { Frame } from '../frame.js';
import { blend, greyImage, mix, smoothStep } from '../intensities.js';
import { noiseField } from '../noise.js';
import type { Drawing, ModalityDrawer, Streams } from '../phantom.js';
import { ellipse, grow, intersection, mirrored, rim, union } from '../shapes.js';
import { type Brain, type BrainLevel, drawBrain, faceContour } from './brainAnatomy.js';
import { brainMrLesionKinds, drawBrainMrLesion } from './brainMrLesions.js';

/** Signal of each tissue in one kind of sequence, before coil, noise and window. */
export interface Contrast {
  readonly name: 'T1' | 'T1 contrast' | 'T2' | 'FLAIR';
  readonly white: number;
  readonly grey: number;
  readonly fluid: number;
  readonly fat: number;
  readonly bone: number;
  readonly muscle: number;
}

const contrasts: readonly Contrast[] = [
  { name: 'T1', white: 0.74, grey: 0.54, fluid: 0.14, fat: 0.95, bone: 0.06, muscle: 0.45 },
  { name: 'T1 contrast', white: 0.66, grey: 0.52, fluid: 0.13, fat: 0.92, bone: 0.06, muscle: 0.5 },
  { name: 'T2', white: 0.36, grey: 0.52, fluid: 0.95, fat: 0.7, bone: 0.05, muscle: 0.25 },
  { name: 'FLAIR', white: 0.5, grey: 0.62, fluid: 0.08, fat: 0.66, bone: 0.05, muscle: 0.35 },
];

const levels: readonly BrainLevel[] = [
  'posterior fossa',
  'basal ganglia',
  'basal ganglia',
  'lateral ventricles',
  'lateral ventricles',
  'centrum semiovale',
  'centrum semiovale',
  'vertex',
];

/**
 * Axial brain MR: T1 (plain and with contrast agent), T2 and FLAIR, with the head's soft tissues
 * or skull-stripped. Artefacts: coil shading, Rician noise, motion ghosts, partial volume.
 */
export const brainMr: ModalityDrawer = {
  lesionKinds: brainMrLesionKinds,
  draw(size: number, lesionKind: string | null, streams: Streams): Drawing {
    const { anatomy, artefact } = streams;
    const contrast = varied(anatomy.choose([...contrasts, contrasts[3] as Contrast]), anatomy);
    const level = anatomy.choose(levels);
    const stripped = anatomy.uniform() < 0.6;
    const scale = stripped ? anatomy.between(0.6, 0.92) : anatomy.between(0.66, 0.78);
    const frame = new Frame(
      size,
      {
        centreX: 0.04 * anatomy.normal(),
        centreY: 0.04 * anatomy.normal(),
        scaleX: scale * anatomy.between(0.95, 1.12),
        scaleY: scale,
        angle: 0.05 * anatomy.normal(),
        warp: 0.016,
        warpCells: 5,
      },
      anatomy,
    );
    const brain = drawBrain(frame, { level, atrophy: anatomy.uniform() ** 1.6 }, anatomy);
    const signal = tissueSignal(frame, brain, contrast, anatomy);
    if (stripped) {
      for (let i = 0; i < signal.length; i++) {
        signal[i] = (signal[i] as number) * smoothStep(0.1, 0.6, brain.tissue[i] as number);
      }
    } else {
      drawHead(frame, brain, contrast, signal, anatomy);
    }

    const lesion =
      lesionKind === null
        ? null
        : drawBrainMrLesion(lesionKind, frame, brain, contrast, signal, streams.lesion);

    let picture = gaussianBlur(signal, size, size, (size / 240) * artefact.between(0.3, 0.9));
    applyBiasField(picture, size, artefact.between(0.02, 0.16), artefact);
    if (artefact.uniform() < 0.15) {
      applyMotionGhosts(picture, size, artefact.between(0.03, 0.1), artefact);
    }
    if (!stripped || artefact.uniform() < 0.3) {
      applyRicianNoise(picture, artefact.between(0.008, 0.05), streams.noise);
    } else {
      // Noise inside the brain only: the background was set to zero by the stripping.
      const noisy = Float32Array.from(picture);
      applyRicianNoise(noisy, artefact.between(0.008, 0.04), streams.noise);
      blend(picture, brain.tissue, noisy);
    }
    const gain = artefact.between(0.9, 1.22);
    const gamma = artefact.between(0.85, 1.2);
    picture = picture.map((value) => gain * Math.max(0, value) ** gamma);
    return {
      image: greyImage(picture, size),
      lesion: lesion?.coverage ?? new Float32Array(size * size),
      words: {
        pictures: pictureNames(contrast.name),
        subjects: ['brain'],
        details: details(level, stripped),
        normal: [
          'normal brain',
          'normal grey and white matter',
          'no focal lesion',
          'normal ventricles and sulci',
          'no mass and no signal change',
          'symmetric hemispheres',
        ],
        finding: lesion?.finding ?? null,
      },
    };
  },
};

function varied(contrast: Contrast, random: Random): Contrast {
  const shift = () => 0.035 * random.normal();
  const { name, white, grey, fluid, fat, bone, muscle } = contrast;
  return {
    name,
    white: white + shift(),
    grey: grey + shift(),
    fluid: Math.max(0.03, fluid + shift()),
    fat: fat + 2 * shift(),
    bone,
    muscle: muscle + shift(),
  };
}

function tissueSignal(
  frame: Frame,
  brain: Brain,
  contrast: Contrast,
  random: Random,
): Float32Array {
  const { white, grey, fluid } = contrast;
  const isFossa = brain.level === 'posterior fossa';
  const uneven = noiseField(frame.size, 12, 12, random);
  const signal = new Float32Array(brain.tissue.length);
  for (let i = 0; i < signal.length; i++) {
    const tissue = mix(white, grey, brain.grey[i] as number) * (1 + 0.025 * (uneven[i] as number));
    signal[i] = mix(tissue, fluid, brain.fluid[i] as number);
    if (isFossa && (brain.tissue[i] as number) < 0.5) {
      // Between the lobes of the posterior fossa a film of fluid covers bone.
      const [u, v] = frame.at(i);
      const covered = smoothStep(0.02, 0.06, -brain.contour.depth(u, v, i));
      signal[i] = mix(signal[i] as number, contrast.bone + 0.12, covered);
    }
  }
  // Iron makes the pallidum dark on T2 and FLAIR; a thin bright lining of the ventricles is normal.
  if (
    brain.level === 'basal ganglia' &&
    contrast.name !== 'T1' &&
    contrast.name !== 'T1 contrast'
  ) {
    const pallidum = ellipse(0.245, -0.02, 0.045, 0.12, 0.25);
    const dark = 0.82 * white;
    frame.paint(signal, pallidum, dark, { softness: 0.06, opacity: 0.8 });
    frame.paint(signal, mirrored(pallidum), dark, { softness: 0.06, opacity: 0.8 });
  }
  if (brain.ventricles !== undefined && contrast.name === 'FLAIR') {
    const lining = rim(grow(brain.ventricles, 0.02), 0.02);
    frame.add(signal, lining, random.between(0.02, 0.12));
    if (brain.level !== 'posterior fossa' && random.uniform() < 0.7) {
      // Choroid plexus: small bright spots inside both trigones.
      const plexus = ellipse(0.27, 0.42, 0.025, 0.05, -0.5);
      frame.paint(signal, plexus, grey, { opacity: 0.8 });
      frame.paint(signal, mirrored(plexus), grey, { opacity: 0.8 });
    }
  }
  return signal;
}

/** Fluid under the skull, bone, marrow, scalp fat and muscle around the brain. */
function drawHead(
  frame: Frame,
  brain: Brain,
  contrast: Contrast,
  signal: Float32Array,
  random: Random,
): void {
  const boneWidth = random.between(0.05, 0.085);
  const scalpWidth = random.between(0.04, 0.11);
  const cavity = brain.cavity;
  const skull = grow(cavity, boneWidth);
  const isFossa = brain.level === 'posterior fossa';
  const scalp = grow(skull, scalpWidth);
  const head = isFossa ? union(scalp, faceContour(random)) : scalp;
  const inside = Float32Array.from(signal);
  signal.fill(0.008);
  const patches = noiseField(frame.size, 14, 14, random);
  const fatty = patches.map((value) => contrast.fat * (1 + 0.12 * value));
  frame.paint(signal, head, fatty);
  if (isFossa) {
    const muscles = patches.map((value) =>
      mix(contrast.muscle, contrast.fat, smoothStep(0.1, 0.7, value)),
    );
    frame.paint(signal, grow(head, -0.05), muscles, { softness: 0.03 });
  }
  frame.paint(signal, rim(head, 0.014), 0.6 * contrast.fat);
  if (isFossa || brain.level === 'basal ganglia') {
    const temporalis = intersection(ellipse(0.98, -0.2, 0.1, 0.34, -0.12), grow(head, -0.02));
    frame.paint(signal, temporalis, contrast.muscle);
    frame.paint(signal, mirrored(temporalis), contrast.muscle);
  }
  frame.paint(signal, skull, contrast.bone);
  const marrow = rim(grow(cavity, 0.72 * boneWidth), 0.4 * boneWidth);
  frame.paint(signal, marrow, 0.5 * contrast.fat, { opacity: random.between(0.3, 0.9) });
  frame.paint(signal, cavity, inside);
  if (isFossa) drawOrbits(frame, contrast, signal, random);
  if (contrast.name === 'T1 contrast') {
    // Enhancing blood in the sagittal sinus.
    frame.paint(signal, ellipse(0, 0.985, 0.03, 0.022), 0.98);
  }
}

function drawOrbits(frame: Frame, contrast: Contrast, signal: Float32Array, random: Random): void {
  const place = random.between(-0.92, -0.86);
  const orbit = ellipse(0.34, place + 0.09, 0.19, 0.22, 0.3);
  const globe = ellipse(0.36, place, 0.135, 0.135);
  const nose = ellipse(0, place + 0.02, 0.13, 0.22);
  frame.paint(signal, nose, 0.35 * contrast.fat);
  frame.paint(signal, ellipse(0, place + 0.04, 0.08, 0.18), 0.02);
  for (const shape of [orbit, mirrored(orbit)]) frame.paint(signal, shape, contrast.fat);
  for (const shape of [globe, mirrored(globe)]) {
    frame.paint(signal, shape, contrast.name === 'FLAIR' ? contrast.muscle : contrast.fluid);
    frame.paint(signal, rim(shape, 0.02), contrast.muscle);
  }
}

function pictureNames(name: Contrast['name']): string[] {
  const general = ['brain MRI', 'brain MR image', 'MRI of the brain', 'head MRI', 'brain MRI scan'];
  const sequence = {
    T1: ['T1-weighted brain MRI', 'T1 MRI of the brain', 'axial T1 brain MR image'],
    'T1 contrast': [
      'contrast-enhanced T1 brain MRI',
      'post-contrast T1-weighted MRI of the brain',
      'brain MRI after contrast agent',
    ],
    T2: ['T2-weighted brain MRI', 'T2 MRI of the brain', 'axial T2 brain MR image'],
    FLAIR: ['FLAIR brain MRI', 'FLAIR MRI of the brain', 'axial FLAIR MR image of the brain'],
  }[name];
  return [...general, ...sequence, ...sequence];
}

function details(level: BrainLevel, stripped: boolean): string[] {
  const where =
    level === 'vertex' || level === 'posterior fossa' ? 'near the' : 'at the level of the';
  return [
    `axial slice ${where} ${level}`,
    `slice through the ${level}`,
    'axial view',
    stripped ? 'skull-stripped' : 'with skull and scalp',
  ];
}
