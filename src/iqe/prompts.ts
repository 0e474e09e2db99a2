import { IqeError } from '../base/errors.js';
import type { Checkpoint } from '../clip/checkpoint.js';
import type { Tokenizer } from '../clip/tokenizer.js';
import { constant, type Tensor } from '../graph/tensor.js';
import type { ModelConfig } from './config.js';

/** The frozen parts of the prompts of states whose words are equally many. */
export interface PromptGroup {
  /** Which states: 0 normal, 1 abnormal. */
  readonly states: readonly number[];
  /** Start token and words with their positions [S, L, C]. */
  readonly words: Tensor;
  /** The end token, where it is read [1, C]. */
  readonly end: Tensor | undefined;
  /** Positions of what follows the words: class tokens and the end token [N, C]. */
  readonly positions: Tensor;
}

/** What the text tower reads for `normal` and `abnormal`. */
export interface PromptTemplate {
  /** Token ids with start and end, for each state. */
  readonly ids: readonly (readonly number[])[];
  /** Mostly one group of both states; two where a tokenizer splits one word further than the other. */
  readonly groups: readonly PromptGroup[];
}

/** What of the configuration shapes the prompts. */
export interface PromptSettings {
  readonly prompt: Pick<
    ModelConfig['prompt'],
    'template' | 'className' | 'states' | 'readout' | 'classTokens' | 'learnableTokens'
  >;
}

/**
 * The general textual prompting tokens of both states (Eq. 1 without v): a few rows of the
 * checkpoint's embeddings, the only part of that table that is ever read.
 *
 * @throws {IqeError} `config` if the prompt does not fit the text tower.
 */
export async function promptTemplate(
  config: PromptSettings,
  { tensors, config: clip }: Checkpoint,
  tokenizer: Tokenizer,
): Promise<PromptTemplate> {
  const { prompt } = config;
  const { width, vocabularySize, contextLength } = clip.text;
  if (tokenizer.vocabularySize !== vocabularySize) {
    throw new IqeError(
      'checkpoint',
      `The tokenizer has ${tokenizer.vocabularySize} tokens, the text tower ${vocabularySize}.`,
      {
        hint: 'merges.txt or tokenizer.json must lie in the folder of the weights that it belongs to.',
      },
    );
  }
  if (prompt.classTokens === 0 && prompt.readout === 'last-class-token') {
    throw new IqeError('config', 'Without class tokens there is no last one to read.', {
      hint: 'Set prompt.readout=end-token, or prompt.classTokens above 0.',
    });
  }
  const ids = prompt.states.map((state) =>
    tokenizer.encode(
      prompt.template.replace('{state}', state).replace('{class}', prompt.className),
    ),
  );
  const following = prompt.classTokens + (prompt.readout === 'end-token' ? 1 : 0);
  const longest =
    Math.max(...ids.map(({ length }) => length - 1)) + following + prompt.learnableTokens;
  if (longest > contextLength) {
    throw new IqeError(
      'config',
      `The prompt takes ${longest} positions, the text tower has ${contextLength}.`,
      {
        hint: 'Shorten prompt.template or prompt.className, or use fewer tokens.',
      },
    );
  }

  const rows = (table: string, count: number, wanted: readonly number[]) =>
    tensors.readRows(`text_model.embeddings.${table}.weight`, [count, width], wanted);
  const tokens = (wanted: readonly number[]) => rows('token_embedding', vocabularySize, wanted);
  const positions = (from: number, count: number) =>
    rows(
      'position_embedding',
      contextLength,
      Array.from({ length: count }, (_, i) => from + i),
    );

  const groups: PromptGroup[] = [];
  for (const length of new Set(ids.map((state) => state.length - 1))) {
    const states = [...ids.keys()].filter((state) => ids[state]!.length - 1 === length);
    const places = await positions(0, length);
    const words = await tokens(states.flatMap((state) => ids[state]!.slice(0, -1)));
    const placed = words.map((value, index) => value + places[index % places.length]!);
    groups.push({
      states,
      words: constant(placed, [states.length, length, width]),
      end:
        prompt.readout === 'end-token'
          ? constant(await tokens(ids[0]!.slice(-1)), [1, width])
          : undefined,
      positions: constant(await positions(length, following), [following, width]),
    });
  }
  return { ids, groups };
}
