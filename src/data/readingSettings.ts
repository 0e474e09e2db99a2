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
 * Of more images in one file `predict` chooses so many unless it is told to take all. With eight, a
 * volume is scored in two seconds on two cores with the backbone tiny, of which the start takes one.
 */
export const mostImagesOfFile = 8;

const whereNotGiven = `Not given (null): predict takes ${mostImagesOfFile}, evenly spread, all else the middle one;`;

const placeExpected = "expected a whole number from 0 on, or 'all'";

const place = z
  .union([z.int(placeExpected).min(0, placeExpected), z.literal('all')], placeExpected)
  .nullable()
  .default(null);

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
  slice: place.describe(
    `Slice of NIfTI volumes, from 0. ${whereNotGiven} predict takes every one with all.`,
  ),
  frame: place.describe(
    `Frame of DICOM files of several, from 0. ${whereNotGiven} predict takes every one with all. Of NIfTI files the volume; not given: the first.`,
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
    slice: placeIn(settings.slice),
    frame: placeIn(settings.frame),
  };
}

function placeIn(setting: ReadingSettings['slice']): number | undefined {
  return typeof setting === 'number' ? setting : undefined;
}

/**
 * Those of the images in one file that are scored: all where `settings` say so or there are no more
 * than {@link mostImagesOfFile}, else so many of them, evenly spread: of N the ⌊(i + ½) N / n⌋-th.
 */
export function imagesToScore<Image>(
  images: readonly Image[],
  { slice, frame }: ReadingSettings,
): readonly Image[] {
  const count = mostImagesOfFile;
  if (slice === 'all' || frame === 'all' || images.length <= count) return images;
  return Array.from(
    { length: count },
    (_, index) => images[Math.floor(((index + 0.5) * images.length) / count)] as Image,
  );
}

function parseWindowSetting(text: string): WindowChoice | undefined {
  return text.trim().toLowerCase() === 'auto' ? undefined : parseWindow(text);
}
