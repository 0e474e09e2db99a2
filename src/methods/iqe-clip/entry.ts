import { modelSchema } from '../../iqe/config.js';
import { methodEntry } from '../entry.js';

export const iqeClipEntry = methodEntry({
  title: 'IQE-CLIP',
  summary: 'Prompts and queries made from the image itself: the method of this package.',
  needs: {
    images: 'normal and abnormal',
    masks: 'optional',
    className: false,
    references: 'no',
  },
  schema: modelSchema,
  training: {
    learningRate: 1e-3,
    betas: [0.9, 0.999],
    weightDecay: 0,
    epochs: 50,
    batchSize: 32,
  },
  async build(model, frozen) {
    const { iqeClipMethod } = await import('./iqeClip.js');
    return iqeClipMethod(model, frozen);
  },
});
