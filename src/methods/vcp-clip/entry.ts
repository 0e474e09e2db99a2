import { z } from 'zod';
import {
  activationSetting,
  chosenStages,
  imageSizeSetting,
  methodEntry,
  stagesSetting,
} from '../entry.js';

export const vcpClipEntry = methodEntry({
  title: 'VCP-CLIP',
  summary: 'Prompts made from the image itself, and texts that attend to its patches.',
  needs: { images: 'normal and abnormal', masks: 'yes', className: false, references: 'no' },
  schema: z.strictObject({
    imageSize: imageSizeSetting(518),
    stages: stagesSetting('every quarter of the depth'),
    activation: activationSetting,
    contextTokens: z
      .int()
      .min(1)
      .max(16)
      .default(2)
      .describe('r, tokens of the prompt that stand for what the image shows.'),
    learnableTokens: z
      .int()
      .min(1)
      .max(32)
      .default(1)
      .describe('n, learnable tokens in each layer of the text tower.'),
    heads: z.int().min(1).default(8).describe('Attention heads of the Post-VCP module.'),
    largestPixels: z
      .int()
      .min(1)
      .default(2000)
      .describe('Largest pixels whose mean is the image score.'),
  }),
  training: {
    learningRate: 4e-5,
    temperatureLearningRate: 1e-2,
    betas: [0.5, 0.999],
    weightDecay: 0,
    epochs: 10,
    batchSize: 32,
  },
  async build({ stages, activation, contextTokens, ...config }, frozen) {
    const { vcpClip } = await import('./vcpClip.js');
    return vcpClip({ ...config, classTokens: contextTokens, ...chosenStages(stages) }, frozen);
  },
});
