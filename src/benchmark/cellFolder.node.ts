import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { IqeError, messageOf } from '../base/errors.js';
import { writeFileSafely } from '../base/writeFile.node.js';
import type { MeasuredCell } from './results.js';

/**
 * One cell on disk: `cell.json` says what its run depends on, `run/` is the run, and
 * `evaluation.json`, which is written last, what was measured, with what that depends on.
 */
export class CellFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  get run(): string {
    return join(this.path, 'run');
  }

  /** Makes it the folder of the run that depends on `key`: what is there of another one goes. */
  async begin(key: string, about: object): Promise<void> {
    const saved = await readJson<{ key?: string }>(this.#description);
    if (saved?.key === key) return;
    await rm(this.path, { recursive: true, force: true }).catch((cause: unknown) => {
      throw new IqeError('output', `Cannot change ${this.path}: ${messageOf(cause)}.`, {
        hint: 'Choose a folder that is writable.',
        cause,
      });
    });
    await writeFileSafely(this.#description, json({ key, ...about }));
  }

  /** Whether the run that is here is the one that depends on `key`. */
  async isOf(key: string): Promise<boolean> {
    return (await readJson<{ key?: string }>(this.#description))?.key === key;
  }

  /** What was measured, where it depends on `key`. */
  async measured(key: string): Promise<MeasuredCell | undefined> {
    const saved = await readJson<MeasuredCell & { key?: string }>(this.#evaluation);
    return saved?.key === key ? saved : undefined;
  }

  async saveMeasured(key: string, { rule, evaluation }: MeasuredCell): Promise<void> {
    await writeFileSafely(this.#evaluation, json({ key, rule, evaluation }));
  }

  get #description(): string {
    return join(this.path, 'cell.json');
  }

  get #evaluation(): string {
    return join(this.path, 'evaluation.json');
  }
}

/** What a file holds; nothing where it is missing or damaged. */
async function readJson<Content>(path: string): Promise<Content | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Content;
  } catch {
    return undefined;
  }
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 1)}\n`;
}
