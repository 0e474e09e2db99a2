import type { Random } from '../../../base/random.js';
import { applyGrain } from '../artefacts.js';
import { gaussianBlur } from '../blur.js';
import { Frame } from '../frame.js';
import { blend, greyImage, smoothStep } from '../intensities.js';
import { drawText } from '../marks.js';
import { noiseField } from '../noise.js';
import type { Drawing, ModalityDrawer, Streams } from '../phantom.js';
import { drawAbdomen } from './abdomenAnatomy.js';
import { abdominalCtLesionKinds, drawAbdominalCtLesion } from './abdominalCtLesions.js';

/**
 * Axial abdominal CT in a soft-tissue window, with or without contrast agent, at the liver or the
 * kidneys. Artefacts: streaky quantum noise, beam hardening beside the spine, table, letters.
 */
export const abdominalCt: ModalityDrawer = {
  lesionKinds: abdominalCtLesionKinds,
  draw(size: number, lesionKind: string | null, streams: Streams): Drawing {
    const { anatomy, artefact } = streams;
    const scale = anatomy.between(0.86, 1.03);
    const frame = new Frame(
      size,
      {
        centreX: 0.03 * anatomy.normal(),
        centreY: 0.04 * anatomy.normal() - 0.03,
        scaleX: scale,
        scaleY: scale * anatomy.between(0.96, 1.2),
        angle: 0.03 * anatomy.normal(),
        warp: 0.02,
        warpCells: 5,
      },
      anatomy,
    );
    const abdomen = drawAbdomen(frame, anatomy);
    const lesion =
      lesionKind === null ? null : drawAbdominalCtLesion(lesionKind, abdomen, streams.lesion);
    drawTable(frame, abdomen.density, artefact);

    let picture: Float32Array = gaussianBlur(
      abdomen.density,
      size,
      size,
      (size / 240) * artefact.between(0.4, 0.9),
    );
    addStreaks(frame, picture, artefact);
    applyGrain(
      picture,
      size,
      artefact.between(0.012, 0.045),
      (size / 240) * artefact.between(0.4, 0.9),
      streams.noise,
    );
    const windowLow = artefact.between(-0.08, 0.1);
    const windowWidth = artefact.between(0.85, 1.1);
    picture = picture.map((value) => (value - windowLow) / windowWidth);
    if (artefact.uniform() < 0.25) burnInLetter(picture, size, artefact);
    const phase = abdomen.enhanced ? 'contrast-enhanced' : 'non-contrast';
    return {
      image: greyImage(picture, size),
      lesion: lesion?.coverage ?? new Float32Array(size * size),
      words: {
        pictures: [
          'abdominal CT',
          'CT of the abdomen',
          'abdominal CT scan',
          'axial CT slice of the abdomen',
          'computed tomography of the abdomen',
          `${phase} abdominal CT`,
          'liver CT',
        ],
        subjects: ['abdomen', 'liver'],
        details: [
          `at the level of the ${abdomen.level}`,
          `${phase} scan`,
          'soft-tissue window',
          'axial slice',
        ],
        normal: [
          'normal liver, spleen and kidneys',
          'no focal liver lesion',
          'no mass and no free fluid',
          'normal abdominal organs',
          'homogeneous liver',
        ],
        finding: lesion?.finding ?? null,
      },
    };
  },
};

/** The curved table top under the patient, and a sheet or a cable now and then. */
function drawTable(frame: Frame, density: Float32Array, random: Random): void {
  if (random.uniform() < 0.25) return;
  const height = random.between(0.8, 0.9);
  const bend = random.between(0.05, 0.2);
  const value = random.between(0.25, 0.7);
  const double = random.uniform() < 0.5;
  for (let i = 0; i < density.length; i++) {
    const u = frame.u[i] as number;
    const v = frame.v[i] as number;
    if (v < 0.4 || (density[i] as number) > 0.02) continue;
    const top = height - bend * u * u;
    const line = smoothStep(0.016, 0.006, Math.abs(v - top));
    const under = double ? 0.5 * smoothStep(0.012, 0.004, Math.abs(v - top - 0.07)) : 0;
    density[i] = Math.max(density[i] as number, value * Math.max(line, under));
  }
}

/** Horizontal streaks through the widest and densest part of the body. */
function addStreaks(frame: Frame, picture: Float32Array, random: Random): void {
  const strength = random.between(0, 0.03);
  const stripes = noiseField(frame.size, 3, 60, random);
  for (let i = 0; i < picture.length; i++) {
    const v = frame.v[i] as number;
    const near = smoothStep(0.45, 0.1, Math.abs(v - 0.25));
    picture[i] = (picture[i] as number) + strength * near * (stripes[i] as number);
  }
}

function burnInLetter(picture: Float32Array, size: number, random: Random): void {
  const marks = new Float32Array(size * size);
  const place = random.choose([
    { x: 0.02, y: 0.02 },
    { x: 0.02, y: 0.9 },
    { x: 0.9, y: 0.02 },
    { x: 0.94, y: 0.5 },
    { x: 0.01, y: 0.5 },
  ]);
  const text = random.choose(['A', 'B', 'R', 'L', 'P', '1', '2', 'C']);
  drawText(marks, size, text, place, Math.max(7, Math.round(size * random.between(0.035, 0.06))));
  blend(picture, marks, 1);
}
