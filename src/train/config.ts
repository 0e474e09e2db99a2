import { z } from 'zod';
import { IqeError } from '../base/errors.js';
import { AUGMENTATIONS, type Augmentation } from '../data/augment.js';
import { readingSchema } from '../data/readingSettings.js';
import { modelSchema, presets } from '../iqe/config.js';

/** How a model is trained. Defaults are the `paper` preset's. */
export const trainingSchema = z.strictObject({
  epochs: z.int().min(1).default(50).describe('Passes over the training images.'),
  batchSize: z.int().min(1).max(1024).default(32).describe('Images per step. official: 16.'),
  learningRate: z
    .number()
    .positive()
    .default(1e-3)
    .describe("Adam's learning rate, fixed. official: 1e-4."),
  temperatureLearningRate: z
    .number()
    .positive()
    .default(1e-2)
    .describe('Learning rate of a learnable temperature.'),
  betas: z
    .tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)])
    .default([0.9, 0.999])
    .describe("Adam's decay rates. official: 0.5, 0.999."),
  dropoutEpochs: z
    .int()
    .min(0)
    .nullable()
    .default(null)
    .describe(
      'Epochs with dropout; null: all. official: only the first, as their code never returns to training mode after its first test.',
    ),
  augmentations: z
    .array(z.enum(AUGMENTATIONS as unknown as readonly [Augmentation, ...Augmentation[]]))
    .min(1)
    .default([...AUGMENTATIONS])
    .describe("Views of each support image in few-shot training: the authors' eleven."),
});

/** Everything that determines a run. Written into the run's folder as it was resolved. */
export const runSchema = z.strictObject({
  preset: z
    .enum(['paper', 'official'])
    .default('paper')
    .describe("Named set of defaults: what the paper says, or what its authors' code does."),
  method: z.enum(['iqe-clip']).default('iqe-clip').describe('The system to train.'),
  backbone: z
    .string()
    .min(1)
    .default('tiny')
    .describe(
      'CLIP model: tiny, a Hugging Face folder, or a hub name such as openai/clip-vit-large-patch14-336.',
    ),
  seed: z
    .int()
    .min(0)
    .default(0)
    .describe('Seed of everything random: shots, start values, order, dropout.'),
  reading: readingSchema.prefault({}).describe('How image files are read.'),
  model: modelSchema.prefault({}).describe('The method.'),
  training: trainingSchema.prefault({}).describe('Its training.'),
});

export type TrainingConfig = z.infer<typeof trainingSchema>;
export type RunConfig = z.infer<typeof runSchema>;

/** Where a preset's training differs from the schema's defaults. */
const trainingPresets: Readonly<Record<RunConfig['preset'], z.input<typeof trainingSchema>>> = {
  paper: {},
  official: { batchSize: 16, learningRate: 1e-4, betas: [0.5, 0.999], dropoutEpochs: 1 },
};

/**
 * The whole configuration from what was said of it: defaults, then the preset's differences, then
 * `settings`.
 *
 * @throws {IqeError} `config`, naming each field that does not fit.
 */
export function resolveRunConfig(settings: object = {}): RunConfig {
  const { preset = 'paper' } = settings as { preset?: unknown };
  const known = preset === 'paper' || preset === 'official';
  const base = known ? { model: presets[preset], training: trainingPresets[preset] } : {};
  const result = runSchema.safeParse(merged(base, settings));
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    (issue) => `${issue.path.join('.') || 'configuration'}: ${issue.message}`,
  );
  throw new IqeError('config', `The configuration does not fit: ${problems.join('; ')}.`, {
    hint: "'iqe-clip fit --help' lists the fields; 'iqe-clip info --schema' prints them with their texts.",
  });
}

/** `base` with `changes` put over it, objects field by field, everything else whole. */
export function merged(base: object, changes: object): object {
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) continue;
    const before = result[key];
    result[key] = isRecord(before) && isRecord(value) ? merged(before, value) : value;
  }
  return result;
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
