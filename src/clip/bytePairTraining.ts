import { endText, mergePair, splitWords, startText, wordSymbols } from './bytePair.js';
import { cleanText } from './tokenizerText.js';

/**
 * Learns a merge list for {@link Tokenizer} from `texts`: again and again the pair of symbols that
 * stands side by side most often becomes one symbol; of equally frequent pairs the one whose text
 * `'a b'` is smallest by UTF-16 code units, so that the order of the texts plays no part.
 *
 * @param count The largest number of merges; fewer come back once every word is one symbol.
 * @returns `'a b'` each, in the order in which they are to be applied.
 */
export function learnMerges(texts: Iterable<string>, count: number): string[] {
  let words = countWords(texts);
  const merges: string[] = [];
  while (merges.length < count) {
    const pair = mostFrequentPair(words);
    if (pair === undefined) break;
    merges.push(pair);
    const [first, second] = pair.split(' ') as [string, string];
    words = words.map(({ symbols, times }) => ({
      symbols: mergePair(symbols, first, second),
      times,
    }));
  }
  return merges;
}

interface CountedWord {
  readonly symbols: readonly string[];
  readonly times: number;
}

function countWords(texts: Iterable<string>): CountedWord[] {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const word of splitWords(cleanText(text))) {
      if (word === startText || word === endText) continue;
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  return Array.from(counts, ([word, times]) => ({ symbols: wordSymbols(word), times }));
}

function mostFrequentPair(words: readonly CountedWord[]): string | undefined {
  const counts = new Map<string, number>();
  for (const { symbols, times } of words) {
    for (let index = 0; index + 1 < symbols.length; index++) {
      const pair = `${symbols[index]} ${symbols[index + 1]}`;
      counts.set(pair, (counts.get(pair) ?? 0) + times);
    }
  }
  let best: string | undefined;
  let most = 0;
  for (const [pair, times] of counts) {
    if (times > most || (times === most && best !== undefined && pair < best)) {
      best = pair;
      most = times;
    }
  }
  return best;
}
