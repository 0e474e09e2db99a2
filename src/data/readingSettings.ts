import { z } from 'zod';
import { messageOf } from '../base/errors.js';
import type { IntensityRange } from './decodeRange.js';
import { parseRange } from './decodeRange.js';
import { parseWindow, type WindowChoice } from './dicom/window.js';
import type { NiftiAxis } from './nifti/niftiSlice.js';

/** A text that `parse` takes; its error is the schema's. */
const parsedBy = (parse: (text: string) => unknown) =>
  z.string().superRefine((text, context) => {
    try {
      parse(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: messageOf(error) });
    }
  });

/**
 * How pixels are taken from image files. What a model learned from images read in one way holds for
 * images read in the same way, so this is part of a run's configuration.
 */
export const readingSchema = z.strictObject({
  window: parsedBy(parseWindowSetting)
    .default('auto')
    .describe(
      'Values shown of DICOM and NIfTI images: CENTER,WIDTH, a preset such as brain or lung, or full. auto: what a DICOM file states itself, of NIfTI the range.',
    ),
  range: parsedBy(parseRange)
    .default('0.5,99.5')
    .describe(
      'Values shown of grey images of more than 8 bits where no window is: two percentiles, LOW,HIGH, or full.',
    ),
  axis: z
    .enum(['axial', 'coronal', 'sagittal'])
    .default('axial')
    .describe('Axis across which NIfTI volumes are sliced.'),
  slice: z
    .int()
    .min(0)
    .nullable()
    .default(null)
    .describe(
      'Slice of NIfTI volumes, from 0. Not given (null): predict takes every one, all else the middle one.',
    ),
  frame: z
    .int()
    .min(0)
    .nullable()
    .default(null)
    .describe(
      'Frame of DICOM files of several, from 0. Not given (null): predict takes every one, all else the middle one. Of NIfTI files the volume; not given: the first.',
    ),
});

export type ReadingSettings = z.infer<typeof readingSchema>;

/** {@link ReadingSettings} as readers take them. What is not given is as in the settings' defaults. */
export interface ReadingOptions {
  readonly window?: WindowChoice | undefined;
  readonly range?: IntensityRange | undefined;
  readonly axis?: NiftiAxis | undefined;
  readonly slice?: number | undefined;
  readonly frame?: number | undefined;
}

/** What `settings` mean. */
export function readingOptions(settings: ReadingSettings): ReadingOptions {
  return {
    window: parseWindowSetting(settings.window),
    range: parseRange(settings.range),
    axis: settings.axis,
    slice: settings.slice ?? undefined,
    frame: settings.frame ?? undefined,
  };
}

function parseWindowSetting(text: string): WindowChoice | undefined {
  return text.trim().toLowerCase() === 'auto' ? undefined : parseWindow(text);
}
