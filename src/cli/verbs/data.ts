import { Command, InvalidArgumentError, Option } from 'commander';
import type { Split } from '../../data/layout.js';
import { type Modality, modalities } from '../../data/phantoms/phantom.js';
import type { LabelCounts, WrittenPhantomSet } from '../../data/phantoms/writePhantomSet.node.js';
import { exitStatus } from '../errors.js';
import { wholeNumber } from '../numbers.js';
import { givenPath } from '../paths.js';
import { type RunVerb, type VerbBuilder, verbCommand } from '../verb.js';

/** `iqe-clip data check DIR`, `iqe-clip data synth -o DIR` */
export const dataCommand: VerbBuilder = (run) =>
  new Command('data')
    .description('Looks at data sets, and draws some.')
    .addCommand(checkCommand(run))
    .addCommand(synthCommand(run));

const checkCommand: VerbBuilder = (run) =>
  verbCommand('check', 'Tells what a folder is read as and what is wrong with it; changes nothing.')
    .argument('<dir>', 'Folder of a data set or of images.', givenPath)
    .action(
      run(async ({ signal, onProgress, print }, _options, dir: string) => {
        const { checkDataSet } = await import('../../data/check.node.js');
        const { describeDataCheck } = await import('../../data/checkText.js');
        const check = await checkDataSet(dir, { signal, onProgress });
        print(check, describeDataCheck);
        return check.usable ? exitStatus.ok : exitStatus.usage;
      }),
    );

interface SynthFlags extends Readonly<Record<Split, LabelCounts>> {
  readonly out: string;
  readonly modalities: readonly Modality[];
  readonly size: number;
}

interface SynthResult {
  readonly seed: number;
  readonly size: number;
  readonly sets: readonly WrittenPhantomSet[];
}

/** What phantoms can be drawn at. */
const [smallest, largest] = [32, 1024];

function synthCommand(run: RunVerb): Command {
  const counts = (split: Split, fallback: number) =>
    new Option(`--${split} <n>`, `Images of each label in '${split}', or NORMAL,ABNORMAL.`)
      .argParser(countsOf)
      .default({ normal: fallback, abnormal: fallback }, String(fallback));
  return verbCommand(
    'synth',
    'Draws data sets of phantoms, one for each modality: pictures that look like medical images, with masks. The same seed gives the same images.',
  )
    .requiredOption('-o, --out <out>', 'Folder that gets the data sets.', givenPath)
    .addOption(
      new Option('--modalities <list>', `Which, with commas: ${modalities.join(', ')}.`)
        .argParser(modalitiesOf)
        .default(modalities, 'all'),
    )
    .addOption(counts('train', 0))
    .addOption(counts('valid', 16))
    .addOption(counts('test', 50))
    .option('--size <pixels>', 'Width and height of the images.', sizeOf, 240)
    .action(
      run(async ({ signal, onProgress, print, settings }, flags: SynthFlags) => {
        const { writePhantomSet } = await import('../../data/phantoms/writePhantomSet.node.js');
        const { out: folder, size, train, valid, test } = flags;
        const { seed } = settings.run;
        const sets = await writePhantomSet({
          folder,
          seed,
          size,
          modalities: flags.modalities,
          counts: { train, valid, test },
          signal,
          onProgress,
        });
        print({ seed, size, sets }, describeSets);
      }),
    );
}

function modalitiesOf(text: string): Modality[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !(modalities as readonly string[]).includes(name));
  if (unknown === undefined) return [...new Set(names as Modality[])];
  throw new InvalidArgumentError(`'${unknown}' is none of ${modalities.join(', ')}.`);
}

function countsOf(text: string): LabelCounts {
  const [normal, abnormal = normal, ...rest] = text
    .split(',')
    .map((part) => wholeNumber(part.trim()));
  if (normal !== undefined && abnormal !== undefined && rest.length === 0)
    return { normal, abnormal };
  throw new InvalidArgumentError('One number or two are expected: 20 or 20,10.');
}

function sizeOf(text: string): number {
  const size = wholeNumber(text);
  if (size >= smallest && size <= largest) return size;
  throw new InvalidArgumentError(`A size from ${smallest} to ${largest} is expected.`);
}

function describeSets({ sets, seed, size }: SynthResult): string {
  const lines = sets.map(({ folder, images }) => `${folder}: ${images} images`);
  return [...lines, `Drawn at ${size}×${size} pixels from seed ${seed}.`].join('\n');
}
