import { Command } from 'commander';
import type { ProgressCallback } from '../base/progress.js';
import type { ExitStatus } from './errors.js';
import { commonOption } from './options.js';
import type { CommonFlag } from './settingKeys.js';
import type { Environment } from './settingSources.js';
import type { Settings } from './settings.js';

/** What a verb gets from the program around it. */
export interface VerbContext {
  /** Aborted by the first Ctrl-C: the verb then throws `interrupted` as soon as it is clean. */
  readonly signal: AbortSignal;
  /** Shows progress on stderr. */
  readonly onProgress: ProgressCallback;
  /**
   * Prints the verb's result on stdout, once: what `describe` says of it, or with `--json` the
   * result itself.
   */
  readonly print: <Result>(result: Result, describe: (result: Result) => string) => void;
  /** Prints a line for people on stderr, not with `--quiet`. */
  readonly note: (line: string) => void;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly settings: Settings;
  readonly environment: Environment;
}

/**
 * What a verb does.
 *
 * @param options Its own options, as commander names them.
 * @param operands Its arguments.
 * @returns The exit status; nothing for 0.
 */
export type VerbBody<Options, Operands extends unknown[]> = (
  context: VerbContext,
  options: Options,
  ...operands: Operands
  // biome-ignore lint/suspicious/noConfusingVoidType: a body without a return has this type.
) => Promise<ExitStatus | void>;

/** Makes a commander action of a verb's body: the program makes the context and handles errors. */
export type RunVerb = <Options, Operands extends unknown[]>(
  body: VerbBody<Options, Operands>,
) => (...given: unknown[]) => Promise<void>;

/** What the file of a verb exports: it builds the verb's command. */
export type VerbBuilder = (run: RunVerb) => Command;

/** Heading of the options that a verb shares with others. */
export const sharedOptions = 'Common options:';

/**
 * Begins the command of a verb, with the options that every verb has and the common ones it asks for.
 *
 * @example
 * export const reportCommand: VerbBuilder = (run) =>
 *   verbCommand('report', 'Writes the HTML report of a run.', ['cache'])
 *     .argument('<out>', 'Folder of a run, an evaluation or a benchmark.')
 *     .option('--open', 'Show it.')
 *     .action(
 *       run(async ({ print, signal }, options: { open?: true }, out: string) => {
 *         const { writeReport } = await import('../../report/writeReport.node.js');
 *         …
 *       }),
 *     );
 */
export function verbCommand(
  name: string,
  description: string,
  flags: readonly CommonFlag[] = [],
): Command {
  const command = new Command(name).description(description);
  command.optionsGroup(sharedOptions);
  for (const flag of [...flags, 'seed'] as const) command.addOption(commonOption(flag));
  return command
    .option('--config <file>', 'Settings in YAML or JSON.')
    .option('--set <key.path=value>', 'One setting; can be repeated.', repeated)
    .option('--json', 'Print the result as one JSON object.')
    .option('--quiet', 'No progress and no notes on stderr.')
    .option('--verbose', 'Show where an error happened.')
    .optionsGroup('Options:');
}

function repeated(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value];
}
