import type { Random } from '../../base/random.js';

/**
 * Words for the two states, in the same places. The first pair is the one that IQE-CLIP's prompts
 * use, so it is drawn most.
 */
const statePairs: readonly (readonly [string, string])[] = [
  ['normal', 'abnormal'],
  ['normal', 'abnormal'],
  ['normal', 'abnormal'],
  ['healthy', 'diseased'],
  ['unremarkable', 'pathological'],
  ['flawless', 'damaged'],
];

const templates: readonly string[] = [
  'a photo of a {state} {subject}',
  'a photo of a {state} {subject}',
  'a photo of a {state} {subject}.',
  'a {state} {subject}',
  'a photo of the {state} {subject}',
  'this {subject} is {state}',
];

const subjects: readonly string[] = [
  'class',
  'class',
  'image',
  'medical image',
  'scan',
  'picture',
  'object',
  'patient',
  'organ',
];

/** The same sentence about a normal and about an abnormal picture, true of pictures of any kind. */
export function drawStatePrompts(random: Random): readonly [normal: string, abnormal: string] {
  const [normal, abnormal] = random.choose(statePairs);
  const sentence = random.choose(templates).replace('{subject}', random.choose(subjects));
  const inState = (state: string) => {
    const filled = sentence.replace('{state}', state);
    return /^[aeiou]/.test(state) ? filled.replace(`a ${state}`, `an ${state}`) : filled;
  };
  // Half of the time with the article left as it is: prompts are filled in without grammar.
  if (random.uniform() < 0.5) return [inState(normal), inState(abnormal)];
  return [sentence.replace('{state}', normal), sentence.replace('{state}', abnormal)];
}
