import { z } from 'zod';
import { IqeError } from '../base/errors.js';
import { AUGMENTATIONS, type Augmentation } from '../data/augment.js';
import { readingSchema } from '../data/readingSettings.js';
import { presets } from '../iqe/config.js';
import {
  entryOf,
  type MethodModel,
  type MethodName,
  methodNames,
  methods,
} from '../methods/registry.js';

/** How a model is trained. Defaults are the `paper` preset's of IQE-CLIP; other methods have their own. */
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
    .describe('Learning rate of learnable temperatures.'),
  betas: z
    .tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)])
    .default([0.9, 0.999])
    .describe("Adam's decay rates. official: 0.5, 0.999."),
  weightDecay: z
    .number()
    .min(0)
    .default(0)
    .describe('λ of decoupled weight decay (AdamW); 0 is plain Adam.'),
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

export type TrainingConfig = z.infer<typeof trainingSchema>;

/** All of a run's configuration but {@link modelSchemas}, which depend on the method. */
const sharedShape = {
  preset: z
    .enum(['paper', 'official'])
    .default('paper')
    .describe(
      "Named set of defaults of IQE-CLIP: what the paper says, or what its authors' code does.",
    ),
  method: z.enum(methodNames).default('iqe-clip').describe('The system to fit.'),
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
  sensitivity: z
    .number()
    .gt(0)
    .max(1)
    .nullable()
    .default(null)
    .describe(
      'Share of the abnormal images beside the shots that the threshold must find; null: the threshold of the largest F1.',
    ),
  reading: readingSchema.prefault({}).describe('How image files are read.'),
};
const trainingShape = { training: trainingSchema.prefault({}).describe('Its training.') };

/** The fields of a run's configuration for one method. Written into the run's folder as resolved. */
export function runShape(method: MethodName) {
  const { title, schema } = entryOf(method);
  // Every method's settings are an object whose fields all have defaults.
  const model = (schema as z.ZodType<object, object>).prefault({});
  return { ...sharedShape, model: model.describe(`Settings of ${title}.`), ...trainingShape };
}

/** Everything that determines a run. `model` has the settings of `method`. */
export type RunConfig = {
  [Name in MethodName]: z.output<z.ZodObject<Omit<typeof sharedShape, 'method'>>> & {
    readonly method: Name;
    readonly model: MethodModel<Name>;
    readonly training: TrainingConfig;
  };
}[MethodName];

/** A run's configuration, with the settings of the method that it names. */
export const runSchema = z.discriminatedUnion(
  'method',
  methodNames.map((name) =>
    z.strictObject({ ...runShape(name), method: z.literal(name) }),
  ) as unknown as [z.ZodObject],
) as unknown as z.ZodType<RunConfig>;

/** Where a preset's training differs from the schema's defaults. */
const trainingPresets: Readonly<Record<RunConfig['preset'], z.input<typeof trainingSchema>>> = {
  paper: {},
  official: { batchSize: 16, learningRate: 1e-4, betas: [0.5, 0.999], dropoutEpochs: 1 },
};

/**
 * The whole configuration from what was said of it: defaults, then the method's own or those of the
 * preset, then `settings`.
 *
 * @throws {IqeError} `config`, naming each field that does not fit.
 */
export function resolveRunConfig(settings: object = {}): RunConfig {
  const { method = 'iqe-clip' } = settings as { method?: unknown };
  const result = runSchema.safeParse(merged(defaultsOf(settings), { ...settings, method }));
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    (issue) => `${issue.path.join('.') || 'configuration'}: ${issue.message}`,
  );
  throw new IqeError('config', `The configuration does not fit: ${problems.join('; ')}.`, {
    hint: "'iqe-clip fit --help' lists the fields; 'iqe-clip info --schema' prints them with their texts.",
  });
}

/** Whether a method has anything to train. */
export const isTrained = (method: MethodName) => entryOf(method).training !== undefined;

/** What a run depends on of its configuration: nothing of `training` where nothing is trained. */
export function usedConfig(config: RunConfig): Omit<RunConfig, 'training'> & Partial<RunConfig> {
  if (isTrained(config.method)) return config;
  const { training: _, ...used } = config;
  return used;
}

/** Where defaults differ from the schema's. */
function defaultsOf(settings: object): object {
  const { method = 'iqe-clip', preset = 'paper' } = settings as Record<string, unknown>;
  if (method !== 'iqe-clip') {
    const { training = {} } = isMethodName(method) ? entryOf(method) : {};
    return { training };
  }
  if (preset !== 'paper' && preset !== 'official') return {};
  return { model: presets[preset], training: trainingPresets[preset] };
}

export function isMethodName(name: unknown): name is MethodName {
  return typeof name === 'string' && Object.hasOwn(methods, name);
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
