import { IqeError } from '../base/errors.js';
import type { Checkpoint } from '../clip/checkpoint.js';
import type { Tokenizer } from '../clip/tokenizer.js';
import { constant, type Tensor } from '../graph/tensor.js';
import type { ModelConfig } from './config.js';

/** The frozen parts of one state's prompt, as embeddings. */
export interface StatePrompt {
  /** Start token and words [L, C]. */
  readonly words: Tensor;
  /** End token [1, C], where the readout keeps it. */
  readonly end: Tensor | undefined;
}

/** What the text tower reads for `normal` and `abnormal`. */
export interface PromptTemplate {
  /** Token ids with start and end, for each state. */
  readonly ids: readonly (readonly number[])[];
  readonly states: readonly StatePrompt[];
  /** Position embeddings of the longest sequence [N, C]. */
  readonly positions: Tensor;
  /** Length of the longest sequence, class tokens included, learnable ones not. */
  readonly length: number;
}

/**
 * The general textual prompting tokens of both states (Eq. 1 without v): a few rows of the
 * checkpoint's embeddings, the only part of that table that is ever read.
 *
 * @throws {IqeError} `config` if the prompt does not fit the text tower.
 */
export async function promptTemplate(
  config: ModelConfig,
  checkpoint: Checkpoint,
  tokenizer: Tokenizer,
): Promise<PromptTemplate> {
  const { prompt } = config;
  const { width, vocabularySize, contextLength } = checkpoint.config.text;
  if (tokenizer.vocabularySize !== vocabularySize) {
    throw new IqeError(
      'checkpoint',
      `The tokenizer has ${tokenizer.vocabularySize} tokens, the text tower ${vocabularySize}.`,
      {
        hint: 'merges.txt or tokenizer.json must lie in the folder of the weights that it belongs to.',
      },
    );
  }
  const ids = prompt.states.map((state) =>
    tokenizer.encode(
      prompt.template.replace('{state}', state).replace('{class}', prompt.className),
    ),
  );
  const keepsEnd = prompt.readout === 'end-token';
  const length =
    Math.max(...ids.map((tokens) => tokens.length - 1)) + prompt.classTokens + (keepsEnd ? 1 : 0);
  if (length + prompt.learnableTokens > contextLength) {
    throw new IqeError(
      'config',
      `The prompt takes ${length + prompt.learnableTokens} positions, the text tower has ${contextLength}.`,
      { hint: 'Shorten prompt.template or prompt.className, or use fewer tokens.' },
    );
  }
  const embeddings = async (tokens: readonly number[]) => {
    const name = 'text_model.embeddings.token_embedding.weight';
    const rows = await checkpoint.tensors.readRows(name, [vocabularySize, width], tokens);
    return constant(rows, [tokens.length, width]);
  };
  const states: StatePrompt[] = [];
  for (const tokens of ids) {
    states.push({
      words: await embeddings(tokens.slice(0, -1)),
      end: keepsEnd ? await embeddings(tokens.slice(-1)) : undefined,
    });
  }
  const positions = await checkpoint.tensors.readRows(
    'text_model.embeddings.position_embedding.weight',
    [contextLength, width],
    Array.from({ length }, (_, position) => position),
  );
  return { ids, states, positions: constant(positions, [length, width]), length };
}
