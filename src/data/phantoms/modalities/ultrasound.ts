import type { Random } from '../../../base/random.js';
import { gaussianBlur } from '../blur.js';
import { Frame } from '../frame.js';
import { blend, greyImage } from '../intensities.js';
import { drawCross, drawDots, drawScale, drawText } from '../marks.js';
import { whiteNoise } from '../noise.js';
import type { Drawing, ModalityDrawer, Streams } from '../phantom.js';
import { drawUltrasoundLesion, ultrasoundLesionKinds } from './ultrasoundLesions.js';
import { drawAbdomen, drawBreast, type EchoMap } from './ultrasoundTissue.js';

/**
 * B-mode ultrasound of the breast (linear probe) and the abdomen (curved probe). Drawn in beam
 * coordinates, where shadows and enhancement run straight down, then speckled, log-compressed
 * and, for the curved probe, bent into its fan.
 */
export const ultrasound: ModalityDrawer = {
  lesionKinds: ultrasoundLesionKinds,
  draw(size: number, lesionKind: string | null, streams: Streams): Drawing {
    const { anatomy, artefact } = streams;
    const isBreast = anatomy.uniform() < 0.65;
    const frame = new Frame(
      size,
      { centreX: 0, centreY: 0, scaleX: 1, scaleY: 1, angle: 0, warp: 0.035, warpCells: 4 },
      anatomy,
    );
    const map = isBreast ? drawBreast(frame, anatomy) : drawAbdomen(frame, anatomy);
    const lesion =
      lesionKind === null ? null : drawUltrasoundLesion(lesionKind, map, streams.lesion);
    const coverage = lesion?.coverage ?? new Float32Array(size * size);

    let picture = compress(map, artefact, streams.noise);
    let shape = coverage;
    if (!isBreast) {
      const fan = fanGeometry(size, anatomy);
      picture = scanConvert(picture, fan, size);
      shape = scanConvert(coverage, fan, size);
    }
    burnInMarks(picture, size, isBreast, artefact);
    return {
      image: greyImage(picture, size),
      lesion: shape,
      words: {
        pictures: isBreast
          ? [
              'breast ultrasound',
              'ultrasound image of the breast',
              'breast sonogram',
              'B-mode ultrasound of the breast',
              'ultrasound scan of the breast',
            ]
          : [
              'abdominal ultrasound',
              'ultrasound image of the liver',
              'abdominal sonogram',
              'B-mode ultrasound of the liver',
              'ultrasound scan of the abdomen',
            ],
        subjects: isBreast ? ['breast'] : ['liver', 'abdomen'],
        details: isBreast
          ? ['linear probe', 'with fat, glandular tissue and muscle', map.note]
          : ['curved probe', 'with liver and vessels', map.note],
        normal: isBreast
          ? [
              'normal fibroglandular tissue',
              'no mass',
              'no cyst and no mass',
              'regular tissue layers',
            ]
          : ['homogeneous liver', 'no focal liver lesion', 'no free fluid', 'normal liver texture'],
        finding: lesion?.finding ?? null,
      },
    };
  },
};

/**
 * Speckle and log compression: the magnitude of complex noise, blurred by the point spread
 * function of the probe, on a logarithmic scale on which the echo map is given.
 */
function compress(map: EchoMap, artefact: Random, noise: Random): Float32Array {
  const { frame, echo } = map;
  const { size } = frame;
  const grain = size / 240;
  const lateral = grain * artefact.between(1.4, 2.4);
  const axial = grain * artefact.between(0.6, 1);
  const real = gaussianBlur(whiteNoise(size * size, noise), size, size, lateral, axial);
  const imaginary = gaussianBlur(whiteNoise(size * size, noise), size, size, lateral, axial);
  let power = 0;
  for (let i = 0; i < real.length; i++) {
    power += (real[i] as number) ** 2 + (imaginary[i] as number) ** 2;
  }
  power /= real.length;
  const speckle = artefact.between(0.05, 0.1);
  const loss = artefact.between(0, 0.35);
  const focus = artefact.between(0.3, 0.7);
  const gain = artefact.between(-0.06, 0.1);
  const picture = new Float32Array(size * size);
  for (let y = 0, i = 0; y < size; y++) {
    const depth = y / size;
    const trend = gain - loss * Math.max(0, depth - focus);
    for (let x = 0; x < size; x++, i++) {
      const intensity = ((real[i] as number) ** 2 + (imaginary[i] as number) ** 2) / power;
      // Mean of ln of an exponential variable is −0.577.
      const logSpeckle = Math.log(intensity + 0.1) + 0.4;
      const value = (echo[i] as number) + trend;
      picture[i] = value + speckle * logSpeckle * Math.min(1, Math.max(0.15, 2 * value));
    }
  }
  return gaussianBlur(picture, size, size, grain * artefact.between(0.2, 0.6));
}

interface Fan {
  readonly apexY: number;
  readonly nearest: number;
  readonly farthest: number;
  readonly opening: number;
}

/** A curved probe's field of view, lengths as fractions of the picture. */
function fanGeometry(size: number, random: Random): Fan {
  const nearest = random.between(0.2, 0.32);
  return {
    apexY: (0.03 - nearest) * size,
    nearest: nearest * size,
    farthest: (nearest + random.between(0.86, 0.95)) * size,
    opening: random.between(0.5, 0.68),
  };
}

function scanConvert(beams: Float32Array, fan: Fan, size: number): Float32Array {
  const picture = new Float32Array(size * size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const dx = x + 0.5 - size / 2;
      const dy = y + 0.5 - fan.apexY;
      const turn = Math.atan2(dx, dy) / fan.opening;
      const depth = (Math.sqrt(dx * dx + dy * dy) - fan.nearest) / (fan.farthest - fan.nearest);
      if (turn <= -1 || turn >= 1 || depth <= 0 || depth >= 1) continue;
      const bx = Math.min(size - 1.001, ((turn + 1) / 2) * (size - 1));
      const by = Math.min(size - 1.001, depth * (size - 1));
      const column = Math.floor(bx);
      const row = Math.floor(by);
      const at = row * size + column;
      const fx = bx - column;
      const fy = by - row;
      const top = (beams[at] as number) * (1 - fx) + (beams[at + 1] as number) * fx;
      const bottom =
        (beams[at + size] as number) * (1 - fx) + (beams[at + size + 1] as number) * fx;
      picture[y * size + x] = top * (1 - fy) + bottom * fy;
    }
  }
  return picture;
}

/** Labels, depth scales and, now and then, calipers: on normal and abnormal pictures alike. */
function burnInMarks(picture: Float32Array, size: number, isBreast: boolean, random: Random): void {
  const marks = new Float32Array(size * size);
  const height = Math.max(7, Math.round(size * random.between(0.03, 0.045)));
  if (random.uniform() < 0.25) {
    const labels = isBreast
      ? ['RT 1', 'LT 2', 'BREAST', 'RT 10:00', 'LT 3:00', 'R', 'L']
      : ['LIVER', 'RT', 'ABD', 'SAG', 'RT LOBE'];
    const place = { x: random.between(0.02, 0.6), y: random.choose([0.02, 0.85, 0.92]) };
    drawText(marks, size, random.choose(labels), place, height);
  }
  if (random.uniform() < 0.3) {
    drawScale(marks, size, random.choose(['left', 'right', 'bottom'] as const), random);
  }
  if (random.uniform() < 0.12) {
    const x = random.between(0.25, 0.6) * size;
    const y = random.between(0.25, 0.6) * size;
    const farX = x + random.between(0.1, 0.3) * size;
    const farY = y + random.between(-0.08, 0.08) * size;
    const arm = Math.max(2, Math.round(size * 0.012));
    drawCross(marks, size, x, y, arm);
    drawCross(marks, size, farX, farY, arm);
    drawDots(marks, size, [x, y], [farX, farY], 16);
  }
  blend(picture, marks, random.between(0.8, 1));
}
