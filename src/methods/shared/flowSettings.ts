import { z } from 'zod';
import { activationSetting, imageSizeSetting, stagesSetting } from '../entry.js';

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
