import { z } from 'zod';
import { activationSetting, imageSizeSetting, methodEntry, stagesSetting } from '../entry.js';

export const mkdEntry = methodEntry({
  title: 'MKD',
  summary: 'A small network learns the features of a large one on normal images.',
  needs: { images: 'normal', masks: 'no', className: false, references: 'no', network: true },
  schema: z.strictObject({
    imageSize: imageSizeSetting(256),
    stages: stagesSetting('at quarters of the depth'),
    activation: activationSetting,
    lambda: z
      .number()
      .min(0)
      .default(0.01)
      .describe('Weight of the values of features beside their direction.'),
  }),
  training: {
    learningRate: 1e-3,
    betas: [0.9, 0.999],
    weightDecay: 0,
    epochs: 20,
    batchSize: 16,
  },
  async build({ activation: _, ...config }, frozen) {
    const { mkd } = await import('./mkd.js');
    return mkd({ ...config, stages: config.stages ?? undefined }, frozen);
  },
});
