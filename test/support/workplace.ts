import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandLineOptions, type CommandLineResult, commandLine } from './commandLine.js';
import { writeSmallClip } from './smallClip.js';
import { writeSmallDataSet } from './smallDataSet.js';

/**
 * A folder in which the command line learns in a second: a small backbone, a small data set and the
 * configuration of a small model. Its name and theirs have spaces and letters beyond ASCII, so that
 * whatever is done here is done on such paths.
 */
export class Workplace {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<Workplace> {
    const workplace = new Workplace(await mkdtemp(join(tmpdir(), 'iqe-clip naïve 解析 ')));
    await writeSmallClip(workplace.backbone);
    await writeSmallDataSet(workplace.data, { perLabel: 4 });
    const config = {
      backbone: workplace.backbone,
      cache: workplace.cache,
      threads: 1,
      model: { imageSize: 48, queryModule: { blocks: 1, heads: 4 } },
      training: { epochs: 3, batchSize: 8, augmentations: ['identity', 'flip-left-right'] },
    };
    await writeFile(workplace.config, JSON.stringify(config));
    return workplace;
  }

  get backbone(): string {
    return this.at('a backbone ö');
  }

  /** Four normal and four abnormal images in `valid` and in `test`, with masks. */
  get data(): string {
    return this.at('Größe 斑点_AD');
  }

  get cache(): string {
    return this.at('cache é');
  }

  get config(): string {
    return this.at('small model.yaml');
  }

  at(...names: readonly string[]): string {
    return join(this.folder, ...names);
  }

  /** Runs a verb with this place's configuration, or another that `words` name. */
  run(words: readonly string[], options: CommandLineOptions = {}): Promise<CommandLineResult> {
    const config = words.includes('--config') ? [] : ['--config', this.config];
    return commandLine([...words, ...config], options);
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Options for {@link Workplace.run} on a clock on which every step of progress is shown. */
export function watched(onMessage: (text: string) => void): CommandLineOptions {
  let seconds = 0;
  return {
    now: () => {
      seconds += 10;
      return seconds;
    },
    onMessage,
  };
}

/** The same, pressing Ctrl-C when a line that begins with `text` is shown. */
export function interruptedAt(text: string): CommandLineOptions {
  const controller = new AbortController();
  const { signal } = controller;
  return { ...watched((line) => line.startsWith(text) && controller.abort()), signal };
}
