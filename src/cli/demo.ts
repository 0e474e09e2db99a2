import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { type ExitStatus, exitStatus } from './errors.js';
import { wholeNumber } from './numbers.js';
import { type ProgramIo, runProgram } from './program.js';
import { verbs } from './verbs.js';

interface DemoFlags {
  readonly data?: string;
  readonly out: string;
  readonly epochs: number;
  readonly images: number;
}

/** What the demo writes into its folder, and replaces when it is repeated. */
const written = ['Phantom_Retinal_OCT_AD', 'cache', 'zero-shot', 'run', 'evaluation'];

/**
 * `npm run demo`: draws a data set, measures the zero-shot head on it, learns from four normal and four
 * abnormal images and measures again, all with the commands that a user would type, which it prints.
 * Offline, and in under a minute on two cores.
 *
 * @param words The command line after `npm run demo --`.
 */
export async function demo(words: readonly string[], io: ProgramIo): Promise<ExitStatus> {
  const flags = flagsOf(words);
  const started = io.now();
  const say = (text: string) => io.stdout.write(`${text}\n`);
  const command = async (...words: string[]): Promise<void> => {
    say(`\n$ npx iqe-clip ${words.join(' ')}`);
    const status = await runProgram(words, verbs, io);
    if (status !== exitStatus.ok) throw new CommandFailed(status);
  };
  const { out } = flags;
  const run = join(out, 'run');
  try {
    for (const name of written) await rm(join(out, name), { recursive: true, force: true });
    let { data } = flags;
    if (data === undefined) {
      say('Drawing retinas as OCT shows them: no real images are shipped.');
      const counts = ['--valid', '10', '--test', String(flags.images)];
      await command('data', 'synth', '-o', out, '--modalities', 'retinal-oct', ...counts);
      data = join(out, 'Phantom_Retinal_OCT_AD');
    }
    say('\nWithout any example: the zero-shot head that is shipped with the backbone tiny.');
    await command('evaluate', data, '--backbone', 'tiny', '-o', join(out, 'zero-shot'));
    say('\nWith 4 normal and 4 abnormal examples:');
    const learning = ['--shots', '4', '--epochs', String(flags.epochs)];
    await command('fit', data, ...learning, '--cache', join(out, 'cache'), '-o', run);
    await command('evaluate', '--run', run, data, '-o', join(out, 'evaluation'));
  } catch (error) {
    if (error instanceof CommandFailed) return error.status;
    throw error;
  }
  const report = (name: string) => pathToFileURL(resolve(out, name, 'report.html'));
  say(
    `\nDone in ${Math.round(io.now() - started)} s. The reports, with anomaly maps:\n` +
      `  4 + 4 examples: ${report('evaluation')}\n` +
      `  no example:     ${report('zero-shot')}\n` +
      'The model is tiny and was pretrained on drawings: real work needs a real CLIP (--backbone).',
  );
  return exitStatus.ok;
}

function flagsOf(words: readonly string[]): DemoFlags {
  const positive = (text: string) => {
    const value = wholeNumber(text);
    if (value > 0) return value;
    throw new InvalidArgumentError('At least 1 is expected.');
  };
  return new Command('npm run demo --')
    .description('Draws a data set, measures with no and with 4 + 4 examples, writes reports.')
    .option('--data <dir>', 'A data set of real images, in place of drawn ones.')
    .option(
      '-o, --out <dir>',
      'Folder for everything; an earlier demo in it is replaced.',
      'iqe-clip-demo',
    )
    .option('--epochs <n>', 'Passes over the training images.', positive, 6)
    .option('--images <n>', 'Drawn test images of each label.', positive, 15)
    .parse([...words], { from: 'user' })
    .opts<DemoFlags>();
}

/** A command that ended with another status than 0; it has told why. */
class CommandFailed extends Error {
  constructor(readonly status: ExitStatus) {
    super(`A command ended with status ${status}.`);
  }
}
