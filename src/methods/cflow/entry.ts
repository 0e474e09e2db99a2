import { z } from 'zod';
import { methodEntry } from '../entry.js';
import { flowSettings, flowTraining } from '../shared/flowSettings.js';

export const cflowEntry = methodEntry({
  title: 'CFLOW-AD',
  summary: 'Normalising flows learn how likely features of normal images are at each place.',
  needs: { images: 'normal', masks: 'no', className: false, references: 'no', network: true },
  schema: z.strictObject(flowSettings),
  training: flowTraining,
  async build({ activation: _, ...config }, frozen) {
    const { cflow } = await import('./cflow.js');
    return cflow({ ...config, stages: config.stages ?? undefined }, frozen);
  },
});
