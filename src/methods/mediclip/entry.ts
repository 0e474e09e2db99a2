import { z } from 'zod';
import {
  activationSetting,
  chosenStages,
  imageSizeSetting,
  methodEntry,
  stagesSetting,
} from '../entry.js';

export const mediClipEntry = methodEntry({
  title: 'MediCLIP',
  summary: 'Learns from normal images into which anomalies are drawn.',
  needs: { images: 'normal', masks: 'no', className: false, references: 'no' },
  schema: z.strictObject({
    imageSize: imageSizeSetting(224),
    stages: stagesSetting('at half, three quarters and all of the depth'),
    activation: activationSetting,
    contextTokens: z.int().min(1).max(64).default(8).describe('Learnable tokens before each word.'),
  }),
  training: {
    learningRate: 1e-3,
    betas: [0.5, 0.999],
    weightDecay: 0,
    epochs: 200,
    batchSize: 8,
    augmentations: ['identity'],
  },
  async build({ imageSize, stages, contextTokens }, frozen) {
    const { mediClip } = await import('./mediClip.js');
    return mediClip({ imageSize, contextTokens, ...chosenStages(stages) }, frozen);
  },
});
