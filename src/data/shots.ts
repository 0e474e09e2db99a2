import { IqeError } from '../base/errors.js';
import { Random } from '../base/random.js';
import { compareCodePoints, type DataSet, type Sample } from './layout.js';
import { LABELLED_LAYOUTS } from './layouts/suggest.js';

/** The labelled images that a few-shot run learns from: K normal and K abnormal ones, or none of these. */
export interface Shots {
  readonly normal: readonly Sample[];
  readonly abnormal: readonly Sample[];
}

/**
 * K normal and, unless `abnormal` is false, K abnormal images at random from the `valid` split, or from all images where no image
 * of the set has a split.
 *
 * Each label's images, in the order of their ids, are shuffled with a stream of their own of `seed`
 * and the first K taken: the choice depends on the seed and the names alone, not on the file system,
 * and that of K = 2 is part of that of K = 4.
 *
 * @throws {IqeError} `data` where there are fewer than K of a label, with how many there are;
 *   `usage` where K is no positive integer.
 */
export function selectShots(
  dataSet: DataSet,
  k: number,
  seed: number,
  { abnormal = true }: { readonly abnormal?: boolean } = {},
): Shots {
  if (!Number.isInteger(k) || k < 1) {
    throw new IqeError(
      'usage',
      `The number of shots is ${k}, expected is a whole number above 0.`,
      {
        hint: 'Without abnormal images choose a method that learns from normal ones alone.',
      },
    );
  }
  const { samples, place } = pool(dataSet);
  const select = (label: 0 | 1): Sample[] => {
    const word = label === 1 ? 'abnormal' : 'normal';
    const labelled = samples
      .filter((sample) => sample.label === label)
      .sort((a, b) => compareCodePoints(a.id, b.id));
    if (labelled.length < k) {
      throw new IqeError(
        'data',
        `Too few ${word} images: ${k} wanted, ${labelled.length} found ${place}.`,
        { hint: tooFewHint(dataSet, labelled.length) },
      );
    }
    return new Random(seed, 'shots', word).shuffle(labelled).slice(0, k);
  };
  return { normal: select(0), abnormal: abnormal ? select(1) : [] };
}

/** The names in a shot file: one list of images a draw, `abnormal[i]` beside `normal[i]`. */
export interface ShotLists {
  readonly abnormal: readonly (readonly string[])[];
  readonly normal: readonly (readonly string[])[];
}

/**
 * Reads a shot file as the authors publish them: lines `a-0: f1 … fK` (abnormal) and `n-0: f1 … fK`
 * (normal) with file names apart by spaces, for one or more draws 0, 1, …, in any order.
 *
 * @throws {IqeError} `data` with the line, where it is not of that form, comes twice or has no names,
 *   or a draw has only one of its two lines.
 */
export function parseShotFile(text: string): ShotLists {
  const lists = { a: new Map<number, string[]>(), n: new Map<number, string[]>() };
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    if (line.trim() === '') continue;
    const [, kind, draw = '', names = ''] = /^\s*([an])-(\d+)\s*:(.*)$/.exec(line) ?? [];
    const files = names.split(/\s+/).filter((name) => name !== '');
    if (kind === undefined || files.length === 0) throw badLine(index + 1, line);
    const list = lists[kind as 'a' | 'n'];
    if (list.has(Number(draw))) throw badLine(index + 1, line);
    list.set(Number(draw), files);
  }
  const draws = [...lists.a.keys()].sort((a, b) => a - b);
  const complete = draws.every((draw, index) => draw === index && lists.n.has(draw));
  if (draws.length === 0 || !complete || lists.n.size !== draws.length) {
    throw new IqeError('data', 'The shot file lacks the "a-" or the "n-" line of a draw.', {
      hint: 'Each draw 0, 1, … has the lines "a-0: f1 f2 …" (abnormal) and "n-0: f1 f2 …" (normal).',
    });
  }
  return {
    abnormal: draws.map((draw) => lists.a.get(draw) as string[]),
    normal: draws.map((draw) => lists.n.get(draw) as string[]),
  };
}

/**
 * The images that draw `index` of a shot file names. Names are relative to `valid/Ungood/img` for
 * abnormal and to `valid/good/img` for normal images; in other layouts an image of the pool that
 * {@link selectShots} takes has a name that its id ends with.
 *
 * @throws {IqeError} `data` where the file is none, has no such draw, or names images that are not
 *   there or that several could be; all of them are listed.
 */
export function shotsFromFile(dataSet: DataSet, text: string, index = 0): Shots {
  const lists = parseShotFile(text);
  const { samples, place } = pool(dataSet);
  const wrong: string[] = [];
  const find = (names: readonly string[] | undefined, label: 0 | 1): Sample[] => {
    if (names === undefined) {
      throw new IqeError('data', `The shot file has no draw ${index}.`, {
        hint: `It has draws 0 to ${lists.normal.length - 1}.`,
      });
    }
    const labelled = samples.filter((sample) => sample.label === label);
    return names.flatMap((name) => {
      const matches = labelled.filter(({ id }) => id === name || id.endsWith(`/${name}`));
      const [match] = matches;
      if (matches.length === 1 && match !== undefined) return [match];
      const word = label === 1 ? 'abnormal' : 'normal';
      wrong.push(`${name} (${word}${matches.length > 1 ? `, ${matches.length} of the name` : ''})`);
      return [];
    });
  };
  const shots = {
    normal: find(lists.normal[index], 0),
    abnormal: find(lists.abnormal[index], 1),
  };
  if (wrong.length > 0) {
    throw new IqeError(
      'data',
      `The shot file names images that are not found ${place}: ${wrong.join(', ')}.`,
      { hint: 'Use the shot file of this data set, or choose shots by seed.' },
    );
  }
  return shots;
}

/** The images that shots come from, and where that is. */
function pool({ name, samples }: DataSet): { samples: readonly Sample[]; place: string } {
  if (samples.every(({ split }) => split === null)) {
    return { samples, place: `among the images of ${name}` };
  }
  return {
    samples: samples.filter(({ split }) => split === 'valid'),
    place: `in the split 'valid' of ${name}`,
  };
}

function tooFewHint({ samples }: DataSet, found: number): string {
  if (samples.every(({ label }) => label === null)) return LABELLED_LAYOUTS;
  if (found > 0) return `Take at most ${found} shots, or add images.`;
  return 'Add some, or choose a method that learns from normal images alone if the abnormal ones lack.';
}

function badLine(number: number, line: string): IqeError {
  return new IqeError('data', `Shot file, line ${number}: "${line.slice(0, 60)}".`, {
    hint: 'Expected is "a-0: f1 f2 …" (abnormal) or "n-0: f1 f2 …" (normal), each once per draw.',
  });
}
