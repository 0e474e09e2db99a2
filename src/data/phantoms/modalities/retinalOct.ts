import type { Random } from '../../../base/random.js';
import { gaussianBlur } from '../blur.js';
import { greyImage, mix } from '../intensities.js';
import { whiteNoise } from '../noise.js';
import type { Drawing, ModalityDrawer, Streams } from '../phantom.js';
import { drawRetina } from './retinaAnatomy.js';
import { drawOctLesion, octLesionKinds } from './retinalOctLesions.js';

/**
 * B-scans of the macula by optical coherence tomography: layered retina with the foveal pit over
 * pigment epithelium and choroid. Artefacts: speckle, vessel shadows, tilt, uneven signal along
 * the scan, blank corners of a registered scan.
 */
export const retinalOct: ModalityDrawer = {
  lesionKinds: octLesionKinds,
  draw(size: number, lesionKind: string | null, streams: Streams): Drawing {
    const { anatomy, artefact } = streams;
    const retina = drawRetina(size, anatomy, (plan) =>
      lesionKind === null ? null : drawOctLesion(lesionKind, plan, streams.lesion),
    );
    let picture = speckled(retina.reflectivity, size, artefact, streams.noise);
    fadeAlong(picture, size, artefact);
    const gain = artefact.between(0.85, 1.15);
    const floor = artefact.between(0, 0.08);
    picture = picture.map((value) => floor + gain * value);
    if (artefact.uniform() < 0.3) blankCorners(picture, size, artefact);
    return {
      image: greyImage(picture, size),
      lesion: retina.lesion?.coverage ?? new Float32Array(size * size),
      words: {
        pictures: [
          'retinal OCT',
          'OCT of the retina',
          'optical coherence tomography of the macula',
          'macular OCT scan',
          'OCT B-scan of the retina',
          'retinal OCT image',
        ],
        subjects: ['retina', 'retina', 'macula'],
        details: [
          retina.hasFovea ? 'through the fovea' : 'beside the fovea',
          'cross-section of the retinal layers',
          'B-scan',
        ],
        normal: [
          'normal retinal layers',
          'no fluid',
          'no drusen and no fluid',
          retina.hasFovea ? 'normal foveal contour' : 'regular layers',
          'no macular oedema',
        ],
        finding: retina.lesion?.finding ?? null,
      },
    };
  },
};

/** Multiplicative speckle on a partly logarithmic scale. */
function speckled(
  reflectivity: Float32Array,
  size: number,
  artefact: Random,
  noise: Random,
): Float32Array {
  const grain = size / 240;
  const across = grain * artefact.between(0.5, 1.3);
  const along = grain * artefact.between(0.35, 0.7);
  const smooth = gaussianBlur(reflectivity, size, size, 0.5 * grain);
  const speckle = gaussianBlur(whiteNoise(size * size, noise), size, size, across, along);
  const strength = artefact.between(0.12, 0.32) * Math.sqrt(1 + 4 * across * along);
  const background = artefact.between(0.01, 0.035) * Math.sqrt(1 + 4 * across * along);
  return smooth.map((value, i) => {
    const grainHere = speckle[i] as number;
    return value * (1 + strength * grainHere) + background * grainHere;
  });
}

/** The signal weakens towards one end of the scan. */
function fadeAlong(picture: Float32Array, size: number, random: Random): void {
  const left = random.between(0.65, 1);
  const right = random.between(0.65, 1);
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++) {
      picture[i] = (picture[i] as number) * mix(left, right, x / size);
    }
  }
}

/** A scan straightened by software leaves white or black wedges above and below. */
function blankCorners(picture: Float32Array, size: number, random: Random): void {
  const value = random.choose([1, 1, 0]);
  const slope = random.between(-0.3, 0.3);
  const height = random.between(0.02, 0.14);
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++) {
      const tilt = slope * (x / size - 0.5);
      const v = y / size;
      if (v < height + tilt - 0.06 || v > 1 - height + tilt) picture[i] = value;
    }
  }
}
