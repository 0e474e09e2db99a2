import { IqeError } from '../../base/errors.js';
import { Random } from '../../base/random.js';
import { writeCaption } from './captions.js';
import { maskOf } from './intensities.js';
import { abdominalCt } from './modalities/abdominalCt.js';
import { brainMr } from './modalities/brainMr.js';
import { chestXray } from './modalities/chestXray.js';
import { dermoscopy } from './modalities/dermoscopy.js';
import { headCt } from './modalities/headCt.js';
import { histology } from './modalities/histology.js';
import { mammography } from './modalities/mammography.js';
import { retinalOct } from './modalities/retinalOct.js';
import { ultrasound } from './modalities/ultrasound.js';
import type { Modality, ModalityDrawer, Phantom } from './phantom.js';

const drawers: Readonly<Record<Modality, ModalityDrawer>> = {
  'brain-mr': brainMr,
  'head-ct': headCt,
  'chest-xray': chestXray,
  'abdominal-ct': abdominalCt,
  'retinal-oct': retinalOct,
  ultrasound,
  histology,
  mammography,
  dermoscopy,
};

const attempts = 20;

/** The kinds of lesion that `modality` can have. */
export function lesionKinds(modality: Modality): readonly string[] {
  return drawers[modality].lesionKinds;
}

export interface PhantomRequest {
  readonly modality: Modality;
  /** One of `lesionKinds(modality)`, `'random'` for any of them, `null` for a normal picture. */
  readonly lesion: string | null;
  /** Pixels on each side, 32 … 1024. */
  readonly size: number;
  /** One number is drawn from it; everything in the picture follows from that number. */
  readonly random: Random;
}

/**
 * Draws one picture with its mask and caption.
 *
 * Anatomy, noise and artefacts do not depend on the lesion: the same state of `random` with
 * `lesion: null` gives the healthy twin of an abnormal picture.
 *
 * The same state gives the same bytes on one machine and wherever JavaScript's `Math` is the same
 * code (V8's is its own, so Node and Chromium agree across processors); another engine's last bit
 * of a sine can move a pixel by one grey level.
 *
 * @throws {IqeError} `usage` for a modality, a kind of lesion or a size that does not exist;
 *   `runtime` where the picture is too small for the lesion
 */
export function drawPhantom({ modality, lesion, size, random }: PhantomRequest): Phantom {
  const drawer = drawers[modality] as ModalityDrawer | undefined;
  if (drawer === undefined) {
    throw new IqeError('usage', `There is no phantom of the modality "${modality}".`, {
      hint: `Choose one of ${Object.keys(drawers).join(', ')}.`,
    });
  }
  if (!Number.isInteger(size) || size < 32 || size > 1024) {
    throw new IqeError('usage', `A phantom of ${size} pixels on a side cannot be drawn.`, {
      hint: 'Choose a whole number from 32 to 1024; the default is 240.',
    });
  }
  const seed = random.bits();
  const kind = lesion === 'random' ? new Random(seed, 'kind').choose(drawer.lesionKinds) : lesion;
  if (kind !== null && !drawer.lesionKinds.includes(kind)) {
    throw new IqeError('usage', `A phantom of ${modality} cannot have the lesion "${kind}".`, {
      hint: `Choose one of ${drawer.lesionKinds.join(', ')}.`,
    });
  }
  // A lesion drawn where nothing of it shows is drawn again elsewhere.
  for (let attempt = 0; attempt < attempts; attempt++) {
    const drawing = drawer.draw(size, kind, {
      anatomy: new Random(seed, 'anatomy'),
      lesion: new Random(seed, 'lesion', attempt),
      noise: new Random(seed, 'noise'),
      artefact: new Random(seed, 'artefact'),
    });
    const mask = maskOf(drawing.lesion);
    const area = mask.reduce((sum, value) => sum + value, 0) / mask.length;
    if (kind !== null && area === 0) continue;
    const { finding } = drawing.words;
    return {
      modality,
      image: drawing.image,
      mask,
      caption: writeCaption(drawing.words, new Random(seed, 'caption')),
      lesion:
        kind === null || finding === null
          ? null
          : { kind, place: finding.place, extent: finding.extent, area },
    };
  }
  throw new IqeError(
    'runtime',
    `No ${kind} of ${modality} showed on ${size} pixels in ${attempts} attempts.`,
    { hint: 'Draw larger phantoms.' },
  );
}
