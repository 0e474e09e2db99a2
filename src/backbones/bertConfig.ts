import { z } from 'zod';
import { IqeError } from '../base/errors.js';
import type { BertConfig } from './bert.js';

const schema = z.object({
  model_type: z.literal('bert').default('bert'),
  hidden_size: z.int().positive(),
  intermediate_size: z.int().positive(),
  num_hidden_layers: z.int().min(2),
  num_attention_heads: z.int().positive(),
  vocab_size: z.int().positive(),
  max_position_embeddings: z.int().positive(),
  type_vocab_size: z.int().positive().default(2),
  layer_norm_eps: z.number().positive().default(1e-12),
  hidden_act: z.literal('gelu').default('gelu'),
});

/**
 * Reads a Hugging Face `config.json` of a BERT.
 *
 * @param where Named in errors.
 * @throws {IqeError} `checkpoint` if it is none, with the field that does not fit.
 */
export function parseBertConfig(json: string, where: string): BertConfig {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new IqeError('checkpoint', `${where} is not JSON.`, { cause });
  }
  const result = schema.safeParse(value);
  if (!result.success) {
    const issue = result.error.issues[0]!;
    const field = issue.path.length > 0 ? ` '${issue.path.join('.')}'` : '';
    throw new IqeError(
      'checkpoint',
      `${where} does not describe a BERT:${field} ${issue.message}.`,
    );
  }
  const { data } = result;
  return {
    width: data.hidden_size,
    intermediateWidth: data.intermediate_size,
    layers: data.num_hidden_layers,
    heads: data.num_attention_heads,
    vocabularySize: data.vocab_size,
    maximumLength: data.max_position_embeddings,
    segmentTypes: data.type_vocab_size,
    layerNormEpsilon: data.layer_norm_eps,
  };
}
