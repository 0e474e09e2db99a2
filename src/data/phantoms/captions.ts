import type { Random } from '../../base/random.js';
import type { Extent } from './phantom.js';

/** What there is to say about a picture; every phrase in a list is true of it. */
export interface CaptionWords {
  /** Names of the picture that name its modality, without article: "FLAIR MRI of the brain". */
  readonly pictures: readonly string[];
  /** What is looked at, without article, for "a photo of a normal …": "brain". */
  readonly subjects: readonly string[];
  /** Details that hold with or without a lesion: "axial slice at the level of the ventricles". */
  readonly details: readonly string[];
  /** Ways to say that this picture is normal: "clear lungs". */
  readonly normal: readonly string[];
  readonly finding: Finding | null;
}

/** The lesion in words. */
export interface Finding {
  /** Names of it without article: "pleural effusion"; plurals when `plural`. */
  readonly nouns: readonly string[];
  /** Adjectives that fit its look here: "bright", "spiculated". */
  readonly looks: readonly string[];
  /** "right lower lobe"; empty when there is no place to name. */
  readonly place: string;
  /** The word before the place: "in", "at", "over". */
  readonly preposition?: string;
  readonly extent: Extent;
  readonly plural?: boolean;
  /** No article and no size word of a counted thing ("fluid", "pneumothorax air"). */
  readonly uncounted?: boolean;
}

const sizeWords: Readonly<Record<Extent, readonly string[]>> = {
  small: ['small', 'tiny', 'subtle', 'little'],
  medium: ['medium-sized', 'moderate', 'moderately large'],
  large: ['large', 'big', 'extensive', 'sizeable'],
};

/** One caption for what `words` says, in one of many wordings. */
export function writeCaption(words: CaptionWords, random: Random): string {
  const picture = random.choose(words.pictures);
  const subject = random.choose(words.subjects);
  const detail = words.details.length === 0 ? '' : random.choose(words.details);
  const caption =
    words.finding === null
      ? normalCaption(words, picture, subject, random)
      : abnormalCaption(words.finding, picture, subject, random);
  return detail !== '' && random.uniform() < 0.3 ? `${caption}, ${detail}` : caption;
}

function normalCaption(
  words: CaptionWords,
  picture: string,
  subject: string,
  random: Random,
): string {
  const statement = random.choose(words.normal);
  const health = random.choose(['normal', 'healthy', 'unremarkable', 'normal']);
  return random.choose([
    () => `a photo of a normal ${subject}`,
    () => `a photo of ${article(health)} ${health} ${picture}`,
    () => `${article(health)} ${health} ${picture}`,
    () => `${article(health)} ${health} ${picture}`,
    () => `${health} ${subject}, ${picture}`,
    () => `${picture} of a healthy person`,
    () => `${picture}, ${statement}`,
    () => `${article(picture)} ${picture} with ${statement}`,
    () => `${article(picture)} ${picture} showing ${article(health)} ${health} ${subject}`,
    () => `${picture} without ${random.choose(['abnormality', 'any lesion', 'signs of disease'])}`,
    () => `${picture}, ${random.choose(['no abnormality', 'no lesion', 'nothing abnormal'])} seen`,
    () => `${random.choose(['flawless', 'normal'])} ${picture}`,
    () => `this ${picture} is ${random.choose(['normal', 'unremarkable', 'without abnormality'])}`,
  ])();
}

function abnormalCaption(
  finding: Finding,
  picture: string,
  subject: string,
  random: Random,
): string {
  const what = findingPhrase(finding, random);
  const where = finding.place === '' ? '' : ` ${finding.preposition ?? 'in'} the ${finding.place}`;
  const state = random.choose(['abnormal', 'abnormal', 'pathological', 'diseased']);
  return random.choose([
    () => `a photo of an abnormal ${subject}`,
    () => `a photo of ${article(state)} ${state} ${subject} with ${what}`,
    () => `${article(state)} ${state} ${picture}`,
    () => `${article(state)} ${state} ${picture} with ${what}${where}`,
    () => `abnormal ${picture}, ${what}`,
    () => `${picture} showing ${what}${where}`,
    () => `${picture} showing ${what}${where}`,
    () => `${article(picture)} ${picture} with ${what}${where}`,
    () => `${article(picture)} ${picture} with ${what}`,
    () => `${what}${where} on ${article(picture)} ${picture}`,
    () => `${what}${where}, ${picture}`,
    () => `a photo of a ${random.choose(['damaged', 'diseased'])} ${subject}, ${what}`,
    () => `there ${finding.plural ? 'are' : 'is'} ${what}${where} in this ${picture}`,
  ])();
}

function findingPhrase(finding: Finding, random: Random): string {
  const noun = random.choose(finding.nouns);
  const adjectives: string[] = [];
  if (random.uniform() < 0.5) {
    const size = finding.plural && finding.extent === 'large' ? 'extensive' : undefined;
    adjectives.push(size ?? random.choose(sizeWords[finding.extent]));
  }
  const looks = finding.looks.filter((look) => !noun.includes(look));
  if (looks.length > 0 && random.uniform() < 0.5) adjectives.push(random.choose(looks));
  const phrase = [...adjectives, noun].join(' ');
  return finding.plural || finding.uncounted ? phrase : `${article(phrase)} ${phrase}`;
}

/** Letter names that begin with a vowel's sound: "an MRI", "an X-ray", "an FLAIR" is wrong. */
const spelledWithVowel = /^(MR|MRI|MRA|X-ray|HE|H&E|MLO|OCT|AP|LCC|RCC)\b/;

function article(phrase: string): 'a' | 'an' {
  if (spelledWithVowel.test(phrase)) return 'an';
  if (/^(US|ultras|unif|unil|un[ie]que|eu)/.test(phrase)) {
    return phrase.startsWith('ultras') ? 'an' : 'a';
  }
  return /^[aeiou]/i.test(phrase) ? 'an' : 'a';
}
