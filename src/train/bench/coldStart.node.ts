import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { IqeError, throwIfAborted } from '../../base/errors.js';
import type { Precision } from './measure.node.js';
import { type BenchSetup, backboneOf, cacheOf, imageOf, runOf } from './setup.node.js';

/**
 * Seconds from the start of `iqe-clip predict` to its first score, as whoever types it waits.
 *
 * @param program The script that is the command line.
 * @throws {IqeError} `runtime` where the command fails; `interrupted`.
 */
export async function coldStartSeconds(
  setup: BenchSetup,
  program: string,
  precision: Precision,
  signal?: AbortSignal,
): Promise<number> {
  throwIfAborted(signal);
  const { threads } = setup.runtime;
  const words = [
    ...['predict', '--run', runOf(setup), '--backbone', backboneOf(setup), imageOf(setup)],
    ...['--cache', cacheOf(setup), '--precision', precision, '--quiet'],
    ...(threads === undefined ? [] : ['--threads', String(threads)]),
  ];
  const started = performance.now();
  const child = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  const stop = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', stop);
  try {
    const told = text(child.stderr);
    const seconds = await new Promise<number | undefined>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', () => resolve(undefined));
      child.stdout.once('data', () => resolve((performance.now() - started) / 1000));
    });
    throwIfAborted(signal);
    if (seconds !== undefined) return seconds;
    throw new IqeError('runtime', `Measuring a cold start failed: ${(await told).trim()}`);
  } finally {
    signal?.removeEventListener('abort', stop);
    await ended(child);
  }
}

/** Its last moments must not count with what is measured next. */
function ended(child: ReturnType<typeof spawn>): Promise<void> {
  const isOver = child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
  if (isOver) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}
