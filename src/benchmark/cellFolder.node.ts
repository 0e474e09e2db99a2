import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { IqeError, messageOf } from '../base/errors.js';
import { writeFileSafely } from '../base/writeFile.node.js';
import type { FailedImage } from '../train/failedImage.js';
import type { MeasuredCell, ShownImages } from './results.js';

type Measured = Pick<MeasuredCell, 'rule' | 'evaluation'>;

/**
 * One cell on disk: `cell.json` says what its run depends on, `run/` is the run, `unread.json` lists
 * images that it was made without, `shown.json` has pictures for the report, and `evaluation.json`, which
 * is written last, what was measured, with what that depends on.
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
  async measured(key: string): Promise<Measured | undefined> {
    const saved = await readJson<Measured & { key?: string }>(this.#evaluation);
    return saved?.key === key ? saved : undefined;
  }

  async saveMeasured(key: string, { rule, evaluation }: Measured): Promise<void> {
    await writeFileSafely(this.#evaluation, json({ key, rule, evaluation }));
  }

  /** What the report shows of the cell's images, where it depends on `key`. */
  async shown(key: string): Promise<ShownImages | undefined> {
    const saved = await readJson<{ key?: string; shown: ShownImages }>(this.#shown);
    return saved?.key === key ? saved.shown : undefined;
  }

  async saveShown(key: string, shown: ShownImages): Promise<void> {
    await writeFileSafely(this.#shown, json({ key, shown }));
  }

  /** Images that the run was made without. */
  async unread(): Promise<readonly FailedImage[]> {
    return (await readJson<FailedImage[]>(this.#unread)) ?? [];
  }

  async saveUnread(failures: readonly FailedImage[]): Promise<void> {
    await writeFileSafely(this.#unread, json(failures));
  }

  get #description(): string {
    return join(this.path, 'cell.json');
  }

  get #shown(): string {
    return join(this.path, 'shown.json');
  }

  get #unread(): string {
    return join(this.path, 'unread.json');
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
