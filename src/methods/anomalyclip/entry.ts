import { z } from 'zod';
import {
  activationSetting,
  chosenStages,
  imageSizeSetting,
  methodEntry,
  stagesSetting,
} from '../entry.js';

export const anomalyClipEntry = methodEntry({
  title: 'AnomalyCLIP',
  summary: 'Learned prompts that name no object, on values that attend to values.',
  needs: { images: 'normal and abnormal', masks: 'yes', className: false, references: 'no' },
  schema: z.strictObject({
    imageSize: imageSizeSetting(518),
    stages: stagesSetting('the last block alone'),
    activation: activationSetting,
    secondPathBlocks: z
      .int()
      .min(0)
      .nullable()
      .default(null)
      .describe(
        'Blocks at the end of the image tower that have a second path; null: 19/24 of them.',
      ),
    contextTokens: z
      .int()
      .min(1)
      .max(64)
      .default(12)
      .describe('E, learnable tokens of each prompt.'),
    depth: z
      .int()
      .min(1)
      .default(9)
      .describe('Layers of the text tower that learnable tokens enter.'),
    deepTokens: z
      .int()
      .min(1)
      .max(64)
      .default(4)
      .describe('Learnable tokens of each layer after the first.'),
  }),
  training: {
    learningRate: 1e-3,
    betas: [0.5, 0.999],
    weightDecay: 0,
    epochs: 15,
    batchSize: 8,
  },
  async build({ stages, activation, secondPathBlocks, ...config }, frozen) {
    const { anomalyClip } = await import('./anomalyClip.js');
    const blocks = secondPathBlocks === null ? {} : { secondPathBlocks };
    return anomalyClip({ ...config, ...blocks, ...chosenStages(stages) }, frozen);
  },
});
