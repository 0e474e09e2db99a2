import { z } from 'zod';
import {
  activationSetting,
  chosenStages,
  classNameSetting,
  imageSizeSetting,
  memorySetting,
  methodEntry,
  stagesSetting,
} from '../entry.js';

export const aprilGanEntry = methodEntry({
  title: 'APRIL-GAN',
  summary: 'Linear layers from patch tokens to texts; with references, also a memory.',
  needs: { images: 'normal and abnormal', masks: 'yes', className: true, references: 'optional' },
  schema: z.strictObject({
    imageSize: imageSizeSetting(518),
    stages: stagesSetting('every quarter of the depth'),
    activation: activationSetting,
    className: classNameSetting,
    memory: memorySetting(['none', 'images', 'views'], 'images'),
  }),
  training: {
    learningRate: 1e-3,
    betas: [0.5, 0.999],
    weightDecay: 0,
    epochs: 15,
    batchSize: 8,
  },
  async build({ imageSize, stages, className }, frozen, runtime) {
    const { aprilGan } = await import('./aprilGan.js');
    const config = { imageSize, object: className, ...chosenStages(stages) };
    return aprilGan(config, frozen, runtime);
  },
});
