import { z } from 'zod';
import { activationSetting, imageSizeSetting, stagesSetting } from '../entry.js';

/** How the authors of CFLOW-AD and BGAD train. */
export const flowTraining = {
  learningRate: 2e-4,
  betas: [0.9, 0.999],
  weightDecay: 0,
  epochs: 20,
  batchSize: 4,
} as const;

/** Settings of the flows of CFLOW-AD and BGAD. */
export const flowSettings = {
  imageSize: imageSizeSetting(240),
  stages: stagesSetting('at a third, two thirds and all of the depth'),
  activation: activationSetting,
  couplingBlocks: z
    .int()
    .min(1)
    .max(32)
    .default(4)
    .describe('Coupling blocks of each flow; paper: 8.'),
  positionWidth: z
    .int()
    .min(4)
    .max(1024)
    .multipleOf(4)
    .default(128)
    .describe('Values that encode a place.'),
};
