import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { methodNames } from '../methods/registry.js';
import { resolveRunConfig } from '../train/config.js';
import {
  environmentKeys,
  flagKeys,
  jsonSchema,
  nearestName,
  type SettingNode,
  settingAt,
  settingKeys,
  settingsSchema,
} from './settingKeys.js';

describe('settingKeys', () => {
  it('are the key paths of everything that can be set', () => {
    expect(settingKeys).toEqual(
      expect.arrayContaining(['seed', 'threads', 'training.epochs', 'model.queryModule.heads']),
    );
    expect(settingKeys).not.toContain('training');
  });

  it('each have a text, and a default unless that depends on the machine', () => {
    for (const key of settingKeys) {
      const setting = settingAt(key)!;
      expect(setting.description, key).toBeTruthy();
      if (key !== 'threads' && key !== 'cache') expect(setting, key).toHaveProperty('default');
    }
  });

  it('include those of all common flags', () => {
    for (const key of Object.values(flagKeys)) expect(settingKeys).toContain(key);
  });
});

describe('settingAt', () => {
  it('finds groups too, and nothing that is inherited', () => {
    expect(settingAt('training.epochs')?.default).toBe(50);
    expect(settingAt('training')?.properties).toBeDefined();
    for (const key of ['', 'epochs', 'training.', 'training.epochs.x', '__proto__', 'toString'])
      expect(settingAt(key), key).toBeUndefined();
  });
});

describe('environmentKeys', () => {
  it('follow from key path and flag', () => {
    const names = Object.fromEntries(environmentKeys);
    expect(names).toMatchObject({
      IQE_SEED: 'seed',
      IQE_BACKBONE: 'backbone',
      IQE_TRAINING_EPOCHS: 'training.epochs',
      IQE_EPOCHS: 'training.epochs',
      IQE_BATCH_SIZE: 'training.batchSize',
      IQE_TRAINING_BATCH_SIZE: 'training.batchSize',
      IQE_MODEL_QUERY_MODULE_LAYER_NORM_EPSILON: 'model.queryModule.layerNormEpsilon',
    });
  });

  it('tell all settings apart', () => {
    expect(new Set(environmentKeys.values()).size).toBe(settingKeys.length);
  });
});

describe('nearestName', () => {
  it.each([
    ['training.epoch', 'training.epochs'],
    ['epochs', 'training.epochs'],
    ['batch_size', 'training.batchSize'],
    ['SEED', 'seed'],
    ['model.prompts.depth', 'model.prompt.depth'],
    ['backbon', 'backbone'],
  ])('of %s is %s', (name, nearest) => {
    expect(nearestName(name, settingKeys)).toBe(nearest);
  });

  it('of a known name is that name, also with one letter missing or doubled', () => {
    const known = ['seed', 'backbone', 'precision', 'training.epochs', 'model.queryModule.blocks'];
    fc.assert(
      fc.property(fc.constantFrom(...known), fc.nat(), fc.boolean(), (name, at, isMissing) => {
        const place = at % name.length;
        const middle = isMissing ? '' : name[place]!.repeat(2);
        const typo = name.slice(0, place) + middle + name.slice(place + 1);
        expect(nearestName(typo, known)).toBe(name);
        expect(nearestName(name, known)).toBe(name);
      }),
    );
  });
});

it('jsonSchema describes what the configuration accepts', () => {
  const schema = jsonSchema() as { properties: Record<string, { enum?: string[] }> };
  expect(schema.properties.preset?.enum).toEqual(['paper', 'official']);
  const settings = settingsSchema('iqe-clip');
  expect(Object.keys(schema.properties).sort()).toEqual(Object.keys(settings.shape).sort());
  expect(settings.parse({})).toMatchObject(resolveRunConfig());
});

it('settings of one name are of one type in all methods', () => {
  for (const name of methodNames) {
    const json = z.toJSONSchema(settingsSchema(name), { io: 'input' }) as SettingNode;
    for (const [key, { type }] of Object.entries(json.properties!.model!.properties!))
      expect(type, `${name}: ${key}`).toBe(settingAt(`model.${key}`)!.type);
  }
});
