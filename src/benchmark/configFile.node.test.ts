import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { describeWith, sharedFolder } from '../../test/support/shared.js';
import { parseShotFile } from '../data/shots.js';
import { resolveRunConfig } from '../train/config.js';
import { readBenchmark } from './configFile.node.js';
import { planCells, settingsOf } from './plan.js';
import { Published } from './published.js';

const configs = fileURLToPath(new URL('../../configs/', import.meta.url));
const all = (await readdir(configs, { recursive: true })).filter((name) => /\.yaml$/.test(name));
/** Those of single methods are configurations of runs. */
const names = all.filter((name) => !name.startsWith('methods'));
const ofMethods = all.filter((name) => name.startsWith('methods'));

describe('configs/methods', () => {
  it.each(ofMethods)('%s configures a run of the method that it is named after', async (name) => {
    const config = resolveRunConfig(parse(await readFile(join(configs, name), 'utf8')));
    expect(config.method).toBe(basename(name, '.yaml'));
  });
});

describe('readBenchmark', () => {
  it.each(names)('reads configs/%s, whose methods and settings are known', async (name) => {
    const benchmark = await readBenchmark(join(configs, name), '/data');
    expect(planCells(benchmark).length).toBeGreaterThan(0);
    for (const { folder } of benchmark.sets) expect(folder).toMatch(/^\/data\/\w+_AD$/);
    // Printed numbers are of settings and sets that are there.
    const ids = settingsOf(benchmark).map(({ id }) => id);
    const sets = benchmark.sets.map((set) => set.name);
    for (const { setting, values } of benchmark.published) {
      expect(ids).toContain(setting);
      for (const row of Object.values(values))
        expect(sets).toEqual(expect.arrayContaining(Object.keys(row)));
    }
  });

  it("has the paper's numbers: means of Table 2 as they are printed there", async () => {
    const benchmark = await readBenchmark(join(configs, 'paper/table2.yaml'));
    const published = new Published(benchmark);
    const mean = (method: string) => {
      const values = benchmark.sets.flatMap(({ name }) =>
        ['image.auroc', 'pixel.auroc'].flatMap((metric) =>
          settingsOf(benchmark).flatMap(
            ({ id }) => published.value(id, method, name, metric) ?? [],
          ),
        ),
      );
      return (100 * values.reduce((sum, value) => sum + value, 0)) / values.length;
    };
    const printed = {
      CFlowAD: 76.64,
      RD4AD: 84.1,
      PatchCore: 86.27,
      MKD: 84.37,
      CLIP: 81.56,
      MedCLIP: 79.98,
      WinCLIP: 82.87,
      DRA: 77.62,
      BGAD: 87.94,
      'APRIL-GAN': 86.53,
      MVFA: 90.62,
      VCPCLIP: 88.27,
      AdaCLIP: 84.03,
    };
    for (const [method, value] of Object.entries(printed)) {
      expect.soft(mean(method), method).toBeCloseTo(value, 1);
    }
  });

  it('has every row of Table 2, each in its own setting', async () => {
    const benchmark = await readBenchmark(join(configs, 'paper/table2.yaml'));
    const published = new Published(benchmark);
    const planned = planCells(benchmark);
    for (const { id } of settingsOf(benchmark)) {
      const rows = planned.flatMap(({ setting, method }) => (setting.id === id ? method.name : []));
      expect([...new Set(rows)].sort(), id).toEqual(published.methods(id).sort());
    }
  });

  it('lays a file over the one that it extends, and refuses one that extends itself', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'iqe-benchmark-'));
    try {
      const base = { title: 'Base', sets: [{ name: 'A' }], methods: ['clip'] };
      await writeFile(join(folder, 'base.yaml'), JSON.stringify(base));
      const own = { extends: 'base.yaml', title: 'Own', protocols: [{ kind: 'zero-shot' }] };
      await writeFile(join(folder, 'own.yaml'), JSON.stringify(own));
      const benchmark = await readBenchmark(join(folder, 'own.yaml'));
      expect(benchmark).toMatchObject({ title: 'Own', sets: [{ folder: join(folder, 'A') }] });
      await writeFile(join(folder, 'loop.yaml'), JSON.stringify({ extends: 'loop.yaml' }));
      await expect(readBenchmark(join(folder, 'loop.yaml'))).rejects.toThrow(/extends itself/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describeWith(`${sharedFolder}reference/fewshot_seed`, 'published shot files', () => {
  it('are where the configurations look for them, with K names of each kind', async () => {
    const { sets } = await readBenchmark(
      join(configs, 'paper/table7.yaml'),
      `${sharedFolder}reference`,
    );
    for (const { shotFiles } of sets) {
      for (const shots of [2, 4, 8, 16]) {
        const path = shotFiles!.replace('{shots}', `${shots}`);
        const { normal, abnormal } = parseShotFile(await readFile(path, 'utf8'));
        expect([normal[0]!.length, abnormal[0]!.length]).toEqual([shots, shots]);
      }
    }
  });
});
