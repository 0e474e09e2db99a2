import type { Random } from '../../../base/random.js';
import { applyGrain } from '../artefacts.js';
import { gaussianBlur } from '../blur.js';
import { Frame } from '../frame.js';
import { blend, greyImage } from '../intensities.js';
import { drawText } from '../marks.js';
import type { Drawing, ModalityDrawer, Streams } from '../phantom.js';
import { drawStroke, windingStroke } from '../strokes.js';
import { drawThorax } from './chestAnatomy.js';
import { chestLesionKinds, drawChestLesion } from './chestLesions.js';

/**
 * Frontal chest radiographs: overlapping shadows of lungs, heart, ribs, spine, collar bones and
 * vessels, bone white. Artefacts: grain, exposure, side markers, leads and tubes.
 */
export const chestXray: ModalityDrawer = {
  lesionKinds: chestLesionKinds,
  draw(size: number, lesionKind: string | null, streams: Streams): Drawing {
    const { anatomy, artefact } = streams;
    const scale = anatomy.between(0.82, 1.04);
    const frame = new Frame(
      size,
      {
        centreX: 0.04 * anatomy.normal(),
        centreY: 0.03 * anatomy.normal(),
        scaleX: scale * anatomy.between(0.9, 1.12),
        scaleY: scale,
        angle: 0.03 * anatomy.normal(),
        warp: 0.014,
        warpCells: 4,
      },
      anatomy,
    );
    const thorax = drawThorax(frame, anatomy);
    const lesion = lesionKind === null ? null : drawChestLesion(lesionKind, thorax, streams.lesion);
    let picture: Float32Array = thorax.opacity.map(
      (value, i) => value + (thorax.vessels[i] as number) + (thorax.bones[i] as number),
    );
    drawDevices(picture, size, artefact);
    picture = gaussianBlur(picture, size, size, (size / 240) * artefact.between(0.4, 1));
    applyGrain(picture, size, artefact.between(0.004, 0.02), 0.5, streams.noise);
    const gamma = artefact.between(0.8, 1.25);
    const gain = artefact.between(0.88, 1.12);
    picture = picture.map((value) => gain * Math.max(0, value) ** gamma);
    burnInMarker(picture, size, artefact);
    return {
      image: greyImage(picture, size),
      lesion: lesion?.coverage ?? new Float32Array(size * size),
      words: {
        pictures: [
          'chest X-ray',
          'chest radiograph',
          'frontal chest X-ray',
          'X-ray of the chest',
          'chest x-ray image',
          'PA chest radiograph',
        ],
        subjects: ['chest', 'chest', 'thorax'],
        details: ['frontal view', 'with ribs, heart and diaphragm', 'posteroanterior view'],
        normal: [
          'clear lungs',
          'no consolidation or effusion',
          'normal heart and clear lungs',
          'no focal opacity',
          'sharp costophrenic angles',
          'no pneumonia',
        ],
        finding: lesion?.finding ?? null,
      },
    };
  },
};

/** Leads and tubes lie on normal and abnormal pictures alike. */
function drawDevices(picture: Float32Array, size: number, random: Random): void {
  if (random.uniform() > 0.2) return;
  const coverage = new Float32Array(size * size);
  const count = 1 + random.integer(3);
  for (let n = 0; n < count; n++) {
    const from = [random.between(0.1, 0.9) * size, random.between(0, 0.1) * size] as const;
    const width = (size / 240) * random.between(1, 2.2);
    drawStroke(
      coverage,
      size,
      windingStroke(
        from,
        random.between(1, 2.1),
        random.between(0.4, 0.9) * size,
        [width, width],
        random,
        {
          winding: 0.1,
          bend: random.between(-0.8, 0.8),
          steps: 24,
        },
      ),
    );
  }
  for (let i = 0; i < picture.length; i++) {
    picture[i] = (picture[i] as number) + 0.16 * (coverage[i] as number);
  }
}

function burnInMarker(picture: Float32Array, size: number, random: Random): void {
  if (random.uniform() > 0.6) return;
  const marks = new Float32Array(size * size);
  const height = Math.max(7, Math.round(size * random.between(0.04, 0.07)));
  const text = random.choose(['R', 'R', 'R', 'L', 'R PA', 'AP']);
  const x = text === 'L' ? random.between(0.86, 0.94) : random.between(0.01, 0.1);
  drawText(marks, size, text, { x, y: random.between(0.01, 0.5) }, height);
  blend(picture, marks, random.between(0.85, 1));
}
