import type { Checkpoint } from '../clip/checkpoint.js';
import { withActivation } from '../clip/imageEncoder.js';
import type { Tokenizer } from '../clip/tokenizer.js';
import type { Runtime } from '../graph/session.js';
import type { Method } from '../methods/method.js';
import { entryOf } from '../methods/registry.js';
import type { RunConfig } from './config.js';

/** A frozen CLIP model and its tokenizer. */
export interface Backbone {
  readonly checkpoint: Checkpoint;
  readonly tokenizer: Tokenizer;
}

/**
 * The method that a configuration names, on a backbone.
 *
 * @param masks Whether the images that it learns from have masks.
 * @throws {IqeError} `config` if the settings do not fit the backbone.
 */
export async function openMethod(
  { checkpoint, tokenizer }: Backbone,
  { method, model }: RunConfig,
  runtime: Runtime,
  masks: boolean,
): Promise<Method> {
  const clip = withActivation(checkpoint.config, model.activation);
  return entryOf(method).build(model, { checkpoint, tokenizer, clip }, runtime, masks);
}
