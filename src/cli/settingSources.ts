import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { IqeError, messageOf } from '../base/errors.js';
import { merged } from '../train/config.js';
import {
  allSettings,
  environmentKeys,
  nearestName,
  type SettingNode,
  settingAt,
  settingKeys,
} from './settingKeys.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Settings from one place. */
export interface SettingLayer {
  readonly values: object;
  /** The place that each setting came from, by key path: a file, flag or variable, as errors name it. */
  readonly origins: ReadonlyMap<string, string>;
}

/** A setting that was given as text, by a flag, by `--set` or by the environment. */
export interface TextSetting {
  readonly key: string;
  readonly text: string;
  readonly origin: string;
}

export const schemaHint = "'iqe-clip info --schema' prints all settings with their types.";

/** Names in the environment that are read elsewhere: by downloads and by the tests. */
const otherNames: readonly string[] = ['IQE_HUB_MIRROR', 'IQE_OFFLINE', 'IQE_GOLDEN'];

/**
 * The settings in a YAML or JSON file.
 *
 * @throws {IqeError} `config` where it cannot be read, or has a key that is no setting.
 */
export async function fileLayer(path: string): Promise<SettingLayer> {
  const values = await readConfigFile(path);
  if (isGroup(values)) return layer(values, path);
  const message = `${path} holds no settings by name, but ${JSON.stringify(values)}.`;
  throw new IqeError('config', message, { hint: schemaHint });
}

async function readConfigFile(path: string): Promise<unknown> {
  const refuse = (problem: string, hint: string) => (cause: unknown) => {
    const message = `The configuration file ${path} ${problem}: ${messageOf(cause)}`;
    throw new IqeError('config', message, { hint, cause });
  };
  const text = await readFile(path, 'utf8').catch(refuse('cannot be read', 'Check --config.'));
  try {
    // JSON is YAML too; an empty file sets nothing.
    return parse(text, { logLevel: 'error' }) ?? {};
  } catch (cause) {
    return refuse('is neither YAML nor JSON', 'Correct it at that place.')(cause);
  }
}

/**
 * The settings in variables `IQE_…`; empty ones do not count.
 *
 * @throws {IqeError} `config` for a variable of that beginning which is no setting.
 */
export function environmentLayer(environment: Environment): SettingLayer {
  const given = Object.keys(environment).filter(
    (name) => name.startsWith('IQE_') && environment[name] !== '' && !otherNames.includes(name),
  );
  const unknown = given.find((name) => !environmentKeys.has(name));
  if (unknown !== undefined) {
    const nearest = nearestName(unknown, [...environmentKeys.keys(), ...otherNames]);
    throw new IqeError('config', `The environment has ${unknown}, which is no setting.`, {
      hint: `Did you mean ${nearest}? Otherwise unset it.`,
    });
  }
  // In the order of the table, in which longer names come last and win.
  return textLayer(
    [...environmentKeys].flatMap(([origin, key]) => {
      const text = environment[origin];
      return text ? [{ key, text, origin }] : [];
    }),
  );
}

/**
 * The settings in texts `key.path=value`.
 *
 * @throws {IqeError} `usage` for another form, `config` for a key that is no setting.
 */
export function assignmentLayer(assignments: readonly string[]): SettingLayer {
  return textLayer(
    assignments.map((assignment) => {
      const split = assignment.indexOf('=');
      if (split < 1) {
        throw new IqeError('usage', `--set expects key.path=value, got '${assignment}'.`, {
          hint: 'For example: --set training.epochs=20',
        });
      }
      const key = assignment.slice(0, split);
      return { key, text: assignment.slice(split + 1), origin: '--set' };
    }),
  );
}

/**
 * Settings from texts; where there are several of one setting, the last.
 *
 * @throws {IqeError} `config` for a key that is no setting.
 */
export function textLayer(settings: readonly TextSetting[]): SettingLayer {
  return settings
    .map(({ key, text, origin }) => {
      const node = settingAt(key);
      if (!node) throw unknownSetting(key, origin);
      return layer(nested(key, parsedText(text, node)), origin);
    })
    .reduce(over, { values: {}, origins: new Map() });
}

/** `upper` laid over `lower`. */
export function over(lower: SettingLayer, upper: SettingLayer): SettingLayer {
  return {
    values: merged(lower.values, upper.values),
    origins: new Map([...lower.origins, ...upper.origins]),
  };
}

/** `{ a: { b: value } }` from `a.b`. */
function nested(key: string, value: unknown): object {
  return key.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as object;
}

/** JSON where `text` is JSON; but where words are expected, `7` and `true` are words. */
function parsedText(text: string, { type }: SettingNode): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return type === 'string' && typeof value !== 'string' ? text : value;
  } catch {
    return text;
  }
}

function layer(values: object, origin: string): SettingLayer {
  const origins = new Map<string, string>();
  const visit = (group: object, { properties = {} }: SettingNode, prefix: string) => {
    for (const [name, value] of Object.entries(group)) {
      const key = prefix + name;
      if (!Object.hasOwn(properties, name)) throw unknownSetting(key, origin);
      origins.set(key, origin);
      const node = properties[name]!;
      if (node.properties && isGroup(value)) visit(value, node, `${key}.`);
    }
  };
  visit(values, allSettings, '');
  return { values, origins };
}

function unknownSetting(key: string, origin: string): IqeError {
  return new IqeError('config', `${origin} sets ${key}, which is no setting.`, {
    hint: `Did you mean ${nearestName(key, settingKeys)}? ${schemaHint}`,
  });
}

function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
