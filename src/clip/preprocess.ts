import type { RasterImage } from '../base/image.js';
import { resize } from './resize.js';

/** Mean and deviation of CLIP's training images, red, green, blue. */
export const clipMean = [0.48145466, 0.4578275, 0.40821073] as const;
export const clipDeviation = [0.26862954, 0.26130258, 0.27577711] as const;

/**
 * An image as the towers are given it, before normalisation: resized to S × S (Pillow's bicubic, the
 * aspect is not kept), grey repeated over three channels, divided by 255.
 *
 * @returns [3, S, S] in 0…1
 */
export function imagePlanes(image: RasterImage, size: number): Float32Array {
  const { data, channels } = resize(image, size, size, 'bicubic');
  const pixels = size * size;
  const planes = new Float32Array(3 * pixels);
  for (let channel = 0; channel < 3; channel++) {
    const from = channels === 1 ? 0 : channel;
    for (let i = 0; i < pixels; i++) {
      planes[channel * pixels + i] = data[i * channels + from]! / 255;
    }
  }
  return planes;
}

/**
 * (x − mean) / deviation for each channel, or `planes` as they are, written to `into`.
 *
 * @param planes [3, S, S] in 0…1
 */
export function normalizePlanes(
  planes: Float32Array,
  normalization: 'clip' | 'none',
  into: Float32Array,
): void {
  if (normalization === 'none') {
    into.set(planes);
    return;
  }
  const pixels = planes.length / 3;
  for (let channel = 0; channel < 3; channel++) {
    const mean = clipMean[channel]!;
    const scale = 1 / clipDeviation[channel]!;
    for (let i = channel * pixels; i < (channel + 1) * pixels; i++) {
      into[i] = (planes[i]! - mean) * scale;
    }
  }
}
