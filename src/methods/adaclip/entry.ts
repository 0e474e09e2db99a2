import { z } from 'zod';
import {
  activationSetting,
  chosenStages,
  classNameSetting,
  imageSizeSetting,
  methodEntry,
  stagesSetting,
} from '../entry.js';

export const adaClipEntry = methodEntry({
  title: 'AdaCLIP',
  summary: 'Static and dynamic prompts in both towers, and clustered abnormal patches.',
  needs: { images: 'normal and abnormal', masks: 'yes', className: true, references: 'no' },
  schema: z.strictObject({
    imageSize: imageSizeSetting(518),
    stages: stagesSetting('every quarter of the depth'),
    activation: activationSetting,
    className: classNameSetting,
    depth: z.int().min(1).default(4).describe('J, blocks of each tower that have prompts.'),
    length: z.int().min(1).max(32).default(5).describe('L, prompts of each of these blocks.'),
    clusters: z.int().min(1).default(20).describe('K, clusters of the hybrid semantic fusion.'),
  }),
  training: {
    learningRate: 0.01,
    betas: [0.5, 0.999],
    weightDecay: 0.01,
    epochs: 5,
    batchSize: 1,
  },
  async build({ stages, activation, className, ...config }, frozen) {
    const { adaClip } = await import('./adaclip.js');
    return adaClip({ ...config, object: className, ...chosenStages(stages) }, frozen);
  },
});
