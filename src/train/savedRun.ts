import { z } from 'zod';
import { IqeError } from '../base/errors.js';
import type { ChosenThreshold } from '../metrics/thresholds.js';
import { runSchema } from './config.js';

const thresholdSchema = z.custom<ChosenThreshold>(
  (value) => typeof (value as ChosenThreshold | null)?.threshold === 'number',
  'a chosen threshold was expected',
);

const calibrationSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('logistic'),
    slope: z.number(),
    intercept: z.number(),
    fittedOn: z.enum(['both classes', 'normal samples']),
    samples: z.object({ normal: z.number(), abnormal: z.number() }),
  }),
  z.object({ kind: z.literal('identity') }),
]);

/** `run.json`: everything needed to predict with a run besides its weights and its backbone. */
export const savedRunSchema = z.object({
  format: z.literal('iqe-clip run'),
  formatVersion: z.literal(1),
  /** Version of this package that wrote it. */
  createdWith: z.string(),
  finished: z.boolean(),
  config: runSchema,
  /** `Checkpoint.identity` of the backbone that the weights belong to. */
  backboneIdentity: z.string(),
  /** What it learned from: ids of the images, and a hash of their names and contents. */
  data: z.object({
    name: z.string(),
    hash: z.string(),
    shots: z.object({ normal: z.array(z.string()), abnormal: z.array(z.string()) }),
    /** Of a run that was trained on whole sets: ids of the images of each, by what they were for. */
    sets: z
      .array(
        z.object({
          name: z.string(),
          masks: z.boolean(),
          training: z.array(z.string()),
          heldBack: z.array(z.string()),
        }),
      )
      .optional(),
    /** Which other images chose the epoch and the threshold, where that was asked for. */
    selectedOn: z
      .object({
        name: z.string(),
        splits: z.array(z.string()),
        images: z.number(),
        hash: z.string(),
      })
      .optional(),
    masks: z.boolean(),
  }),
  /** How a raw score becomes one in 0…1, and from which such score on an image counts as abnormal. */
  decision: z
    .object({
      calibration: calibrationSchema,
      /** In calibrated scores. */
      threshold: thresholdSchema.nullable(),
      /** In values of the anomaly map. */
      mapThreshold: z.number().nullable(),
      /** Values of the anomaly map that are shown as 0 and as 1; as they are without. */
      mapRange: z.tuple([z.number(), z.number()]).optional(),
      /** Which images it was chosen on. */
      chosenOn: z.enum(['validation images', 'support images', 'no images']),
    })
    .nullable(),
  /** Of a run whose epoch was chosen: which one (from 1) by which mean AUROC; the last one if null. */
  selected: z.object({ epoch: z.number(), criterion: z.number().nullable() }).optional(),
  /** Mean loss of each epoch. */
  history: z.array(z.number()),
});

export type SavedRun = z.infer<typeof savedRunSchema>;
export type Decision = NonNullable<SavedRun['decision']>;

/**
 * Reads the text of a `run.json`.
 *
 * @throws {IqeError} `checkpoint` if it is none, with the field that does not fit.
 */
export function parseSavedRun(json: string, where: string): SavedRun {
  const hint = 'Fit it again with this version of iqe-clip, with --overwrite in the same folder.';
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new IqeError('checkpoint', `${where} is not JSON.`, { hint, cause });
  }
  const result = savedRunSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw new IqeError(
    'checkpoint',
    `${where} is no run of this version: ${issue.path.join('.')}: ${issue.message}.`,
    { hint },
  );
}
