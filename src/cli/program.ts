import { Command, type CommanderError, Help } from 'commander';
import { IqeError } from '../base/errors.js';
import { describeError, type ExitStatus, exitStatus, exitStatusOf } from './errors.js';
import { givenFlags } from './options.js';
import {
  defaultColumns,
  type OutputStream,
  type ProgressDisplay,
  progressDisplay,
} from './progress.js';
import type { Environment } from './settingSources.js';
import { resolveSettings } from './settings.js';
import { type RunVerb, sharedOptions, type VerbBuilder, type VerbContext } from './verb.js';
import { packageVersion } from './version.js';

/** What the program sees of the process that it runs in. */
export interface ProgramIo {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly environment: Environment;
  readonly signal: AbortSignal;
  /** Seconds since any moment. */
  readonly now: () => number;
}

/** The options that every verb has. */
interface VerbOptions {
  readonly config?: string;
  readonly set?: readonly string[];
  readonly json?: true;
  readonly quiet?: true;
}

const settingsHelp = `
Settings come from flags, else from --set, else from the environment (IQE_SEED,
IQE_TRAINING_EPOCHS), else from the file of --config, else they are the defaults.
'iqe-clip info --schema' prints all of them.

Exit status: 0 done, 1 failure, 2 wrong usage or configuration, 3 unreadable input,
4 done but some files failed, 5 a metric gate missed, 130 interrupted.`;

/**
 * Runs a command line: one of `verbs`, or a help text.
 *
 * @param words The command line after the program's name.
 * @returns The exit status; errors were told on stderr.
 */
export async function runProgram(
  words: readonly string[],
  verbs: readonly VerbBuilder[],
  io: ProgramIo,
): Promise<ExitStatus> {
  let status: ExitStatus = exitStatus.ok;
  const run: RunVerb =
    (body) =>
    async (...given) => {
      const command = given.at(-1) as Command;
      // Commander has its own types for arguments and options; the verb's body says which they are.
      const [options, operands] = [given.at(-2) as never, given.slice(0, -2) as never];
      const display = progressDisplay(io.stderr, io.now);
      const context = await verbContext(command, io, display);
      const onAbort = () => context.note('Stopping; Ctrl-C again ends at once.');
      io.signal.addEventListener('abort', onAbort);
      try {
        status = (await body(context, options, ...operands)) ?? exitStatus.ok;
      } finally {
        io.signal.removeEventListener('abort', onAbort);
        display.clear();
      }
    };
  try {
    await program(verbs, run, io).parseAsync(words, { from: 'user' });
    return status;
  } catch (error) {
    io.stderr.write(describeError(error, words.includes('--verbose')));
    return exitStatusOf(error);
  }
}

async function verbContext(
  command: Command,
  io: ProgramIo,
  display: ProgressDisplay,
): Promise<VerbContext> {
  const { config, set = [], json = false, quiet = false } = command.opts<VerbOptions>();
  const { environment, signal } = io;
  let isPrinted = false;
  return {
    signal,
    environment,
    json,
    quiet,
    settings: await resolveSettings({
      flags: givenFlags(command),
      assignments: set,
      configFile: config,
      environment,
    }),
    onProgress: quiet ? () => undefined : display.onProgress,
    note(line) {
      if (quiet) return;
      display.clear();
      io.stderr.write(`${line}\n`);
    },
    print(result, describe) {
      if (isPrinted) throw new Error(`'${command.name()}' has printed its result already.`);
      isPrinted = true;
      display.clear();
      io.stdout.write(`${json ? JSON.stringify(result, undefined, 2) : describe(result)}\n`);
    },
  };
}

function program(verbs: readonly VerbBuilder[], run: RunVerb, io: ProgramIo): Command {
  const root = new Command('iqe-clip')
    .description('Zero- and few-shot anomaly detection for medical images. For research use only.')
    .version(packageVersion, '--version', 'Print the version.')
    .addHelpText('after', settingsHelp);
  for (const build of verbs) root.addCommand(build(run));
  prepare(root, io);
  return root;
}

/** Makes commander print and fail in our way, in `command` and all below it. */
function prepare(command: Command, io: ProgramIo): void {
  command
    .helpOption('-h, --help', 'Show this text.')
    .helpCommand(false)
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      // The message is in the error that is thrown below.
      outputError: () => undefined,
      getOutHelpWidth: () => io.stdout.columns || defaultColumns,
      getErrHelpWidth: () => io.stderr.columns || defaultColumns,
    })
    .configureHelp({
      groupItems(...lists) {
        // A verb's own options come first.
        const groups = new Help().groupItems(...lists);
        const shared = groups.get(sharedOptions);
        groups.delete(sharedOptions);
        return shared ? groups.set(sharedOptions, shared) : groups;
      },
    })
    .exitOverride((error) => {
      throw usageError(error, command);
    });
  for (const child of command.commands) prepare(child, io);
}

/** A wrong command line, with the place where the right one is described. */
function usageError(error: CommanderError, command: Command): Error {
  const isHelp = error.exitCode === 0 || error.code === 'commander.help';
  if (isHelp) return error;
  const names: string[] = [];
  for (let at: Command | null = command; at; at = at.parent) names.unshift(at.name());
  return new IqeError('usage', error.message.replace(/^error: /, ''), {
    hint: `'${names.join(' ')} --help' tells how it is used.`,
  });
}
