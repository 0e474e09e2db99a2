import { z } from 'zod';
import { methodEntry } from '../entry.js';
import { flowSettings, flowTraining } from '../shared/flowSettings.js';

export const bgadEntry = methodEntry({
  title: 'BGAD',
  summary: 'Flows as in CFLOW-AD, with a boundary that abnormal shots are pushed behind.',
  needs: {
    images: 'normal and abnormal',
    masks: 'yes',
    className: false,
    references: 'no',
    network: true,
  },
  schema: z.strictObject({
    ...flowSettings,
    beta: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.05)
      .describe('Share of normal places that lies below the boundary.'),
  }),
  training: flowTraining,
  async build({ activation: _, ...config }, frozen) {
    const { bgad } = await import('./bgad.js');
    return bgad({ ...config, stages: config.stages ?? undefined }, frozen);
  },
});
