import { merged, type RunConfig, resolveRunConfig } from '../train/config.js';
import type { BenchmarkConfig, MethodEntry, ProtocolConfig, SetEntry } from './config.js';

/** One way of learning: a protocol with its number of shots. */
export interface Setting {
  /** As published numbers and folders call it: `4-shot`, … */
  readonly id: string;
  readonly title: string;
  readonly protocol: ProtocolConfig;
  readonly shots: number;
}

/** One run to make and measure. */
export interface Cell {
  readonly setting: Setting;
  readonly set: SetEntry;
  readonly method: MethodEntry;
  readonly seed: number;
  readonly config: RunConfig;
  /** Relative to the benchmark's folder, with `/`. */
  readonly folder: string;
}

/** The settings of a benchmark, in the order of its protocols. */
export function settingsOf({ protocols }: Pick<BenchmarkConfig, 'protocols'>): Setting[] {
  return protocols.flatMap((protocol) =>
    protocol.shots.map(
      (shots): Setting => ({
        id: `${shots}-shot`,
        title: `Few-shot, K = ${shots}`,
        protocol,
        shots,
      }),
    ),
  );
}

/**
 * All cells of a benchmark: setting by setting, set by set, method by method, seed by seed.
 *
 * @param given Settings that the user said, which win over those of the file.
 * @throws {IqeError} `config` where the settings of a method do not fit.
 */
export function planCells(benchmark: BenchmarkConfig, given: object = {}): Cell[] {
  return settingsOf(benchmark).flatMap((setting) =>
    benchmark.sets.flatMap((set) =>
      benchmark.methods.flatMap((method) =>
        benchmark.seeds.map((seed): Cell => {
          const settings = [
            benchmark.settings,
            setting.protocol.settings,
            { method: method.method ?? method.name },
            method.settings,
            given,
            { seed },
          ].reduce(merged, {});
          const names = [setting.id, set.name, method.name].map(folderName);
          return {
            setting,
            set,
            method,
            seed,
            config: resolveRunConfig(settings),
            folder: ['cells', ...names, `seed-${seed}`].join('/'),
          };
        }),
      ),
    ),
  );
}

/** A name that every file system takes; different names stay different. */
export function folderName(name: string): string {
  const plain = name.replace(/[^\p{L}\p{N}.+-]+/gu, '_').replace(/^\.+/, '_');
  if (plain === name) return name;
  let hash = 0;
  for (const letter of name) hash = (Math.imul(hash, 31) + (letter.codePointAt(0) as number)) >>> 0;
  return `${plain}-${hash.toString(36)}`;
}
