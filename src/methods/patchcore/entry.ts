import { z } from 'zod';
import { activationSetting, imageSizeSetting, methodEntry, stagesSetting } from '../entry.js';

export const patchCoreEntry = methodEntry({
  title: 'PatchCore',
  summary: 'The distance of each patch to the nearest one of normal images.',
  needs: { images: 'none', masks: 'no', className: false, references: 'yes', network: true },
  schema: z.strictObject({
    imageSize: imageSizeSetting(240),
    stages: stagesSetting('at half and three quarters of the depth'),
    activation: activationSetting,
    coresetFraction: z
      .number()
      .gt(0)
      .max(1)
      .default(0.1)
      .describe('Share of the patches of normal images that is kept.'),
  }),
  async build({ imageSize, stages, coresetFraction }, frozen) {
    const { patchCore } = await import('./patchcore.js');
    const { layers } = frozen.clip.vision;
    const middle = [0.5, 0.75].map((part) => Math.max(1, Math.round(part * layers)));
    return patchCore({ imageSize, coresetFraction, stages: stages ?? middle }, frozen);
  },
});
