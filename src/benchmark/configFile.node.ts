import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { IqeError, messageOf } from '../base/errors.js';
import { type BenchmarkConfig, parseBenchmark } from './config.js';

/**
 * Reads a benchmark's file. The folders that it names are relative to it, and absolute in the result,
 * in which every set has one.
 *
 * @param root Where the sets are, instead of what the file says.
 * @throws {IqeError} `config` where it cannot be read or is no benchmark.
 */
export async function readBenchmark(path: string, root?: string): Promise<BenchmarkConfig> {
  const benchmark = parseBenchmark(await readFields(path), path);
  const here = dirname(resolve(path));
  const base = root === undefined ? resolve(here, benchmark.root) : resolve(root);
  return {
    ...benchmark,
    root: base,
    settings: await withFolders(benchmark.settings, here),
    methods: await Promise.all(
      benchmark.methods.map(async (method) => ({
        ...method,
        settings: await withFolders(method.settings, here),
      })),
    ),
    sets: benchmark.sets.map((set) => ({
      ...set,
      folder: resolve(base, set.folder ?? set.name),
      ...(set.shotFiles !== undefined && { shotFiles: resolve(base, set.shotFiles) }),
    })),
  };
}

/** The fields of a file, with those of the file that it extends below them. */
async function readFields(path: string, extending: readonly string[] = []): Promise<unknown> {
  const refuse = (problem: string, hint: string) => (cause: unknown) => {
    throw new IqeError('config', `The benchmark ${path} ${problem}: ${messageOf(cause)}`, {
      hint,
      cause,
    });
  };
  const text = await readFile(path, 'utf8').catch(
    refuse('cannot be read', "Give a YAML file such as 'configs/compare-small.yaml'."),
  );
  let value: unknown;
  try {
    value = parse(text, { logLevel: 'error' });
  } catch (cause) {
    refuse('is neither YAML nor JSON', 'Correct it at that place.')(cause);
  }
  const { extends: base } = (value ?? {}) as { extends?: unknown };
  if (typeof base !== 'string') return value;
  const below = resolve(dirname(resolve(path)), base);
  if (extending.includes(below)) {
    throw new IqeError('config', `The benchmark ${path} extends itself.`, {
      hint: "Correct its field 'extends'.",
    });
  }
  // A list or group is taken whole: that of this file, else that of the other.
  return { ...((await readFields(below, [...extending, below])) as object), ...(value as object) };
}

/** A backbone that is a folder beside the file is that one from wherever the benchmark is run. */
async function withFolders(
  settings: Record<string, unknown>,
  here: string,
): Promise<Record<string, unknown>> {
  const { backbone } = settings;
  if (typeof backbone !== 'string') return settings;
  const folder = resolve(here, backbone);
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return isFolder ? { ...settings, backbone: folder } : settings;
}
