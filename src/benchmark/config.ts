import { z } from 'zod';
import { IqeError } from '../base/errors.js';

const settingsSchema = z.record(z.string(), z.unknown()).default({});

/** What all kinds of protocol say. */
const common = {
  selectOn: z
    .enum(['validation', 'test'])
    .default('validation')
    .describe(
      'Images that choose: validation images the threshold (and, zero-shot, the epoch), test images both, as the released code does; the report warns of it.',
    ),
  settings: settingsSchema.describe("What differs from the benchmark's own settings."),
};

const fewShotSchema = z.strictObject({
  kind: z.literal('few-shot').describe('Learn from K normal and K abnormal images of the set.'),
  shots: z.array(z.int().min(1)).min(1).default([4]).describe('K, each a setting of its own.'),
  ...common,
});

const normalOnlySchema = z.strictObject({
  kind: z.literal('normal-only').describe('Learn from K normal images of the set.'),
  shots: z.array(z.int().min(1)).min(1).default([4]).describe('K, each a setting of its own.'),
  ...common,
});

const allNormalSchema = z.strictObject({
  kind: z
    .literal('all-normal')
    .describe(
      'Learn from all normal images of the split train; where a set has none there, from those of valid, of which a fifth is held back for the threshold.',
    ),
  most: z
    .int()
    .min(1)
    .optional()
    .describe('At most so many of them, chosen by the seed. Not given: all.'),
  ...common,
});

const zeroShotSchema = z.strictObject({
  kind: z.literal('zero-shot').describe('Learn from the other sets.'),
  leaveOut: z
    .enum(['set', 'modality'])
    .default('set')
    .describe('Which sets are not learned from: the measured one, or all of its modality.'),
  ...common,
});

export const protocolSchema = z.discriminatedUnion('kind', [
  fewShotSchema,
  normalOnlySchema,
  allNormalSchema,
  zeroShotSchema,
]);

const protocolKinds = ['few-shot', 'normal-only', 'all-normal', 'zero-shot'] as const;

const setSchema = z.strictObject({
  name: z.string().min(1).describe('As tables and published numbers call it.'),
  folder: z
    .string()
    .min(1)
    .optional()
    .describe('Folder or manifest of the set, within `root`. Not given: its name.'),
  modality: z.string().min(1).optional().describe('What leave-one-modality-out leaves out.'),
  className: z
    .string()
    .min(1)
    .optional()
    .describe('What its images show, for the prompts of methods that name it.'),
  shotFiles: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Path of the set's shot files within `root`, with {shots} in place of K. Not given: shots are chosen by seed.",
    ),
});

const methodSchema = z.strictObject({
  name: z.string().min(1).describe('As tables and published numbers call it.'),
  method: z.string().min(1).optional().describe('The system. Not given: its name.'),
  protocols: z
    .array(z.enum(protocolKinds))
    .min(1)
    .optional()
    .describe('The kinds of protocol that it is run in. Not given: all that it can learn by.'),
  settings: settingsSchema.describe("What differs from the protocol's settings."),
});

const percent = z.number().min(0).max(100);

const publishedSchema = z.strictObject({
  source: z.string().min(1).describe('Where the numbers are printed.'),
  setting: z.string().min(1).describe('The setting that they are of: 4-shot, zero-shot, …'),
  metrics: z
    .array(z.string())
    .min(1)
    .default(['image.auroc', 'pixel.auroc'])
    .describe('What a list of values is of, in this order.'),
  values: z
    .record(
      z.string(),
      z.record(z.string(), z.union([percent, z.array(percent.nullable()).min(1)])),
    )
    .describe('By method, then by set: a percentage, or one for each metric.'),
});

const tableSchema = z.strictObject({
  title: z.string().min(1),
  note: z.string().optional(),
  settings: z
    .array(z.string())
    .min(1)
    .optional()
    .describe('Which settings it shows. Not given: all.'),
  columns: z
    .enum(['sets', 'settings'])
    .default('sets')
    .describe('What the columns are grouped by; for sets there is one table a setting.'),
});

export const figureKinds = [
  'few-shot-curves',
  'few-shot-mean',
  'radar',
  'embeddings',
  'maps',
] as const;

/** A whole benchmark: one file in `configs/`. */
export const benchmarkSchema = z.strictObject({
  extends: z
    .string()
    .min(1)
    .optional()
    .describe('Another file, relative to this one, whose fields hold where this one has none.'),
  title: z.string().min(1).describe('Heading of the report.'),
  description: z.array(z.string()).default([]).describe('Paragraphs for the report.'),
  root: z
    .string()
    .default('.')
    .describe('Folder that the sets are in, relative to this file; --data overrides it.'),
  sets: z
    .array(setSchema)
    .min(1)
    .describe('Data sets to measure on and, zero-shot, to learn from.'),
  measure: z
    .array(z.string())
    .min(1)
    .optional()
    .describe(
      'Names of those that are measured on; the others are only learned from. Not given: all.',
    ),
  methods: z
    .array(
      z.union([
        z
          .string()
          .min(1)
          .transform((name): z.infer<typeof methodSchema> => ({ name, settings: {} })),
        methodSchema,
      ]),
    )
    .min(1)
    .describe('Systems, by name or with settings of their own.'),
  protocols: z.array(protocolSchema).min(1).describe('How they learn.'),
  seeds: z
    .array(z.int().min(0))
    .min(1)
    .default([0])
    .describe('Each is a run; several give mean and deviation.'),
  settings: settingsSchema.describe('Settings of every run, as in a file for --config.'),
  metrics: z
    .array(z.string())
    .min(1)
    .default(['image.auroc', 'pixel.auroc', 'pixel.aupro'])
    .describe('Columns of the tables.'),
  tables: z.array(tableSchema).default([{ title: 'Results', columns: 'sets' }]),
  figures: z
    .array(z.enum(figureKinds))
    .default(['few-shot-curves', 'radar'])
    .describe(
      'What the report draws. embeddings: text and query embeddings in the plane; maps: the anomaly maps of all methods on a few images of each set; both of the first seed.',
    ),
  gallery: z
    .int()
    .min(0)
    .default(0)
    .describe(
      'Images of each result of the first seed that the report shows with their maps, worst misses first: about 60 KB each.',
    ),
  evaluations: z
    .boolean()
    .default(true)
    .describe('Whether the report shows curves and scores of the first seed of each result.'),
  published: z.array(publishedSchema).default([]).describe('Printed numbers to show beside.'),
});

export type BenchmarkConfig = z.infer<typeof benchmarkSchema>;
export type ProtocolConfig = z.infer<typeof protocolSchema>;
export type MethodEntry = z.infer<typeof methodSchema>;
export type SetEntry = z.infer<typeof setSchema>;
export type TableConfig = z.infer<typeof tableSchema>;

/**
 * Checks what a benchmark's file says.
 *
 * @throws {IqeError} `config`, naming each field that does not fit.
 */
export function parseBenchmark(value: unknown, where: string): BenchmarkConfig {
  const result = benchmarkSchema.safeParse(value);
  const problems = result.success
    ? contradictions(result.data)
    : result.error.issues.map(
        (issue) => `${issue.path.map(String).join('.') || 'the file'}: ${issue.message}`,
      );
  if (result.success && problems.length === 0) return result.data;
  throw new IqeError('config', `${where} is no benchmark: ${problems.join('; ')}.`, {
    hint: "'iqe-clip benchmark --schema' prints the fields with their texts.",
  });
}

function contradictions(benchmark: BenchmarkConfig): string[] {
  const { sets, measure = [], methods, seeds, protocols } = benchmark;
  const twice = (kind: string, names: readonly (string | number)[]) =>
    [...new Set(names.filter((name, index) => names.indexOf(name) !== index))].map(
      (name) => `${kind}: ${name} is there twice`,
    );
  return [
    ...twice(
      'sets',
      sets.map(({ name }) => name),
    ),
    ...twice(
      'methods',
      methods.map(({ name }) => name),
    ),
    ...twice('seeds', seeds),
    ...twice('measure', measure),
    ...measure
      .filter((name) => !sets.some((set) => set.name === name))
      .map((name) => `measure: there is no set ${name}`),
    ...(protocols.some((one) => one.kind === 'zero-shot' && one.leaveOut === 'modality')
      ? sets.flatMap(({ name, modality }) =>
          modality === undefined ? [`sets: ${name} has no modality, which is left out`] : [],
        )
      : []),
  ];
}

/** The JSON schema (draft 2020-12) of a benchmark's file. */
export function benchmarkJsonSchema(): object {
  return { title: 'Benchmark of iqe-clip', ...z.toJSONSchema(benchmarkSchema, { io: 'input' }) };
}
