import { z } from 'zod';
import { activationSetting, imageSizeSetting, methodEntry, stagesSetting } from '../entry.js';

export const draEntry = methodEntry({
  title: 'DRA',
  summary: 'Heads for seen, pseudo and residual anomalies; a score for each image, and no map.',
  needs: {
    images: 'normal and abnormal',
    masks: 'no',
    className: false,
    references: 'yes',
    network: true,
    map: false,
  },
  schema: z.strictObject({
    imageSize: imageSizeSetting(240),
    stages: stagesSetting('the last one'),
    activation: activationSetting,
  }),
  training: {
    learningRate: 2e-4,
    betas: [0.9, 0.999],
    weightDecay: 1e-5,
    epochs: 20,
    batchSize: 12,
  },
  async build({ activation: _, ...config }, frozen) {
    const { dra } = await import('./dra.js');
    return dra({ ...config, stages: config.stages ?? undefined }, frozen);
  },
});
