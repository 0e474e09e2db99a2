import { type Command, Option } from 'commander';
import { type CommonFlag, flagKeys, settingAt } from './settingKeys.js';
import type { TextSetting } from './settingSources.js';

/**
 * The option for a setting that several verbs share. Its help text, choices and default are those of
 * the configuration's schema.
 */
export function commonOption(flag: CommonFlag): Option {
  const setting = settingAt(flagKeys[flag])!;
  const placeholder = placeholders[flag] ?? (setting.type === 'integer' ? 'n' : 'name');
  const fallback = setting.default == null ? '' : ` (default: ${setting.default})`;
  const option = new Option(`--${flag} <${placeholder}>`, `${setting.description}${fallback}`);
  return setting.enum ? option.choices(setting.enum) : option;
}

const placeholders: Partial<Record<CommonFlag, string>> = {
  cache: 'dir',
  sensitivity: 'share',
  window: 'values',
  range: 'percentiles',
  slice: 'n',
  frame: 'n',
};

/** The settings that were given by flags of `command`. */
export function givenFlags(command: Command): TextSetting[] {
  const values = command.opts<Record<string, string>>();
  return command.options.flatMap((option) => {
    const flag = option.name();
    const text = values[option.attributeName()];
    if (!isCommonFlag(flag) || text === undefined) return [];
    return [{ key: flagKeys[flag], text, origin: `--${flag}` }];
  });
}

function isCommonFlag(name: string): name is CommonFlag {
  return Object.hasOwn(flagKeys, name);
}
