import { z } from 'zod';
import { activationSetting, classNameSetting, imageSizeSetting, methodEntry } from '../entry.js';

const schema = z.strictObject({
  imageSize: imageSizeSetting(240),
  activation: activationSetting,
  className: classNameSetting,
});

const entry = (prompts: 'single' | 'ensemble', title: string, summary: string) =>
  methodEntry({
    title,
    summary,
    needs: { images: 'none', masks: 'no', className: true, references: 'no' },
    schema,
    async build({ imageSize, className }, frozen, runtime) {
      const { plainClip } = await import('./clip.js');
      return plainClip({ imageSize, object: className, prompts }, frozen, runtime);
    },
  });

export const clipEntry = entry('single', 'CLIP', 'CLIP as it is, with one prompt for each state.');
export const clipAcEntry = entry(
  'ensemble',
  'CLIP-AC',
  'CLIP as it is, with an ensemble of prompts for each state.',
);
export const clipPlusEntry = methodEntry({
  title: 'CLIP+',
  summary: 'CLIP-AC that also compares patches with those of normal images.',
  needs: { images: 'none', masks: 'no', className: true, references: 'yes' },
  schema,
  async build({ imageSize, className }, frozen, runtime) {
    const { clipPlus } = await import('./clip.js');
    return clipPlus({ imageSize, object: className }, frozen, runtime);
  },
});
