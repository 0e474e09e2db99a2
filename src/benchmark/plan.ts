import { entryOf, type MethodName } from '../methods/registry.js';
import { isMethodName, merged, type RunConfig, resolveRunConfig } from '../train/config.js';
import { needsNothing, takesNormalAlone, transfers } from '../train/needs.js';
import type { BenchmarkConfig, MethodEntry, ProtocolConfig, SetEntry } from './config.js';

/** One way of learning: a protocol with its number of shots. */
export interface Setting {
  /** As published numbers and folders call it: `4-shot`, … */
  readonly id: string;
  readonly title: string;
  readonly protocol: ProtocolConfig;
  /** K; null where all or nothing of the set is learned from. */
  readonly shots: number | null;
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
  return protocols.flatMap((protocol) => {
    const [suffix, remark] =
      protocol.selectOn === 'test' ? ['-authors', ', selected on the test set'] : ['', ''];
    const setting = (id: string, title: string, shots: number | null): Setting => ({
      id: id + suffix,
      title: title + remark,
      protocol,
      shots,
    });
    if (protocol.kind === 'zero-shot') {
      return protocol.leaveOut === 'set'
        ? setting('zero-shot', 'Zero-shot', null)
        : setting('zero-shot-modality', 'Zero-shot, modality left out', null);
    }
    if (protocol.kind === 'all-normal') {
      return setting('all-normal', 'All normal images', null);
    }
    const { kind } = protocol;
    return protocol.shots.map((shots) =>
      kind === 'few-shot'
        ? setting(`${shots}-shot`, `Few-shot, K = ${shots}`, shots)
        : setting(`${shots}-normal`, `Normal only, K = ${shots}`, shots),
    );
  });
}

/** The sets that are measured on: all, unless some are named. */
export function measuredSets({
  sets,
  measure,
}: Pick<BenchmarkConfig, 'sets' | 'measure'>): SetEntry[] {
  return sets.filter(({ name }) => measure?.includes(name) ?? true);
}

/** What the images of a set show, for methods whose prompts name it. */
function classNameOf({ method, name }: MethodEntry, { className }: SetEntry): object {
  const known = method ?? name;
  if (className === undefined || !isMethodName(known)) return {};
  return entryOf(known).needs.className ? { model: { className } } : {};
}

/** Whether a method can be asked to learn so: other cells of the plan are left out. */
export function fits(method: MethodName, { kind }: ProtocolConfig): boolean {
  const { needs } = entryOf(method);
  if (kind === 'zero-shot') return transfers(needs);
  if (kind === 'normal-only' || kind === 'all-normal') return takesNormalAlone(needs);
  return !needsNothing(needs);
}

/** The sets that a cell learns from in the zero-shot setting. */
export function sourcesOf(
  { sets }: Pick<BenchmarkConfig, 'sets'>,
  target: SetEntry,
  leaveOut: 'set' | 'modality',
): SetEntry[] {
  return sets.filter(
    ({ name, modality }) =>
      name !== target.name && (leaveOut === 'set' || modality !== target.modality),
  );
}

/**
 * All cells of a benchmark: setting by setting, set by set, method by method, seed by seed; without
 * those of methods that cannot learn so or are not wanted to.
 *
 * @param given Settings that the user said, which win over those of the file.
 * @throws {IqeError} `config` where the settings of a method do not fit.
 */
export function planCells(benchmark: BenchmarkConfig, given: object = {}): Cell[] {
  return settingsOf(benchmark).flatMap((setting) =>
    measuredSets(benchmark).flatMap((set) =>
      benchmark.methods.flatMap((method) =>
        benchmark.seeds.flatMap((seed): Cell[] => {
          const settings = [
            benchmark.settings,
            setting.protocol.settings,
            { method: method.method ?? method.name },
            classNameOf(method, set),
            method.settings,
            given,
            { seed },
          ].reduce(merged, {});
          const names = [setting.id, set.name, method.name].map(folderName);
          const config = resolveRunConfig(settings);
          const { kind } = setting.protocol;
          const wanted = method.protocols?.includes(kind) ?? true;
          if (!wanted || !fits(config.method, setting.protocol)) return [];
          const folder = ['cells', ...names, `seed-${seed}`].join('/');
          return [{ setting, set, method, seed, config, folder }];
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
