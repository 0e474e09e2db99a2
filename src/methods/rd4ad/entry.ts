import { z } from 'zod';
import { activationSetting, imageSizeSetting, methodEntry, stagesSetting } from '../entry.js';

export const rd4adEntry = methodEntry({
  title: 'RD4AD',
  summary: 'A decoder gives back the feature maps of normal images from a compressed embedding.',
  needs: { images: 'normal', masks: 'no', className: false, references: 'no', network: true },
  schema: z.strictObject({
    imageSize: imageSizeSetting(256),
    stages: stagesSetting('at a third, two thirds and all of the depth'),
    activation: activationSetting,
    bottleneckBlocks: z
      .int()
      .min(1)
      .max(8)
      .default(1)
      .describe('Blocks of the bottleneck; paper: 3.'),
    decoderBlocks: z
      .tuple([z.int().min(1), z.int().min(1), z.int().min(1)])
      .default([1, 1, 1])
      .describe("Blocks of the decoder's stages, coarsest first; paper: 3, 4, 6."),
    widening: z
      .int()
      .min(1)
      .max(4)
      .default(1)
      .describe("How much wider than ResNet-50's the inner convolutions are; paper: 2."),
  }),
  training: {
    learningRate: 5e-3,
    betas: [0.5, 0.999],
    weightDecay: 0,
    epochs: 20,
    batchSize: 16,
  },
  async build({ activation: _, ...config }, frozen) {
    const { rd4ad } = await import('./rd4ad.js');
    return rd4ad({ ...config, stages: config.stages ?? undefined }, frozen);
  },
});
