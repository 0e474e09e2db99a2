import type { Random } from '../../../base/random.js';
import { applyGrain } from '../artefacts.js';
import { gaussianBlur } from '../blur.js';
import { blend, greyImage } from '../intensities.js';
import { drawText } from '../marks.js';
import type { Drawing, ModalityDrawer, Streams } from '../phantom.js';
import { type Breast, drawBreast } from './breastAnatomy.js';
import { drawMammographyLesion, mammographyLesionKinds } from './mammographyLesions.js';

/**
 * Mammograms in craniocaudal and mediolateral oblique view, of four densities. Distractors on all:
 * benign and vascular calcifications, lymph nodes, skin folds, labels. Artefacts: quantum noise,
 * exposure, blur.
 */
export const mammography: ModalityDrawer = {
  lesionKinds: mammographyLesionKinds,
  draw(size: number, lesionKind: string | null, streams: Streams): Drawing {
    const { anatomy, artefact } = streams;
    const breast = drawBreast(size, anatomy);
    const lesion =
      lesionKind === null ? null : drawMammographyLesion(lesionKind, breast, streams.lesion);
    let picture: Float32Array = gaussianBlur(
      breast.opacity,
      size,
      size,
      (size / 240) * artefact.between(0.3, 0.7),
    );
    for (let i = 0; i < picture.length; i++) {
      picture[i] = (picture[i] as number) + (breast.calcium[i] as number);
    }
    const noisy = Float32Array.from(picture);
    applyGrain(noisy, size, artefact.between(0.006, 0.025), 0.5, streams.noise);
    blend(picture, breast.inside, noisy);
    const gamma = artefact.between(0.8, 1.3);
    const gain = artefact.between(0.9, 1.15);
    picture = picture.map((value) => gain * Math.max(0, value) ** gamma);
    burnInLabel(picture, size, breast, artefact);
    const view = breast.view === 'CC' ? 'craniocaudal' : 'mediolateral oblique';
    return {
      image: greyImage(picture, size),
      lesion: lesion?.coverage ?? new Float32Array(size * size),
      words: {
        pictures: [
          'mammogram',
          'mammography image',
          'X-ray mammogram of the breast',
          `${view} mammogram`,
          'screening mammogram',
          `${breast.side} breast mammogram`,
        ],
        subjects: ['breast'],
        details: [
          `${view} view`,
          `${breast.side} breast`,
          `${breast.composition} breast tissue`,
          `${breast.view} view`,
        ],
        normal: [
          'no mass and no suspicious calcification',
          'no mass',
          `normal ${breast.composition} breast tissue`,
          'no architectural distortion',
          'normal fibroglandular tissue',
        ],
        finding: lesion?.finding ?? null,
      },
    };
  },
};

function burnInLabel(picture: Float32Array, size: number, breast: Breast, random: Random): void {
  if (random.uniform() > 0.55) return;
  const marks = new Float32Array(size * size);
  const letter = breast.side === 'left' ? 'L' : 'R';
  const text = random.choose([letter, `${letter} ${breast.view}`, `${letter}${breast.view}`]);
  const height = Math.max(7, Math.round(size * random.between(0.035, 0.055)));
  const width = (6 * text.length * height) / 7 / size;
  const far = breast.side === 'left' ? 0.97 - width : 0.03;
  drawText(marks, size, text, { x: far, y: random.choose([0.03, 0.05, 0.9]) }, height);
  blend(picture, marks, random.between(0.8, 1));
}
