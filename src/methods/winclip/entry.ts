import { z } from 'zod';
import { activationSetting, classNameSetting, imageSizeSetting, methodEntry } from '../entry.js';

const entry = (references: 'no' | 'yes', title: string, summary: string) =>
  methodEntry({
    title,
    summary,
    needs: { images: 'none', masks: 'no', className: true, references },
    schema: z.strictObject({
      imageSize: imageSizeSetting(240),
      activation: activationSetting,
      className: classNameSetting,
    }),
    async build({ imageSize, className }, frozen, runtime) {
      const { winClip } = await import('./winclip.js');
      return winClip({ imageSize, object: className }, frozen, runtime);
    },
  });

export const winClipEntry = entry(
  'no',
  'WinCLIP',
  'Compares windows of the image with texts of both states.',
);
export const winClipPlusEntry = entry(
  'yes',
  'WinCLIP+',
  'WinCLIP that also compares windows with those of normal images.',
);
