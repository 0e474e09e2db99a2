import { IqeError } from '../base/errors.js';
import {
  BytePairCoder,
  byteCharacters,
  byteCharactersToText,
  endText,
  splitWords,
  startText,
  wordEnd,
} from './bytePair.js';
import { cleanText } from './tokenizerText.js';

/**
 * CLIP's tokenizer: cleaned text, split into words, coded in byte pairs, between a start and an end
 * token. The tokens are, in order: 256 bytes, 256 bytes that end a word, one for each merge, start,
 * end. With CLIP's own 48,894 merges that makes 49,408; a shorter list makes a smaller vocabulary.
 * Source: OpenAI's `simple_tokenizer.py`; see `straighten` for the one thing that is left out.
 */
export class Tokenizer {
  /** The merge list, `'a b'` each. */
  readonly merges: readonly string[];
  /** Token 49406 of CLIP's own vocabulary. */
  readonly startToken: number;
  /** Token 49407 of CLIP's own vocabulary: the largest, at which the text tower is read. */
  readonly endToken: number;
  /** Number of tokens; they are 0 … `vocabularySize` − 1. */
  readonly vocabularySize: number;

  /** What each token stands for, in the characters of `byteCharacters`. */
  readonly symbols: readonly string[];

  readonly #coder: BytePairCoder;
  readonly #tokens: ReadonlyMap<string, number>;

  /**
   * @param merges Pairs of symbols `'a b'`, in the order in which they are applied.
   * @throws {IqeError} `checkpoint` when an entry is not a pair of bytes or of what earlier entries make.
   */
  constructor(merges: readonly string[]) {
    this.merges = merges;
    this.#coder = new BytePairCoder(merges);
    this.symbols = [
      ...byteCharacters,
      ...byteCharacters.map((character) => character + wordEnd),
      ...merges.map((merge) => merge.replace(' ', '')),
      startText,
      endText,
    ];
    this.#tokens = new Map(this.symbols.map((symbol, token) => [symbol, token]));
    this.vocabularySize = this.symbols.length;
    this.startToken = this.vocabularySize - 2;
    this.endToken = this.vocabularySize - 1;
  }

  /** The tokens of `text`, start and end token included, as long as it takes, not padded. */
  encode(text: string): number[] {
    const tokens = [this.startToken];
    for (const word of splitWords(cleanText(text))) {
      if (word === startText || word === endText) {
        tokens.push(this.#tokens.get(word) as number);
      } else {
        for (const symbol of this.#coder.symbols(word)) {
          tokens.push(this.#tokens.get(symbol) as number);
        }
      }
    }
    tokens.push(this.endToken);
    return tokens;
  }

  /**
   * {@link encode}, cut to at most `contextLength` tokens (77 in CLIP), the last of which is then the
   * end token. Not padded.
   *
   * @throws {IqeError} `usage` when start and end token alone do not fit.
   */
  encodeToLength(text: string, contextLength: number): number[] {
    if (!Number.isInteger(contextLength) || contextLength < 2) {
      throw new IqeError('usage', `A context length of at least 2, not ${contextLength}.`);
    }
    const tokens = this.encode(text);
    if (tokens.length <= contextLength) return tokens;
    return [...tokens.slice(0, contextLength - 1), this.endToken];
  }

  /**
   * The text of `tokens`: a space after each word, special tokens as they are written, U+FFFD where
   * the bytes are no UTF-8 (as at a cut).
   *
   * @throws {IqeError} `usage` for a number that is no token.
   */
  decode(tokens: Iterable<number>): string {
    let characters = '';
    for (const token of tokens) {
      const symbol = this.symbols[token];
      if (symbol === undefined) {
        throw new IqeError('usage', `Tokens are 0 to ${this.vocabularySize - 1}, not ${token}.`);
      }
      characters += symbol;
    }
    return byteCharactersToText(characters).replaceAll(wordEnd, ' ');
  }
}
