import type { RasterImage } from '../../base/image.js';
import type { Random } from '../../base/random.js';
import type { CaptionWords } from './captions.js';

/** The kinds of picture that can be drawn. */
export const modalities = [
  'brain-mr',
  'head-ct',
  'chest-xray',
  'abdominal-ct',
  'retinal-oct',
  'ultrasound',
  'histology',
  'mammography',
  'dermoscopy',
] as const;

export type Modality = (typeof modalities)[number];

/** What is wrong in a phantom. */
export interface PhantomLesion {
  /** One of `lesionKinds(modality)`. */
  readonly kind: string;
  /** Where, in words ("left frontal lobe"). */
  readonly place: string;
  /** Against what is usual for its kind. */
  readonly extent: Extent;
  /** The share of the picture that the mask covers, 0…1. */
  readonly area: number;
}

export type Extent = 'small' | 'medium' | 'large';

/** A drawn picture with what is known about it. */
export interface Phantom {
  readonly modality: Modality;
  /** `size × size`; RGB for histology and dermoscopy, else grey. */
  readonly image: RasterImage;
  /** `size · size` values 0 or 1; 1 where the lesion is. All 0 in a normal picture. */
  readonly mask: Uint8Array;
  /** One English sentence or phrase that is true of the picture. */
  readonly caption: string;
  /** `null` in a normal picture. */
  readonly lesion: PhantomLesion | null;
}

/**
 * Independent streams of random numbers, one per aspect: the same anatomy, artefacts and noise
 * come out whatever lesion is drawn, so that a picture has its own healthy twin.
 */
export interface Streams {
  readonly anatomy: Random;
  readonly lesion: Random;
  readonly noise: Random;
  readonly artefact: Random;
}

/** What a modality's drawing function gives back. */
export interface Drawing {
  readonly image: RasterImage;
  /** Coverage 0…1 of the lesion; ignored in a normal picture. */
  readonly lesion: Float32Array;
  readonly words: CaptionWords;
}

/** One modality: the lesions it can have and how it is drawn. */
export interface ModalityDrawer {
  readonly lesionKinds: readonly string[];
  draw(size: number, lesion: string | null, streams: Streams): Drawing;
}
