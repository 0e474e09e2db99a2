import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  commandPages,
  indexPage,
  type Page,
  type SettingGroup,
  settingsPage,
} from '../scripts/commandPages.js';
import { machineSchema } from '../src/cli/machine.js';
import { allSettings, type SettingNode, settingsSchema } from '../src/cli/settingKeys.js';
import { verbs } from '../src/cli/verbs.js';
import { entryOf, methodNames } from '../src/methods/registry.js';
import { resolveRunConfig } from '../src/train/config.js';

// What the sources say, beside what was written by 'npm run docs': run it after a change of a help text.
const current = ({ name, text }: Page) =>
  expect(text).toMatchFileSnapshot(`../docs/cli/${name}.md`);

const pages = commandPages(verbs);

describe("docs/cli, as 'npm run docs' writes it", () => {
  it.each(pages)('has a current page of $name', current);

  it('has a current list of the pages', () => current(indexPage(pages)));

  it('has a current page of settings', () => current(settingsPage(introduction, settingGroups())));
});

const introduction = [
  'From a flag, else from `--set key.path=value`, else from the environment (`IQE_` and the key path in',
  'capitals: `IQE_TRAINING_EPOCHS`; where there is a flag also `IQE_EPOCHS`), else from the YAML or JSON file of',
  "`--config`, else they are the defaults. The resolved settings are saved with each run. IQE-CLIP's defaults",
  'depend on `preset`: what the paper says, or what its authors’ code does.',
].join('\n');

function settingGroups(): SettingGroup[] {
  const { model: _model, training, reading, ...general } = allSettings.properties!;
  const part = (properties: SettingNode['properties']): SettingNode => ({
    properties: properties!,
  });
  const isMachine = (name: string) => Object.hasOwn(machineSchema.shape, name);
  const named = (wanted: (name: string) => boolean) =>
    part(Object.fromEntries(Object.entries(general).filter(([name]) => wanted(name))));
  const paper = resolveRunConfig({ preset: 'paper' });
  const official = resolveRunConfig({ preset: 'official' });
  const modelOf = (method: (typeof methodNames)[number]) => {
    const schema = z.toJSONSchema(settingsSchema(method), { io: 'input' }) as SettingNode;
    return schema.properties!.model!;
  };
  const others = methodNames
    .filter((method) => method !== 'iqe-clip')
    .map((method) => ({
      title: entryOf(method).title,
      prefix: 'model.',
      node: modelOf(method),
      columns: { default: resolveRunConfig({ method }).model },
    }));
  return [
    {
      title: 'What is done',
      prefix: '',
      node: named((name) => !isMachine(name)),
      columns: { default: paper },
    },
    {
      title: 'The machine',
      prefix: '',
      node: named(isMachine),
      columns: { default: machineSchema.parse({}) },
    },
    {
      title: 'Reading images',
      prefix: 'reading.',
      node: reading!,
      columns: { default: paper.reading },
    },
    {
      title: 'Training',
      prefix: 'training.',
      node: training!,
      columns: { paper: paper.training, official: official.training },
    },
    {
      title: 'IQE-CLIP',
      prefix: 'model.',
      node: modelOf('iqe-clip'),
      columns: { paper: paper.model, official: official.model },
    },
    ...others,
  ];
}
