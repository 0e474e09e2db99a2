import { IqeError } from '../../base/errors.js';
import { textBlocks, textHead } from '../../clip/textTower.js';
import { concat, reshape, slice, unsqueeze } from '../../graph/layout.js';
import { l2Normalize } from '../../graph/normalization.js';
import { mean } from '../../graph/reduce.js';
import { type Dimension, times } from '../../graph/shape.js';
import { expand } from '../../graph/sum.js';
import type { Tensor } from '../../graph/tensor.js';
import type { FrozenClip } from '../method.js';
import {
  compositionalEnsemble,
  type EmbeddedPrompts,
  embedPrompts,
  ensemblePrompts,
  readAtEnds,
} from '../shared/promptEnsemble.js';

/** The states of the compositional ensemble in four of its templates. */
const ensemble = {
  ...compositionalEnsemble,
  templates: [
    'a bad photo of a {}.',
    'a low resolution photo of the {}.',
    'a bad photo of the {}.',
    'a cropped photo of the {}.',
  ],
};

/** The texts of both states, ready for prompts. */
export interface PromptedTexts {
  readonly prompts: EmbeddedPrompts;
  /** How many of the prompts are of the normal state; they come first. */
  readonly normal: number;
}

/**
 * @param length L: so many tokens of each text are overwritten.
 * @throws {IqeError} `config` if the object's name does not fit the text tower, or L not a text.
 */
export async function promptedTexts(
  object: string,
  length: number,
  frozen: FrozenClip,
): Promise<PromptedTexts> {
  const [normal, abnormal] = ensemblePrompts(ensemble, object.replaceAll('-', ' '));
  const { checkpoint, tokenizer } = frozen;
  const prompts = await embedPrompts([...normal, ...abnormal], checkpoint, tokenizer);
  const shortest = 1 + Math.min(...prompts.ends);
  if (length < 1 || length > shortest - 2) {
    throw new IqeError('config', `${length} prompts do not fit a text of ${shortest} tokens.`, {
      hint: `Choose a length from 1 to ${shortest - 2}, all but the start and the end token.`,
    });
  }
  return { prompts, normal: normal.length };
}

/**
 * t of both states, one pair for each image: positions 1 … L of the texts are overwritten before the
 * blocks that have prompts. The first block, which has none, runs once for all images.
 *
 * @param prompts Of the second block and those after it [B, L, D].
 * @param batchOf A tensor with the batch axis.
 * @returns normal, abnormal [B, 2, C], unit length
 */
export function promptedStates(
  { prompts: { embedded, ends }, normal }: PromptedTexts,
  prompts: readonly Tensor[],
  batchOf: Tensor,
  { checkpoint, clip }: FrozenClip,
): Tensor {
  const { weights } = checkpoint.tensors;
  const batch: Dimension = batchOf.shape[0]!;
  const [count, length, width] = embedded.shape as [number, number, number];
  const ofImages = [batch, count, length, width] as const;
  const withPrompts = (x: Tensor, layer: number) => {
    if (layer === 0) return x;
    const texts = layer === 1 ? expand(unsqueeze(x, 0), ofImages, batchOf) : reshape(x, ofImages);
    const own = prompts[layer - 1];
    const prompted = own ? overwritten(texts, own) : texts;
    return reshape(prompted, [times(batch, count), length, width]);
  };
  const last = textBlocks(embedded, weights, clip, withPrompts).at(-1)!;
  const read = readAtEnds(reshape(last, ofImages), ends);
  const embeddings = l2Normalize(textHead(read, weights, clip)); // [B, S, C]
  const means = [
    [0, normal],
    [normal, count],
  ].map(([from, to]) => mean(slice(embeddings, 1, from!, to!), [1], true));
  return l2Normalize(concat(means, 1));
}

/** Positions 1 … L of each text become the prompts [B, L, D]: [B, S, N, D] → [B, S, N, D]. */
function overwritten(texts: Tensor, prompts: Tensor): Tensor {
  const [batch, count, length, width] = texts.shape as [Dimension, number, number, number];
  const own = prompts.shape[1] as number;
  const repeated = expand(unsqueeze(prompts, 1), [batch, count, own, width]);
  return concat([slice(texts, 2, 0, 1), repeated, slice(texts, 2, 1 + own, length)], 2);
}
