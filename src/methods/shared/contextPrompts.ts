import { IqeError } from '../../base/errors.js';
import { add } from '../../graph/elementwise.js';
import { concat } from '../../graph/layout.js';
import { expand } from '../../graph/sum.js';
import { constant, type Tensor } from '../../graph/tensor.js';
import type { FrozenClip } from '../method.js';

/** The frozen parts of prompts [start] [v_1]…[v_M] words [end] whose v are learned (CoOp). */
export interface ContextPrompts {
  /** The start token with its position [1, D]. */
  readonly start: Tensor;
  /** The positions of v [M, D]. */
  readonly positions: Tensor;
  /** Words, end token and padding with their positions [S, R, D], for each of S texts. */
  readonly rest: Tensor;
  /** Where the end token of each text is. */
  readonly ends: readonly number[];
}

/** Token that fills a sequence up after its end. */
const padding = 0;

/**
 * Prompts of M learned vectors before each of `texts`.
 *
 * @param length Tokens of each sequence, filled up with padding; as many as the longest text takes by
 *   default, which is enough where the tower is causal.
 * @throws {IqeError} `config` if a prompt does not fit the text tower's context.
 */
export async function contextPrompts(
  texts: readonly string[],
  contextTokens: number,
  { checkpoint: { tensors }, tokenizer, clip: { text } }: FrozenClip,
  length?: number,
): Promise<ContextPrompts> {
  const { width, contextLength, vocabularySize } = text;
  const following = texts.map((words) => tokenizer.encode(words).slice(1));
  const longest = 1 + contextTokens + Math.max(...following.map((ids) => ids.length));
  if (longest > contextLength) {
    throw new IqeError(
      'config',
      `The prompt takes ${longest} positions, the text tower has ${contextLength}.`,
      { hint: 'Use fewer learnable tokens.' },
    );
  }
  const rows = (table: string, count: number, wanted: readonly number[]) =>
    tensors.readRows(`text_model.embeddings.${table}.weight`, [count, width], wanted);
  const places = Array.from({ length: length ?? longest }, (_, place) => place);
  const positions = await rows('position_embedding', contextLength, places);
  const placed = async (ids: readonly number[], from: number) => {
    const values = await rows('token_embedding', vocabularySize, ids);
    return values.map((value, i) => value + positions[from * width + i]!);
  };

  const restLength = places.length - 1 - contextTokens;
  const rest: number[] = [];
  for (const ids of following) {
    const filled = [...ids, ...new Array<number>(restLength - ids.length).fill(padding)];
    rest.push(...(await placed(filled, 1 + contextTokens)));
  }
  return {
    start: constant(await placed([tokenizer.startToken], 0), [1, width]),
    positions: constant(positions.slice(width, (1 + contextTokens) * width), [
      contextTokens,
      width,
    ]),
    rest: constant(rest, [texts.length, restLength, width]),
    ends: following.map((ids) => contextTokens + ids.length),
  };
}

/**
 * What the text tower reads.
 *
 * @param context v of each text [S, M, D]
 * @returns [S, N, D]
 */
export function withContext({ start, positions, rest }: ContextPrompts, context: Tensor): Tensor {
  const [count, , width] = rest.shape as [number, number, number];
  return concat([expand(start, [count, 1, width]), add(context, positions), rest], 1);
}
