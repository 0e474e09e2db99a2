import { exitStatus } from './errors.js';
import { interruption } from './interruption.js';
import { runProgram } from './program.js';
import type { VerbBuilder } from './verb.js';

/**
 * Runs this process's command line. Ctrl-C (or a request to terminate) aborts the verb's signal, so
 * that it can end cleanly; a second one ends the process at once.
 */
export async function runProcess(verbs: readonly VerbBuilder[]): Promise<void> {
  const { stdout, stderr, env: environment } = process;
  const now = () => performance.now() / 1000;
  const { signal, stop } = interruption(now, () => process.exit(exitStatus.interrupted));
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);

  stdout.on('error', (error: NodeJS.ErrnoException) => {
    // The reader has seen enough, as `head` has: no failure of ours.
    if (error.code === 'EPIPE') return;
    process.exitCode = exitStatus.failure;
    stderr.write(`Error: The result could not be written: ${error.message}\n`);
  });
  stderr.on('error', () => undefined);

  const io = { stdout, stderr, environment, signal, now };
  const status = await runProgram(process.argv.slice(2), verbs, io);
  // Not over the failure to write the result.
  process.exitCode ??= status;
}
