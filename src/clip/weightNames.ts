import { z } from 'zod';
import { IqeError } from '../base/errors.js';

/**
 * The names under which a Hugging Face folder has its weights, the preferred ones first: in one file,
 * or in shards that an index lists.
 */
export const weightNames = [
  { single: 'model.safetensors', index: 'model.safetensors.index.json' },
  { single: 'pytorch_model.bin', index: 'pytorch_model.bin.index.json' },
] as const;

const indexSchema = z.object({
  // Only names within the folder: an index that was downloaded must not lead out of it.
  weight_map: z.record(z.string(), z.string().regex(/^[\w-][\w.-]*\.(safetensors|bin)$/)),
});

/**
 * The shards that an index names, in alphabetical order, each with one of its tensors.
 *
 * @param where The index file's name for errors.
 * @throws {IqeError} `checkpoint`
 */
export function parseShardIndex(json: string, where: string): Map<string, string> {
  const hint = 'Delete it and download it again.';
  let tensors: [string, string][];
  try {
    tensors = Object.entries(indexSchema.parse(JSON.parse(json)).weight_map);
  } catch (cause) {
    throw new IqeError('checkpoint', `${where} is no list of shards.`, { hint, cause });
  }
  if (tensors.length === 0) throw new IqeError('checkpoint', `${where} lists nothing.`, { hint });
  const shards = new Map(tensors.reverse().map(([tensor, shard]) => [shard, tensor]));
  return new Map([...shards].sort(([a], [b]) => (a < b ? -1 : 1)));
}
