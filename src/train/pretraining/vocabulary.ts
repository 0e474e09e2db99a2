import { Random } from '../../base/random.js';
import { learnMerges } from '../../clip/bytePairTraining.js';
import { Tokenizer } from '../../clip/tokenizer.js';
import { phantomSet } from '../../data/phantoms/phantomSet.js';
import type { Recipe } from './recipe.js';
import { drawStatePrompts } from './statePrompts.js';

/** Side of phantoms that are drawn for their captions alone. */
const smallest = 32;

/** The share of captions that are not cut. */
const uncutShare = 0.98;

/** A tokenizer made for the captions of phantoms and the prompts for states. */
export interface Vocabulary {
  readonly tokenizer: Tokenizer;
  /** Tokens that hold 98 % of the captions whole, at most the context length. */
  readonly tokens: number;
}

/** Learns a merge list from captions and state prompts, as many of each. */
export function learnVocabulary(
  recipe: Pick<Recipe, 'seed' | 'modalities' | 'captions' | 'merges' | 'contextLength'>,
): Vocabulary {
  const { seed, modalities, contextLength } = recipe;
  const phantoms = phantomSet({ seed, modalities, size: smallest }, recipe.captions);
  const captions = Array.from(phantoms, ({ caption }) => caption);
  const random = new Random(seed, 'vocabulary');
  const prompts = captions.flatMap(() => drawStatePrompts(random));
  const tokenizer = new Tokenizer(learnMerges([...captions, ...prompts], recipe.merges));
  const lengths = captions.map((caption) => tokenizer.encode(caption).length);
  const longest = lengths.sort((a, b) => a - b)[Math.ceil(uncutShare * lengths.length) - 1]!;
  return { tokenizer, tokens: Math.min(contextLength, longest) };
}
