import { IqeError } from '../base/errors.js';

/** Longer words than this are unknown, as in BERT. */
const longestWord = 100;

/**
 * BERT's tokenizer (Devlin et al. 2019): lower case without accents, split at white space and
 * punctuation, each word cut greedily into the longest pieces of a vocabulary.
 */
export class WordPiece {
  readonly #ids: ReadonlyMap<string, number>;

  /**
   * @param vocabulary Pieces by id; those that go on a word begin with `##`: the lines of `vocab.txt`.
   * @throws {IqeError} `checkpoint` if BERT's own tokens are not among them.
   */
  constructor(vocabulary: readonly string[]) {
    this.#ids = new Map(vocabulary.map((piece, id) => [piece, id]));
    for (const token of ['[PAD]', '[UNK]', '[CLS]', '[SEP]']) this.#id(token);
  }

  /** The id that fills sequences up. */
  get padding(): number {
    return this.#id('[PAD]');
  }

  /** `[CLS]`, the pieces of `text`, `[SEP]`; cut to `longest` tokens. */
  encode(text: string, longest = 77): number[] {
    const pieces = words(text).flatMap((word) => this.#pieces(word));
    return [this.#id('[CLS]'), ...pieces.slice(0, longest - 2), this.#id('[SEP]')];
  }

  #pieces(word: string): number[] {
    const characters = [...word];
    const unknown = [this.#id('[UNK]')];
    if (characters.length > longestWord) return unknown;
    const pieces: number[] = [];
    for (let start = 0; start < characters.length; ) {
      let end = characters.length;
      let id: number | undefined;
      for (; end > start && id === undefined; end--) {
        const piece = characters.slice(start, end).join('');
        id = this.#ids.get(start > 0 ? `##${piece}` : piece);
        if (id !== undefined) break;
      }
      if (id === undefined) return unknown;
      pieces.push(id);
      start = end;
    }
    return pieces;
  }

  #id(token: string): number {
    const id = this.#ids.get(token);
    if (id !== undefined) return id;
    throw new IqeError('checkpoint', `The vocabulary has no token ${token}.`, {
      hint: 'vocab.txt must be that of the BERT which the texts were embedded with.',
    });
  }
}

/** Lower-case words and single punctuation marks; Chinese characters are words of their own. */
function words(text: string): string[] {
  const plain = text
    .replace(/\s+/g, ' ')
    .replace(/[\p{Cc}\p{Cf}\uFFFD]/gu, '')
    .toLowerCase()
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '');
  return plain.match(/\p{Script=Han}|[\p{P}$+<=>^`|~]|[^\s\p{P}\p{Script=Han}$+<=>^`|~]+/gu) ?? [];
}
