import { gaussianBlur } from '../blur.js';
import { colourImage } from '../intensities.js';
import { whiteNoise } from '../noise.js';
import type { Drawing, ModalityDrawer, Streams } from '../phantom.js';
import { drawHistologyLesion, histologyLesionKinds } from './histologyLesions.js';
import { drawTissue, type Slide } from './histologyTissue.js';

/**
 * Haematoxylin and eosin sections of lymph node, breast and colon at two to four pixels a
 * micrometre: blue-purple nuclei on pink. Colours follow Beer–Lambert's law, so that stain
 * strength and hue vary as they do between laboratories. Artefacts: uneven staining, focus, dust.
 */
export const histology: ModalityDrawer = {
  lesionKinds: histologyLesionKinds,
  draw(size: number, lesionKind: string | null, streams: Streams): Drawing {
    const { anatomy, artefact } = streams;
    const slide = drawTissue(size, anatomy);
    const lesion =
      lesionKind === null ? null : drawHistologyLesion(lesionKind, slide, streams.lesion);
    const image = stain(slide, artefact, streams.noise);
    return {
      image,
      lesion: lesion?.coverage ?? new Float32Array(size * size),
      words: {
        pictures: [
          'histology slide',
          'H&E histology image',
          `H&E-stained section of ${slide.tissue}`,
          `histopathology image of ${slide.tissue}`,
          `microscopy image of ${slide.tissue}`,
          'histopathology slide',
          `H&E slide of ${slide.tissue}`,
        ],
        subjects: [slide.tissue, slide.tissue, 'tissue'],
        details: [slide.note, 'haematoxylin and eosin stain', 'pink and purple stain'],
        normal: [
          `normal ${slide.tissue}`,
          'no tumour cells',
          'regular tissue architecture',
          'no malignancy',
          'no abnormal cells',
        ],
        finding: lesion?.finding ?? null,
      },
    };
  },
};

/** Light through the stained section: 255 · 10^−(h·H + e·E) in each colour. */
function stain(slide: Slide, artefact: Streams['artefact'], noise: Streams['noise']) {
  const { size, haematoxylin, eosin } = slide;
  const wobble = (value: number) => value * (1 + 0.08 * artefact.normal());
  const h = [wobble(0.6), wobble(0.68), wobble(0.3)] as const;
  const e = [wobble(0.1), wobble(0.62), wobble(0.28)] as const;
  const strengthH = artefact.between(0.75, 1.25);
  const strengthE = artefact.between(0.65, 1.2);
  const lamp = [artefact.between(0.93, 1), artefact.between(0.92, 0.99), artefact.between(0.93, 1)];
  const blur = (size / 240) * artefact.between(0.3, 0.8);
  const blue = gaussianBlur(haematoxylin, size, size, blur);
  const pink = gaussianBlur(eosin, size, size, blur);
  const grain = whiteNoise(size * size, noise);
  const sensor = artefact.between(0.004, 0.016);
  const colours = [0, 1, 2].map((channel) => {
    const field = new Float32Array(size * size);
    const forH = -Math.LN10 * strengthH * (h[channel] as number);
    const forE = -Math.LN10 * strengthE * (e[channel] as number);
    for (let i = 0; i < field.length; i++) {
      const density = forH * (blue[i] as number) + forE * (pink[i] as number);
      field[i] = (lamp[channel] as number) * Math.exp(density) + sensor * (grain[i] as number);
    }
    return field;
  });
  return colourImage(
    colours[0] as Float32Array,
    colours[1] as Float32Array,
    colours[2] as Float32Array,
    size,
  );
}
