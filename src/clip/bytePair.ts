import { IqeError } from '../base/errors.js';

/** The two tokens of CLIP that are no byte pairs; they are also recognised inside a text. */
export const startText = '<|startoftext|>';
export const endText = '<|endoftext|>';

/** What the last symbol of a word carries. */
export const wordEnd = '</w>';

/**
 * CLIP's split of a cleaned text into words: special tokens, English contractions, runs of letters,
 * single digits, runs of anything else that is not white space.
 */
export function splitWords(cleaned: string): string[] {
  return cleaned.match(wordPattern) ?? [];
}

// Upper and lower case are one in the original's pattern. In lower-case texts that concerns only the
// long s, which also counts as an s, and U+0345, whose capital is a letter: it matches nothing there.
const wordPattern =
  // biome-ignore lint/suspicious/noMisleadingCharacterClass: the mark is meant as a character of its own
  /<\|[sſ]tartoftext\|>|<\|endoftext\|>|'[sſ]|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\u0345\p{White_Space}\p{L}\p{N}]+/gu;

/** The printable bytes, in the order of their tokens, then the others, also in order. */
const tokenBytes: readonly number[] = (() => {
  const bytes = Array.from({ length: 256 }, (_, byte) => byte);
  const isPrintable = (byte: number) =>
    (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
  return [...bytes.filter(isPrintable), ...bytes.filter((byte) => !isPrintable(byte))];
})();

const printableCount = 188;

/**
 * One visible character for each byte, in the order of their tokens: a printable byte is the
 * character of its own code, the others are U+0100, U+0101, …
 */
export const byteCharacters: readonly string[] = tokenBytes.map((byte, index) =>
  String.fromCharCode(index < printableCount ? byte : 0x100 + index - printableCount),
);

const characterOfByte: readonly string[] = (() => {
  const characters: string[] = new Array(256);
  for (const [index, byte] of tokenBytes.entries()) {
    characters[byte] = byteCharacters[index] as string;
  }
  return characters;
})();

const byteOfCharacter = new Map(characterOfByte.map((character, byte) => [character, byte]));

/** The UTF-8 bytes of `text`, a character of {@link byteCharacters} for each. */
export function textToByteCharacters(text: string): string {
  let characters = '';
  for (const byte of new TextEncoder().encode(text)) characters += characterOfByte[byte];
  return characters;
}

/** The inverse of {@link textToByteCharacters}; bytes that are no UTF-8 become U+FFFD. */
export function byteCharactersToText(characters: string): string {
  const bytes = Uint8Array.from(
    characters,
    (character) => byteOfCharacter.get(character) as number,
  );
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

/** The symbols that merging starts from: one a byte, the last with {@link wordEnd}. */
export function wordSymbols(word: string): string[] {
  const symbols = Array.from(textToByteCharacters(word));
  symbols.push((symbols.pop() ?? '') + wordEnd);
  return symbols;
}

/** Replaces each `first`, `second` in a row, from the left, by the two in one. */
export function mergePair(symbols: readonly string[], first: string, second: string): string[] {
  const merged: string[] = [];
  for (let index = 0; index < symbols.length; index++) {
    const symbol = symbols[index] as string;
    if (symbol === first && symbols[index + 1] === second) {
      merged.push(first + second);
      index++;
    } else {
      merged.push(symbol);
    }
  }
  return merged;
}

/** Byte-pair coding by a list of merges, the earlier the sooner; remembers the words it has seen. */
export class BytePairCoder {
  readonly #ranks = new Map<string, number>();
  readonly #cache = new Map<string, readonly string[]>();

  /**
   * @param merges `'a b'` each, in order.
   * @throws {IqeError} `checkpoint` when an entry is not two symbols with a space between, each a
   *   byte, a byte that ends a word, or made by an earlier merge.
   */
  constructor(merges: readonly string[]) {
    const known = new Set(byteCharacters.flatMap((character) => [character, character + wordEnd]));
    for (const [rank, merge] of merges.entries()) {
      const [first, second, ...rest] = merge.split(' ') as [string, ...string[]];
      if (!known.has(first) || second === undefined || !known.has(second) || rest.length > 0) {
        throw new IqeError(
          'checkpoint',
          `Merge ${rank + 1} of ${merges.length} is ${JSON.stringify(merge)}, expected two symbols ` +
            'with a space between, each a byte or made by an earlier merge.',
        );
      }
      known.add(first + second);
      this.#ranks.set(merge, rank);
    }
  }

  /** The symbols of one word of {@link splitWords}. */
  symbols(word: string): readonly string[] {
    const known = this.#cache.get(word);
    if (known !== undefined) return known;
    const symbols = this.#merge(wordSymbols(word));
    if (this.#cache.size < cacheLimit) this.#cache.set(word, symbols);
    return symbols;
  }

  #merge(start: string[]): string[] {
    let symbols = start;
    for (;;) {
      let best = Number.POSITIVE_INFINITY;
      let at = -1;
      for (let index = 0; index + 1 < symbols.length; index++) {
        const rank = this.#ranks.get(`${symbols[index]} ${symbols[index + 1]}`);
        if (rank !== undefined && rank < best) {
          best = rank;
          at = index;
        }
      }
      if (at < 0) return symbols;
      symbols = mergePair(symbols, symbols[at] as string, symbols[at + 1] as string);
    }
  }
}

/** Captions repeat their words; the bound only keeps a long-lived process from growing. */
const cacheLimit = 100_000;
