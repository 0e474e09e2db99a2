import type { Network } from '../backbones/network.js';
import { IqeError } from '../base/errors.js';
import type { Checkpoint } from '../clip/checkpoint.js';
import { withActivation } from '../clip/frozenImageTower.js';
import type { Tokenizer } from '../clip/tokenizer.js';
import type { Runtime } from '../graph/session.js';
import type { Method } from '../methods/method.js';
import { entryOf } from '../methods/registry.js';
import type { RunConfig } from './config.js';

/** A frozen CLIP model and its tokenizer. */
export interface Backbone {
  readonly checkpoint: Checkpoint;
  readonly tokenizer: Tokenizer;
  /** Another network, of which methods take feature maps; the CLIP model is then the shipped one. */
  readonly network?: Network | undefined;
}

/**
 * The method that a configuration names, on a backbone.
 *
 * @param masks Whether the images that it learns from have masks.
 * @throws {IqeError} `config` if the settings do not fit the backbone.
 */
export async function openMethod(
  { checkpoint, tokenizer, network }: Backbone,
  { method, model }: RunConfig,
  runtime: Runtime,
  masks: boolean,
): Promise<Method> {
  const { title, needs, build } = entryOf(method);
  if (network && !needs.network) {
    throw new IqeError('config', `${title} is made on a CLIP model; ${network.name} is none.`, {
      hint: 'Give a CLIP model as the backbone, or choose a method that takes other networks.',
    });
  }
  const clip = withActivation(checkpoint.config, model.activation);
  return build(model, { checkpoint, tokenizer, clip, network }, runtime, masks);
}
