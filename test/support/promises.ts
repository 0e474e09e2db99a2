import { z } from 'zod';

/** What the command line promises of the JSON that it prints; it may say more where `loose` says so. */

const share = z.number().min(0).max(1);
const metric = share.nullable();
const interval = z.tuple([z.number(), z.number()]);
const ids = z.array(z.string()).min(1);

const failures = z.array(
  z.strictObject({ path: z.string(), code: z.string(), message: z.string() }),
);

export const fitSchema = z.looseObject({
  run: z.string(),
  seconds: z.number().min(0),
  finished: z.literal(true),
  config: z.looseObject({ seed: z.int() }),
  data: z.looseObject({ shots: z.strictObject({ normal: ids, abnormal: ids }) }),
  decision: z.looseObject({
    threshold: z.looseObject({ threshold: share }).nullable(),
    chosenOn: z.enum(['validation images', 'support images']),
  }),
  history: z.array(z.number()),
  failures,
});

const pictures = z.strictObject({
  overlay: z.string().endsWith('.overlay.png').optional(),
  heatmap: z.string().endsWith('.heatmap.png').optional(),
  mask: z.string().endsWith('.mask.png').optional(),
  npy: z.string().endsWith('.npy').optional(),
});

export const predictionsSchema = z.looseObject({
  model: z.looseObject({ method: z.string(), preset: z.string(), backbone: z.string() }),
  predictions: z.array(
    z.strictObject({
      path: z.string(),
      score: share,
      threshold: share.nullable(),
      label: z.enum(['normal', 'abnormal']).nullable(),
      peak: z.strictObject({ x: z.int().min(0), y: z.int().min(0) }),
      size: z.tuple([z.int().min(1), z.int().min(1)]),
      areaPixels: z.int().min(0).nullable(),
      milliseconds: z.number().min(0),
      outputs: pictures,
    }),
  ),
  failures,
});

export type Predictions = z.infer<typeof predictionsSchema>;

export const evaluationSchema = z.looseObject({
  n: z.looseObject({ normal: z.int().min(0), abnormal: z.int().min(0) }),
  image: z.looseObject({ auroc: metric, ap: metric, f1Max: metric }),
  pixel: z.looseObject({ auroc: metric, ap: metric, aupro: metric, f1Max: metric }).nullable(),
  intervals: z.record(z.string(), interval),
  threshold: share.nullable(),
  seed: z.int().min(0),
  dataHash: z.string().regex(/^[0-9a-f]{64}$/),
  images: z.array(
    z.looseObject({ id: z.string(), label: z.union([z.literal(0), z.literal(1)]), score: share }),
  ),
  failures,
});
