import { z } from 'zod';
import { IqeError } from '../base/errors.js';

const activation = z.enum(['quick_gelu', 'gelu']);

const headsFit = (part: { hidden_size: number; num_attention_heads: number }) =>
  part.hidden_size % part.num_attention_heads === 0;
const headsMisfit = { path: ['num_attention_heads'], message: "must divide 'hidden_size'" };

/** Hugging Face writes only what differs from its defaults, so each field has theirs. */
const textSchema = z
  .object({
    hidden_size: z.int().positive().default(512),
    intermediate_size: z.int().positive().default(2048),
    num_hidden_layers: z.int().positive().default(12),
    num_attention_heads: z.int().positive().default(8),
    max_position_embeddings: z.int().positive().default(77),
    vocab_size: z.int().positive().default(49408),
    layer_norm_eps: z.number().positive().default(1e-5),
    hidden_act: activation.default('quick_gelu'),
  })
  .refine(headsFit, headsMisfit);

const visionSchema = z
  .object({
    hidden_size: z.int().positive().default(768),
    intermediate_size: z.int().positive().default(3072),
    num_hidden_layers: z.int().positive().default(12),
    num_attention_heads: z.int().positive().default(12),
    image_size: z.int().positive().default(224),
    patch_size: z.int().positive().default(32),
    layer_norm_eps: z.number().positive().default(1e-5),
    hidden_act: activation.default('quick_gelu'),
  })
  .refine(headsFit, headsMisfit)
  .refine(({ patch_size, image_size }) => patch_size <= image_size, {
    path: ['patch_size'],
    message: "must not be larger than 'image_size'",
  });

const partSchema = z.record(z.string(), z.unknown()).nullish();

const fileSchema = z.object({
  model_type: z.literal('clip').optional(),
  projection_dim: z.int().positive().default(512),
  text_config: partSchema,
  vision_config: partSchema,
  // Old files repeat the parts under these names, and what stands here wins.
  text_config_dict: partSchema,
  vision_config_dict: partSchema,
});

/** One tower's sizes. */
export interface TowerConfig {
  readonly width: number;
  readonly intermediateWidth: number;
  readonly layers: number;
  readonly heads: number;
  readonly layerNormEpsilon: number;
  /** Must match the weights: OpenAI's are made for `quick_gelu`, most of LAION's for `gelu`. */
  readonly activation: 'quick_gelu' | 'gelu';
}

/** The sizes of a CLIP model. */
export interface ClipConfig {
  readonly vision: TowerConfig & { readonly imageSize: number; readonly patchSize: number };
  readonly text: TowerConfig & { readonly contextLength: number; readonly vocabularySize: number };
  /** Width C of the space that images and texts share. */
  readonly embeddingWidth: number;
}

/**
 * Reads a Hugging Face `config.json` of a CLIP model.
 *
 * @param where Named in errors.
 * @throws {IqeError} `checkpoint` if it is none, with the field that does not fit.
 */
export function parseClipConfig(json: string, where: string): ClipConfig {
  const file = parsed(fileSchema, json, where);
  const text = checked(
    textSchema,
    { ...file.text_config, ...file.text_config_dict },
    `${where}, text_config`,
  );
  const vision = checked(
    visionSchema,
    { ...file.vision_config, ...file.vision_config_dict },
    `${where}, vision_config`,
  );
  return {
    embeddingWidth: file.projection_dim,
    text: {
      ...tower(text),
      contextLength: text.max_position_embeddings,
      vocabularySize: text.vocab_size,
    },
    vision: { ...tower(vision), imageSize: vision.image_size, patchSize: vision.patch_size },
  };
}

function tower(part: z.infer<typeof textSchema> | z.infer<typeof visionSchema>): TowerConfig {
  return {
    width: part.hidden_size,
    intermediateWidth: part.intermediate_size,
    layers: part.num_hidden_layers,
    heads: part.num_attention_heads,
    layerNormEpsilon: part.layer_norm_eps,
    activation: part.hidden_act,
  };
}

/** The `config.json` that describes `config`, as Hugging Face would write it. */
export function formatClipConfig(config: ClipConfig): string {
  const part = (tower: TowerConfig) => ({
    hidden_size: tower.width,
    intermediate_size: tower.intermediateWidth,
    num_hidden_layers: tower.layers,
    num_attention_heads: tower.heads,
    layer_norm_eps: tower.layerNormEpsilon,
    hidden_act: tower.activation,
    projection_dim: config.embeddingWidth,
  });
  const file = {
    architectures: ['CLIPModel'],
    model_type: 'clip',
    projection_dim: config.embeddingWidth,
    text_config: {
      ...part(config.text),
      max_position_embeddings: config.text.contextLength,
      vocab_size: config.text.vocabularySize,
    },
    vision_config: {
      ...part(config.vision),
      image_size: config.vision.imageSize,
      patch_size: config.vision.patchSize,
    },
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

function parsed<T>(schema: z.ZodType<T>, json: string, where: string): T {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new IqeError('checkpoint', `${where} is not JSON.`, { cause });
  }
  return checked(schema, value, where);
}

function checked<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const field = issue.path.length > 0 ? ` '${issue.path.join('.')}'` : '';
  throw new IqeError(
    'checkpoint',
    `${where} does not describe a CLIP model:${field} ${issue.message}.`,
  );
}
