import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram } from '../../src/cli/program.js';
import type { Environment } from '../../src/cli/settingSources.js';
import type { VerbBuilder } from '../../src/cli/verb.js';
import { verbs as allVerbs } from '../../src/cli/verbs.js';

export interface CommandLineOptions {
  readonly verbs?: readonly VerbBuilder[];
  readonly environment?: Environment;
  readonly signal?: AbortSignal;
  readonly now?: () => number;
  readonly isTTY?: boolean;
  /** Told of each text on stderr. */
  readonly onMessage?: (text: string) => void;
}

export interface CommandLineResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process. */
export async function commandLine(
  words: readonly string[],
  options: CommandLineOptions = {},
): Promise<CommandLineResult> {
  const stdout = new TextStream();
  const stderr = new TextStream(options.isTTY, 80, options.onMessage);
  const status = await runProgram(words, options.verbs ?? allVerbs, {
    stdout,
    stderr,
    environment: options.environment ?? {},
    signal: options.signal ?? new AbortController().signal,
    now: options.now ?? (() => 0),
  });
  return { status, stdout: stdout.text, stderr: stderr.text };
}

/** A stream that keeps what is written. */
export class TextStream {
  readonly writes: string[] = [];
  readonly isTTY: boolean;
  readonly columns: number;
  readonly #onWrite: ((text: string) => void) | undefined;

  constructor(isTTY = false, columns = 80, onWrite?: (text: string) => void) {
    this.isTTY = isTTY;
    this.columns = columns;
    this.#onWrite = onWrite;
  }

  write(text: string): void {
    this.writes.push(text);
    this.#onWrite?.(text);
  }

  get text(): string {
    return this.writes.join('');
  }
}

const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Compiles the sources as they are now, so that a test can start them as a process whatever is in
 * `dist`.
 *
 * @returns The folder with `package.json` and `dist`, where the packages of this one are found.
 */
export function compiledPackage(): string {
  const cache = join(root, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'iqe-clip-'));
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const options = ['-p', 'tsconfig.build.json', '--noCheck', '--outDir', join(folder, 'dist')];
  execFileSync(process.execPath, [compiler, ...options], { cwd: root });
  execFileSync(process.execPath, [join(root, 'scripts', 'bundle.mjs'), folder]);
  return folder;
}
