import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveSettings, type SettingSources } from './settings.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iqe settings ü '));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(text: string, name = 'config.yaml'): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

function resolve(sources: Partial<SettingSources>) {
  return resolveSettings({
    flags: [],
    assignments: [],
    configFile: undefined,
    environment: {},
    ...sources,
  });
}

const flag = (key: string, text: string) => ({ key, text, origin: `--${key}` });

describe('precedence', () => {
  const key = 'training.epochs';
  const layers = async (): Promise<Partial<SettingSources>[]> => [
    {},
    { configFile: await file('training: { epochs: 2 }') },
    { environment: { IQE_EPOCHS: '3' } },
    { environment: { IQE_EPOCHS: '3', IQE_TRAINING_EPOCHS: '4' } },
    { assignments: [`${key}=5`] },
    { flags: [flag(key, '6')] },
  ];

  it('is flag, --set, environment, file, default', async () => {
    const found: number[] = [];
    let sources: Partial<SettingSources> = {};
    for (const layer of await layers()) {
      sources = { ...sources, ...layer };
      found.push((await resolve(sources)).run.training.epochs);
    }
    expect(found).toEqual([50, 2, 3, 4, 5, 6]);
  });

  it('goes setting by setting, also within a group', async () => {
    const { run } = await resolve({
      configFile: await file(
        '{ "training": { "epochs": 2, "batchSize": 3 }, "seed": 4 }',
        'c.json',
      ),
      environment: { IQE_SEED: '7' },
      assignments: ['training={"batchSize": 5}', 'training.batchSize=6'],
    });
    expect(run).toMatchObject({ seed: 7, training: { epochs: 2, batchSize: 6 } });
  });

  it('puts a preset below everything that was said', async () => {
    const { run } = await resolve({
      configFile: await file('training: { batchSize: 9 }'),
      environment: { IQE_PRESET: 'official' },
    });
    expect(run.training).toMatchObject({ batchSize: 9, learningRate: 1e-4 });
    expect(run.model).toMatchObject({ smoothing: 8 });
  });

  it('counts empty variables as not there', async () => {
    expect((await resolve({ environment: { IQE_SEED: '', IQE_NONE: '' } })).run.seed).toBe(0);
  });
});

describe('what comes out', () => {
  it('keeps what was said apart from defaults, and the run apart from the machine', async () => {
    const settings = await resolve({ assignments: ['seed=3', 'threads=2', 'model.alpha=0.5'] });
    expect(settings.given).toEqual({ seed: 3, model: { alpha: 0.5 } });
    expect(settings.machine).toEqual({
      device: 'auto',
      cacheLimit: 20,
      precision: 'fp32',
      threads: 2,
    });
    expect(settings.run).not.toHaveProperty('threads');
  });

  it('reads texts by the type that is expected', async () => {
    const { run } = await resolve({
      environment: {
        IQE_TRAINING_BETAS: '[0.5, 0.9]',
        IQE_TRAINING_DROPOUT_EPOCHS: 'null',
        IQE_TRAINING_LEARNING_RATE: '1e-2',
        IQE_MODEL_PROMPT_PROJECTION: 'true',
      },
      assignments: ['backbone=7', 'model.prompt.className="null"', 'model.prompt.template=a=b'],
    });
    expect(run.training).toMatchObject({
      betas: [0.5, 0.9],
      dropoutEpochs: null,
      learningRate: 0.01,
    });
    expect(run.backbone).toBe('7');
    expect(run.model).toMatchObject({
      prompt: { projection: true, className: 'null', template: 'a=b' },
    });
  });

  it('takes an empty file for no settings', async () => {
    expect((await resolve({ configFile: await file('# nothing\n') })).given).toEqual({});
  });
});

describe('errors name the place, what came and the nearest that fits', () => {
  const cases: [string, () => Promise<Partial<SettingSources>>, RegExp][] = [
    [
      'unknown key in a file',
      async () => ({ configFile: await file('training: { epoch: 3 }') }),
      /config\.yaml sets training\.epoch, which.*Did you mean training\.epochs\?/s,
    ],
    [
      'unknown key of --set',
      async () => ({ assignments: ['batch_size=3'] }),
      /--set sets batch_size, which.*Did you mean training\.batchSize\?/s,
    ],
    [
      'unknown key within a value of --set',
      async () => ({ assignments: ['model={"alpa": 1}'] }),
      /--set sets model\.alpa, which.*model\.alpha\?/s,
    ],
    [
      'a key that objects inherit',
      async () => ({ assignments: ['__proto__.polluted=1'] }),
      /--set sets __proto__\.polluted, which/,
    ],
    [
      'unknown variable',
      async () => ({ environment: { IQE_TRAINING_EPOCH: '3' } }),
      /IQE_TRAINING_EPOCH, which.*IQE_TRAINING_EPOCHS/s,
    ],
    [
      'wrong value of a flag',
      async () => ({ flags: [flag('seed', 'many')] }),
      /seed \(--seed\): .*expected number.*got "many"/,
    ],
    [
      'wrong value in the environment',
      async () => ({ environment: { IQE_EPOCHS: '0' } }),
      /training\.epochs \(IQE_EPOCHS\): .*>=1, got 0/,
    ],
    [
      'wrong value within a list',
      async () => ({ configFile: await file('training: { betas: [0.5, 2] }') }),
      /training\.betas\.1 \(.*config\.yaml\): .*got 2/,
    ],
    [
      'a value in place of a group',
      async () => ({ assignments: ['training=3'] }),
      /training \(--set\): .*expected object.*got 3/,
    ],
    [
      'several at once',
      async () => ({ assignments: ['seed=-1', 'device=tpu'] }),
      /seed \(--set\): .*; device \(--set\): .*"auto"\|"cpu".*got "tpu"/,
    ],
    ['no assignment', async () => ({ assignments: ['seed'] }), /expects key\.path=value.*'seed'/],
    ['no key', async () => ({ assignments: ['=3'] }), /expects key\.path=value.*'=3'/],
    [
      'a file that is not there',
      async () => ({ configFile: join(folder, 'none.yaml') }),
      /configuration file .*none\.yaml cannot be read/,
    ],
    [
      'a file that is no YAML',
      async () => ({ configFile: await file('a: [') }),
      /config\.yaml is neither YAML nor JSON: .*line 1/,
    ],
    [
      'a file that holds a list',
      async () => ({ configFile: await file('- 1') }),
      /config\.yaml holds no settings by name, but \[1\]/,
    ],
  ];

  it.each(cases)('%s', async (_name, sources, message) => {
    const error = await resolve(await sources()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      name: 'IqeError',
      code: expect.stringMatching(/^(config|usage)$/),
    });
    const { message: text, hint } = error as { message: string; hint: string };
    expect(`${text}\n${hint}`).toMatch(message);
  });
});

it('leaves variables alone that are read elsewhere', async () => {
  const environment = { IQE_OFFLINE: '1', IQE_HUB_MIRROR: 'http://localhost', IQE_GOLDEN: '/x' };
  await expect(resolve({ environment: { ...environment, PATH: '/bin' } })).resolves.toBeDefined();
});
