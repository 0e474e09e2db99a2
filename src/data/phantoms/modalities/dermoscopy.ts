import type { Random } from '../../../base/random.js';
import { gaussianBlur } from '../blur.js';
import { colourImage, mix, smoothStep } from '../intensities.js';
import { whiteNoise } from '../noise.js';
import type { Drawing, ModalityDrawer, Streams } from '../phantom.js';
import { drawStroke, type Point, strokeCoverage, windingStroke } from '../strokes.js';
import { dermoscopyLesionKinds, drawDermoscopyLesion } from './dermoscopyLesions.js';
import { drawSkin, paintColour, type Skin } from './skinAnatomy.js';

/**
 * Dermoscopy: skin under a lit magnifier. Distractors and artefacts on normal and abnormal
 * pictures alike: hairs, freckles, gel bubbles, ruler marks, ink, dark corners, colour cast.
 */
export const dermoscopy: ModalityDrawer = {
  lesionKinds: dermoscopyLesionKinds,
  draw(size: number, lesionKind: string | null, streams: Streams): Drawing {
    const { anatomy, artefact } = streams;
    const skin = drawSkin(size, anatomy);
    const lesion =
      lesionKind === null ? null : drawDermoscopyLesion(lesionKind, skin, streams.lesion);
    const hairs = drawHairs(skin, artefact);
    drawBubbles(skin, artefact);
    if (artefact.uniform() < 0.2) drawRuler(skin, artefact);
    if (artefact.uniform() < 0.08) drawInk(skin, artefact);
    const [red, green, blue] = photograph(skin, artefact, streams.noise);
    return {
      image: colourImage(red, green, blue, size),
      lesion: lesion?.coverage ?? new Float32Array(size * size),
      words: {
        pictures: [
          'dermoscopy image',
          'dermoscopic image of the skin',
          'dermoscopy photograph of skin',
          'dermatoscopy image',
          'skin dermoscopy image',
        ],
        subjects: ['skin'],
        details: [
          hairs > 8 ? 'with many hairs' : hairs > 0 ? 'with a few hairs' : 'without hairs',
          `${skin.tone} skin`,
          'close-up view of the skin',
        ],
        normal: [
          'normal skin',
          'healthy skin',
          'no skin lesion',
          'no mole and no tumour',
          'clear skin',
        ],
        finding: lesion?.finding ?? null,
      },
    };
  },
};

/** Returns how many hairs were drawn. */
function drawHairs(skin: Skin, random: Random): number {
  const { size } = skin;
  const count = random.uniform() < 0.35 ? 0 : Math.round(1 + 24 * random.uniform() ** 2);
  const main = random.between(0, 2 * Math.PI);
  const dark = random.uniform() < 0.75;
  const coverage = new Float32Array(size * size);
  for (let n = 0; n < count; n++) {
    const from: Point = [random.between(-0.1, 1.1) * size, random.between(-0.1, 1.1) * size];
    const width = (size / 240) * random.between(0.8, 2.2);
    drawStroke(
      coverage,
      size,
      windingStroke(
        from,
        main + 0.5 * random.normal(),
        size * random.between(0.3, 0.9),
        [width, 0.5 * width],
        random,
        { winding: 0.07, bend: 0.6 * random.normal(), steps: 14 },
      ),
    );
  }
  paintColour(skin, coverage, dark ? [0.14, 0.09, 0.07] : [0.72, 0.58, 0.4], 0.9);
  return count;
}

/** Bubbles of immersion gel: bright rings with a glint. */
function drawBubbles(skin: Skin, random: Random): void {
  if (random.uniform() > 0.25) return;
  const { size } = skin;
  const count = 1 + random.integer(7);
  for (let n = 0; n < count; n++) {
    const x = random.uniform() * size;
    const y = random.uniform() * size;
    const radius = (size / 240) * random.between(2, 9);
    const ring = new Float32Array(size * size);
    const reach = Math.ceil(radius + 2);
    for (let row = Math.max(0, Math.floor(y) - reach); row < Math.min(size, y + reach); row++) {
      for (
        let column = Math.max(0, Math.floor(x) - reach);
        column < Math.min(size, x + reach);
        column++
      ) {
        const away = Math.hypot(column - x, row - y);
        const glint = Math.hypot(column - x + 0.4 * radius, row - y + 0.4 * radius);
        ring[row * size + column] = Math.max(
          0.6 * smoothStep(1.2, 0.2, Math.abs(away - radius)),
          smoothStep(0.3 * radius + 0.5, 0.1 * radius, glint),
        );
      }
    }
    paintColour(skin, ring, [0.96, 0.94, 0.92], 0.7);
  }
}

/** Ticks of a ruler along one edge. */
function drawRuler(skin: Skin, random: Random): void {
  const { size } = skin;
  const spacing = size * random.between(0.03, 0.06);
  const vertical = random.uniform() < 0.5;
  const inset = size * random.between(0.01, 0.06);
  const coverage = new Float32Array(size * size);
  const width = Math.max(1, size / 240);
  for (let step = 0; step * spacing < size; step++) {
    const long = size * (step % 5 === 0 ? 0.06 : 0.03);
    const at = step * spacing;
    const ends: [Point, Point] = vertical
      ? [
          [inset, at],
          [inset + long, at],
        ]
      : [
          [at, size - inset],
          [at, size - inset - long],
        ];
    drawStroke(coverage, size, { points: ends, widths: [width, width] });
  }
  paintColour(skin, coverage, [0.08, 0.08, 0.1], 0.9);
}

/** A surgeon's pen: a purple line. */
function drawInk(skin: Skin, random: Random): void {
  const { size } = skin;
  const width = (size / 240) * random.between(4, 9);
  const line = windingStroke(
    [random.uniform() * size, random.choose([0.05, 0.95]) * size],
    random.between(-0.4, 0.4),
    0.4 * size,
    [width, width],
    random,
    { winding: 0.2 },
  );
  const coverage = gaussianBlur(strokeCoverage(size, [line]), size, size, 0.8);
  paintColour(skin, coverage, [0.36, 0.22, 0.55], 0.55);
}

/** Light, lens and sensor: vignette, black corners of a round lens, colour cast, blur, noise. */
function photograph(
  skin: Skin,
  artefact: Random,
  noise: Random,
): [Float32Array, Float32Array, Float32Array] {
  const { size } = skin;
  const vignette = artefact.between(0, 0.35);
  const round = artefact.uniform() < 0.25 ? artefact.between(1.02, 1.3) : 9;
  const cast = [
    artefact.between(0.92, 1.06),
    artefact.between(0.92, 1.04),
    artefact.between(0.88, 1.08),
  ];
  const exposure = artefact.between(0.85, 1.12);
  const blur = (size / 240) * artefact.between(0.3, 0.9);
  const lightX = 0.25 * artefact.normal();
  const lightY = 0.25 * artefact.normal();
  const sensor = artefact.between(0.006, 0.02);
  return skin.colour.map((channel, c) => {
    const sharp = gaussianBlur(channel, size, size, blur);
    const grain = whiteNoise(size * size, noise);
    const gain = exposure * (cast[c] as number);
    for (let y = 0, i = 0; y < size; y++) {
      const v = (2 * (y + 0.5)) / size - 1;
      for (let x = 0; x < size; x++, i++) {
        const u = (2 * (x + 0.5)) / size - 1;
        const radius = Math.sqrt(u * u + v * v);
        const lit = 1 - vignette * ((u - lightX) ** 2 + (v - lightY) ** 2) * 0.6;
        const shown = smoothStep(round + 0.03, round - 0.03, radius);
        const value = (sharp[i] as number) * gain * lit + sensor * (grain[i] as number);
        sharp[i] = mix(0.02, value, shown);
      }
    }
    return sharp;
  }) as [Float32Array, Float32Array, Float32Array];
}
