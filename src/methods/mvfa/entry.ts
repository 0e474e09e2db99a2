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

export const mvfaEntry = methodEntry({
  title: 'MVFA',
  summary: 'Adapters in the stream of the image tower; with references, also a memory.',
  needs: {
    images: 'normal and abnormal',
    masks: 'optional',
    className: true,
    references: 'optional',
  },
  schema: z.strictObject({
    imageSize: imageSizeSetting(240),
    stages: stagesSetting('every quarter of the depth'),
    activation: activationSetting,
    className: classNameSetting,
    memory: memorySetting(['none', 'images', 'views'], 'views'),
  }),
  training: {
    learningRate: 1e-3,
    betas: [0.5, 0.999],
    weightDecay: 0,
    epochs: 50,
    batchSize: 1,
  },
  async build({ imageSize, stages, className }, frozen, runtime, masks) {
    const { mvfa } = await import('./mvfa.js');
    const config = { imageSize, object: className, masks, ...chosenStages(stages) };
    return mvfa(config, frozen, runtime);
  },
});
