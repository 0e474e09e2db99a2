import type { Command, Option } from 'commander';
import type { SettingNode } from '../src/cli/settingKeys.js';
import { sharedOptions, type VerbBuilder } from '../src/cli/verb.js';

/** A page of documentation: its file's name without the ending, and its Markdown. */
export interface Page {
  readonly name: string;
  readonly text: string;
}

const generated = '<!-- Written by `npm run docs` from the command line itself. -->';

/** One page for each verb (for each part of a verb that has parts). */
export function commandPages(verbs: readonly VerbBuilder[]): Page[] {
  const commands = verbs.map((build) => build(() => async () => undefined));
  return commands.flatMap((command) =>
    command.commands.length > 0
      ? command.commands.map((part) => commandPage(part, `${command.name()} ${part.name()}`))
      : [commandPage(command, command.name())],
  );
}

/** The page that lists the others. */
export function indexPage(pages: readonly Page[]): Page {
  const rows = pages.map(({ name, text }) => {
    const description = text.split('\n\n')[2]!;
    return [`[\`iqe-clip ${name.replace('-', ' ')}\`](${name}.md)`, description];
  });
  const text = [
    '# The command line',
    generated,
    table(['verb', 'what it does'], rows),
    'All settings, from whatever source, are in [settings](settings.md). Results go to stdout, progress and notes to stderr.',
  ];
  return { name: 'README', text: `${text.join('\n\n')}\n` };
}

function commandPage(command: Command, words: string): Page {
  const visible = command.options.filter((option) => !option.hidden);
  const shared = visible.filter((option) => option.helpGroupHeading === sharedOptions);
  const own = visible.filter((option) => !shared.includes(option));
  const sections = [
    `# iqe-clip ${words}`,
    generated,
    command.description(),
    `\`\`\`text\niqe-clip ${words} ${command.usage()}\n\`\`\``,
  ];
  const operands = command.registeredArguments.map((argument) => [
    `\`${argument.name()}\`${argument.variadic ? ' …' : ''}`,
    argument.description + (argument.required ? '' : ' Optional.'),
  ]);
  if (operands.length > 0) sections.push('## Arguments', table(['argument', 'meaning'], operands));
  if (own.length > 0) sections.push('## Options', optionTable(own));
  if (shared.length > 0) sections.push('## Common options', optionTable(shared));
  return { name: words.replace(' ', '-'), text: `${sections.join('\n\n')}\n` };
}

function optionTable(options: readonly Option[]): string {
  const rows = options.map((option) => {
    const { flags, description, argChoices, defaultValueDescription, mandatory } = option;
    const fallback = defaultValueDescription ?? option.defaultValue;
    const more = [
      argChoices ? `One of ${argChoices.join(', ')}.` : '',
      fallback === undefined ? '' : `Default: ${shown(fallback)}.`,
      mandatory ? 'Required.' : '',
    ];
    return [`\`${flags}\``, [description, ...more].filter((part) => part !== '').join(' ')];
  });
  return table(['option', 'meaning'], rows);
}

/** What a settings page says of one group of settings. */
export interface SettingGroup {
  readonly title: string;
  /** Key path of the group, with a dot at its end; empty for the outermost. */
  readonly prefix: string;
  readonly node: SettingNode;
  /** Defaults that differ from the schema's: by column, the resolved settings. */
  readonly columns: Readonly<Record<string, object>>;
}

/** The page of all settings. */
export function settingsPage(introduction: string, groups: readonly SettingGroup[]): Page {
  const sections = groups.flatMap(({ title, prefix, node, columns }) => [
    `## ${title}`,
    table(
      ['setting', ...Object.keys(columns), 'meaning'],
      leaves(node, []).map(({ path, leaf }) => [
        `\`${prefix}${path.join('.')}\``,
        ...Object.values(columns).map((resolved) => `\`${shown(valueAt(resolved, path))}\``),
        leaf.description + (leaf.enum ? ` One of ${leaf.enum.join(', ')}.` : ''),
      ]),
    ),
  ]);
  const text = ['# Settings', generated, introduction, ...sections];
  return { name: 'settings', text: `${text.join('\n\n')}\n` };
}

function leaves(
  node: SettingNode,
  path: readonly string[],
): { path: readonly string[]; leaf: SettingNode }[] {
  if (!node.properties) return [{ path, leaf: node }];
  return Object.entries(node.properties).flatMap(([name, child]) => leaves(child, [...path, name]));
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((found, name) => (found as Record<string, unknown>)?.[name], value);
}

function shown(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === undefined) return '–';
  if (Array.isArray(value)) return value.map(shown).join(', ');
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .map(([name, part]) => `${name} ${shown(part)}`)
      .join(', ');
  return String(value);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
