import { z } from 'zod';
import { entryOf, type MethodName, methodNames } from '../methods/registry.js';
import { runShape } from '../train/config.js';
import { machineSchema } from './machine.js';

/** Everything that flags, environment and configuration files can set for one method. */
export function settingsSchema(method: MethodName) {
  return z.strictObject({ ...runShape(method), ...machineSchema.shape });
}

/** The JSON schema (draft 2020-12) of a configuration file. `model` is that of one of the methods. */
export function jsonSchema(): object {
  const { properties, ...rest } = schemaOf('iqe-clip');
  const models = methodNames.map((name) => ({
    title: entryOf(name).title,
    ...schemaOf(name).properties!.model,
  }));
  const model = { description: 'Settings of the method.', anyOf: models };
  return { title: 'Configuration of iqe-clip', ...rest, properties: { ...properties, model } };
}

function schemaOf(method: MethodName): SettingNode {
  return z.toJSONSchema(settingsSchema(method), { io: 'input' }) as SettingNode;
}

/** What the JSON schema says of one setting, or of a group of them. */
export interface SettingNode {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  /** Only a group has them. */
  readonly properties?: Readonly<Record<string, SettingNode>>;
}

/** The group of all settings; of those of one name that several methods have, the first method's. */
export const allSettings: SettingNode = withAllModels();

function withAllModels(): SettingNode {
  const [first, ...others] = methodNames.map(schemaOf) as [SettingNode, ...SettingNode[]];
  const properties = Object.assign(
    {},
    ...[first, ...others].reverse().map((own) => own.properties!.model!.properties),
  );
  return {
    ...first,
    properties: { ...first.properties, model: { ...first.properties!.model, properties } },
  };
}

/** The flags that several verbs share, and the settings that they stand for. */
export const flagKeys = {
  preset: 'preset',
  backbone: 'backbone',
  method: 'method',
  device: 'device',
  threads: 'threads',
  'batch-size': 'training.batchSize',
  epochs: 'training.epochs',
  cache: 'cache',
  precision: 'precision',
  seed: 'seed',
  sensitivity: 'sensitivity',
  window: 'reading.window',
  range: 'reading.range',
  axis: 'reading.axis',
  slice: 'reading.slice',
  frame: 'reading.frame',
} as const;

/** The flags that say how image files are read. */
export const readingFlags = ['window', 'range', 'axis', 'slice', 'frame'] as const;

export type CommonFlag = keyof typeof flagKeys;

/** The setting or group at a key path such as `training.epochs`. */
export function settingAt(key: string): SettingNode | undefined {
  let node: SettingNode | undefined = allSettings;
  for (const name of key.split('.')) {
    const properties: SettingNode['properties'] = node?.properties;
    node = properties && Object.hasOwn(properties, name) ? properties[name] : undefined;
  }
  return node;
}

/** The key paths of all settings that are no groups. */
export const settingKeys: readonly string[] = leaves(allSettings, []);

function leaves(node: SettingNode, path: readonly string[]): string[] {
  if (!node.properties) return [path.join('.')];
  return Object.entries(node.properties).flatMap(([name, child]) => leaves(child, [...path, name]));
}

/**
 * Names in the environment and the settings that they stand for: `IQE_TRAINING_EPOCHS` after the key
 * path, and the shorter `IQE_EPOCHS` where there is a flag `--epochs`. Longer names come last.
 */
export const environmentKeys: ReadonlyMap<string, string> = new Map([
  ...Object.entries(flagKeys).map(([flag, key]): [string, string] => [environmentName(flag), key]),
  ...settingKeys.map((key): [string, string] => [environmentName(key), key]),
]);

function environmentName(name: string): string {
  const words = name.replace(/[a-z](?=[A-Z])/g, '$&_').replace(/[.-]/g, '_');
  return `IQE_${words.toUpperCase()}`;
}

/**
 * The one of `known` that was most likely meant by `name`: the smallest edit distance to it, or to
 * its last part, where case, `-` and `_` do not count.
 */
export function nearestName(name: string, known: Iterable<string>): string {
  const plain = (text: string) => text.toLowerCase().replace(/[-_]/g, '');
  const last = (text: string) => text.slice(text.lastIndexOf('.') + 1);
  let nearest = '';
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const distance = Math.min(
      editDistance(plain(name), plain(candidate)),
      // The right name in no group or the wrong one is nearly as good.
      editDistance(plain(last(name)), plain(last(candidate))) + (name.includes('.') ? 1.5 : 0.5),
    );
    if (distance < least) [least, nearest] = [distance, candidate];
  }
  return nearest;
}

/** Levenshtein's: the number of insertions, deletions and replacements that lead from `a` to `b`. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
