import { IqeError } from '../base/errors.js';
import { isMethodName, type RunConfig, resolveRunConfig } from '../train/config.js';
import { type MachineConfig, machineSchema } from './machine.js';
import { settingsSchema } from './settingKeys.js';
import {
  assignmentLayer,
  type Environment,
  environmentLayer,
  fileLayer,
  over,
  type SettingLayer,
  schemaHint,
  type TextSetting,
  textLayer,
} from './settingSources.js';

/** What the user set, and what follows from it. */
export interface Settings {
  /**
   * What was said of the run's configuration, without defaults: to be laid over the configuration of
   * a saved run.
   */
  readonly given: object;
  /** The configuration of a new run: defaults, its preset, then what was said. */
  readonly run: RunConfig;
  readonly machine: MachineConfig;
}

export interface SettingSources {
  readonly flags: readonly TextSetting[];
  /** Texts `key.path=value`. */
  readonly assignments: readonly string[];
  readonly configFile: string | undefined;
  readonly environment: Environment;
}

/**
 * Settings by their precedence: flags, then `--set`, then the environment, then the configuration
 * file, then defaults.
 *
 * @throws {IqeError} `config`, naming each value that does not fit and the place that it came from.
 */
export async function resolveSettings(sources: SettingSources): Promise<Settings> {
  const { flags, assignments, configFile, environment } = sources;
  const nothing: SettingLayer = { values: {}, origins: new Map() };
  const given = [
    configFile === undefined ? nothing : await fileLayer(configFile),
    environmentLayer(environment),
    assignmentLayer(assignments),
    textLayer(flags),
  ].reduce(over);
  checkValues(given);
  const machine: Record<string, unknown> = {};
  const run: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given.values)) {
    (Object.hasOwn(machineSchema.shape, name) ? machine : run)[name] = value;
  }
  return { given: run, run: resolveRunConfig(run), machine: machineSchema.parse(machine) };
}

function checkValues({ values, origins }: SettingLayer): void {
  const { method } = values as { readonly method?: unknown };
  const result = settingsSchema(isMethodName(method) ? method : 'iqe-clip').safeParse(values);
  if (result.success) return;
  const problems = result.error.issues.map(({ path, message }) => {
    const got = path.reduce<unknown>((value, name) => (value as never)?.[name], values);
    const origin = originOf(path.map(String), origins);
    return `${path.join('.')} (${origin}): ${message}, got ${JSON.stringify(got)}`;
  });
  throw new IqeError('config', `${problems.join('; ')}.`, { hint: schemaHint });
}

/** Where a value came from: the place of the setting or group that it is in. */
function originOf(
  path: readonly string[],
  origins: ReadonlyMap<string, string>,
): string | undefined {
  return path
    .map((_, index) => origins.get(path.slice(0, index + 1).join('.')))
    .findLast((origin) => origin !== undefined);
}
