import { inspect } from 'node:util';
import { CommanderError } from 'commander';
import { type ErrorCode, IqeError, messageOf } from '../base/errors.js';

/** Exit statuses that scripts rely on. */
export const exitStatus = {
  ok: 0,
  failure: 1,
  /** A wrong command line or configuration. */
  usage: 2,
  /** Input that cannot be read. */
  unreadable: 3,
  /** Finished, but some of the files failed; they are listed. */
  someFailed: 4,
  /** A metric is below what was asked for. */
  gateMissed: 5,
  /** Stopped by Ctrl-C, after a clean checkpoint. */
  interrupted: 130,
} as const;

export type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus];

const statusOfCode: Partial<Record<ErrorCode, ExitStatus>> = {
  usage: exitStatus.usage,
  config: exitStatus.usage,
  unreadable: exitStatus.unreadable,
  interrupted: exitStatus.interrupted,
};

/** The exit status of a program that ended with `error`. */
export function exitStatusOf(error: unknown): ExitStatus {
  if (isInterruption(error)) return exitStatus.interrupted;
  if (error instanceof IqeError) return statusOfCode[error.code] ?? exitStatus.failure;
  // Commander also throws after it printed a help text or the version that was asked for.
  if (error instanceof CommanderError)
    return error.exitCode === 0 ? exitStatus.ok : exitStatus.usage;
  return exitStatus.failure;
}

/**
 * What is said of `error` on stderr: its message, what to do about it, and, with `verbose`, where it
 * happened. Empty for what commander has already answered with a help text.
 */
export function describeError(error: unknown, verbose: boolean): string {
  if (error instanceof CommanderError) return '';
  const lines = isInterruption(error) ? ['Interrupted.'] : [`Error: ${messageOf(error)}`];
  if (error instanceof IqeError) {
    if (error.hint !== undefined) lines.push(error.hint);
  } else if (!verbose && !isInterruption(error)) {
    lines.push('Run again with --verbose to see where it happened.');
  }
  if (verbose) lines.push(inspect(error));
  return `${lines.join('\n')}\n`;
}

/** Ours, or what Node's own functions throw when their signal is aborted. */
function isInterruption(error: unknown): boolean {
  if (error instanceof IqeError) return error.code === 'interrupted';
  return error instanceof Error && error.name === 'AbortError';
}
