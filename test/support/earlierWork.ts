import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { CommandLineResult } from './commandLine.js';
import { Workplace } from './workplace.js';

/** A workplace where something was done that no later command may harm: a run, and predictions. */
export class EarlierWork {
  readonly place: Workplace;
  #digest = '';

  private constructor(place: Workplace) {
    this.place = place;
  }

  static async create(): Promise<EarlierWork> {
    const work = new EarlierWork(await Workplace.create());
    const { place, run, output } = work;
    const learned = await place.run(['fit', place.data, '--shots', '2', '-o', run]);
    expect(learned).toMatchObject({ status: 0 });
    const looked = await place.run(['predict', '--run', run, work.image(), '-o', output]);
    expect(looked).toMatchObject({ status: 0 });
    work.#digest = await work.#contents();
    return work;
  }

  get run(): string {
    return this.place.at('earlier run');
  }

  get output(): string {
    return this.place.at('earlier output');
  }

  /** A normal image of the data set's `test`. */
  image(name = '0.png'): string {
    return join(this.place.data, 'test', 'good', 'img', name);
  }

  /** Runs a verb that prints JSON. */
  json(...words: string[]): Promise<CommandLineResult> {
    return this.place.run([...words, '--json']);
  }

  predict(...words: string[]): Promise<CommandLineResult> {
    return this.json('predict', '--run', this.run, ...words);
  }

  /** Fails where anything of it, of the data or of the backbone is changed. */
  async expectUnharmed(): Promise<void> {
    expect(await this.#contents(), 'earlier files were changed').toBe(this.#digest);
  }

  async #contents(): Promise<string> {
    const hash = createHash('sha256');
    for (const folder of [this.run, this.output, this.place.data, this.place.backbone]) {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile());
      for (const path of files.map(({ parentPath, name }) => join(parentPath, name)).sort()) {
        hash.update(`${path}\n`).update(await readFile(path));
      }
    }
    return hash.digest('hex');
  }
}
