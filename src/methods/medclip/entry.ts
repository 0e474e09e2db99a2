import { z } from 'zod';
import { activationSetting, classNameSetting, imageSizeSetting, methodEntry } from '../entry.js';

const promptsSetting = (fallback: string[], state: string) =>
  z
    .array(z.string().min(1))
    .min(1)
    .default(fallback)
    .describe(`Prompts of the ${state} class; {} stands for model.className.`);

export const medClipEntry = methodEntry({
  title: 'MedCLIP',
  summary: 'Images closer to prompts of disease than of health; a score for each, and no map.',
  needs: {
    images: 'none',
    masks: 'no',
    className: true,
    references: 'no',
    network: true,
    map: false,
  },
  schema: z.strictObject({
    imageSize: imageSizeSetting(224),
    activation: activationSetting,
    className: classNameSetting,
    normalPrompts: promptsSetting(
      ['a normal {}.', 'a healthy {}.', 'no evidence of disease in the {}.'],
      'normal',
    ),
    abnormalPrompts: promptsSetting(
      ['an abnormal {}.', 'a diseased {}.', 'evidence of disease in the {}.'],
      'abnormal',
    ),
    combine: z
      .enum(['mean', 'max'])
      .default('mean')
      .describe('How the similarities with the prompts of a class become one.'),
  }),
  async build({ activation: _, className, ...config }, frozen, runtime) {
    const { medClip } = await import('./medclip.js');
    return medClip({ ...config, object: className }, frozen, runtime);
  },
});
