import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSmallDataSet } from './support/smallDataSet.js';
import { interruptedAt, Workplace } from './support/workplace.js';

let place: Workplace;
const sets = () => place.at('sets');
const config = () => place.at('benchmark.yaml');

/** Every file below a folder, by its path. */
async function files(folder: string): Promise<Record<string, string>> {
  const names = await readdir(folder, { recursive: true });
  const found: Record<string, string> = {};
  for (const name of names.sort()) {
    const path = join(folder, name);
    if ((await stat(path)).isFile()) found[name] = await readFile(path, 'latin1');
  }
  return found;
}

async function writeConfig(changes: object = {}, path = config()): Promise<void> {
  const small = JSON.parse(await readFile(place.config, 'utf8'));
  const benchmark = {
    title: 'Small',
    root: 'sets',
    sets: [{ name: 'Spots' }, { name: 'Others' }],
    methods: ['iqe-clip', { name: 'α = 0', method: 'iqe-clip', settings: { model: { alpha: 0 } } }],
    protocols: [{ kind: 'few-shot', shots: [1] }],
    settings: {
      backbone: small.backbone,
      model: small.model,
      training: { ...small.training, epochs: 1, augmentations: ['identity'] },
    },
    ...changes,
  };
  await writeFile(path, JSON.stringify(benchmark));
}

const benchmark = (out: string, words: readonly string[] = [], options = {}) =>
  place.run(
    ['benchmark', config(), '-o', place.at(out), '--config', place.at('machine.json'), ...words],
    options,
  );

beforeAll(async () => {
  place = await Workplace.create();
  await writeFile(place.at('machine.json'), JSON.stringify({ cache: place.cache, threads: 1 }));
  await writeSmallDataSet(join(sets(), 'Spots'), { perLabel: 3 });
  await writeSmallDataSet(join(sets(), 'Others'), { perLabel: 3, masks: false });
  await writeConfig();
});
afterAll(() => place.remove());

describe('benchmark', () => {
  it('writes tables, every cell and the report, and again the same, at once', async () => {
    const { status, stdout } = await benchmark('whole');
    expect(status).toBe(0);
    expect(stdout).toMatch(/### Results\n/);
    expect(stdout).toMatch(/\| iqe-clip \| \*\*\d+\.\d+ \(\d+\.\d+–\d+\.\d+\)/);
    const written = await files(place.at('whole'));
    expect(stdout).toContain(written['benchmark.md']!.slice(0, 20));
    const { cells } = JSON.parse(written['benchmark.json']!);
    expect(cells).toHaveLength(4);
    expect(written['benchmark.csv']!.split('\r\n')).toHaveLength(1 + 4 + 1);
    for (const part of ['Spots', 'Others', 'Few-shot, K = 1', 'no substitute for CLIP']) {
      const isThere = written['report.html']!.includes(part);
      expect(isThere).toBe(part !== 'no substitute for CLIP');
    }
    await rm(place.cache, { recursive: true });
    expect((await benchmark('whole')).status).toBe(0);
    expect(await files(place.at('whole'))).toEqual(written);
    // Nothing was computed again.
    await expect(stat(place.cache)).rejects.toThrow();
  });

  it('goes on after Ctrl-C, to the same bytes', async () => {
    const stopped = await benchmark('stopped', [], interruptedAt('benchmark: 2/4'));
    expect(stopped.status).toBe(130);
    const partial = await files(place.at('stopped'));
    expect(Object.keys(partial)).not.toContain('benchmark.json');
    const early = await place.run(['report', place.at('stopped')]);
    expect(early.stderr).toMatch(/not finished: repeat its command/);
    expect((await benchmark('stopped')).status).toBe(0);
    expect(await files(place.at('stopped'))).toEqual(await files(place.at('whole')));
  });

  it('reports a cell that fails, and does the rest', async () => {
    await writeConfig({ sets: [{ name: 'Nowhere' }, { name: 'Spots' }] });
    const { status, stdout, stderr } = await benchmark('failing');
    await writeConfig();
    expect(status).toBe(4);
    expect(stderr).toContain('Failed: iqe-clip on Nowhere, 1-shot, seed 0: ');
    expect(stdout).toMatch(/failed: .*Nowhere.* \| \d+\.\d/);
    const { cells } = JSON.parse(await readFile(place.at('failing', 'benchmark.json'), 'utf8'));
    expect(cells.filter(({ failure }: { failure: unknown }) => failure)).toHaveLength(2);
  });

  it('learns the same whatever is in the test split', async () => {
    const other = place.at('other sets');
    await cp(sets(), other, { recursive: true });
    for (const set of ['Spots', 'Others']) {
      await rm(join(other, set, 'test'), { recursive: true });
      await cp(place.data, join(other, 'copy'), { recursive: true });
      await mkdir(join(other, set, 'test'), { recursive: true });
      await cp(join(other, 'copy', 'test'), join(other, set, 'test'), { recursive: true });
    }
    expect((await benchmark('unlike', ['--data', other])).status).toBe(0);
    const [unlike, whole] = [await files(place.at('unlike')), await files(place.at('whole'))];
    expect(unlike['benchmark.csv']).not.toBe(whole['benchmark.csv']);
    const runs = Object.keys(whole).filter((name) => /\/run\//.test(name));
    expect(runs).toHaveLength(4 * 2);
    for (const name of runs) expect(unlike[name]).toBe(whole[name]);
  });

  it('learns from other sets, from normal images alone, and as the authors do, if told so', async () => {
    await writeConfig({
      sets: [{ name: 'Spots' }, { name: 'Others' }],
      methods: [
        { name: 'iqe-clip', settings: { model: { queryModule: { blocks: 1, heads: 4 } } } },
        'patchcore',
      ],
      protocols: [
        { kind: 'zero-shot' },
        { kind: 'zero-shot', selectOn: 'test' },
        { kind: 'normal-only', shots: [2] },
        { kind: 'all-normal' },
        { kind: 'few-shot', shots: [1], selectOn: 'test' },
      ],
      settings: { backbone: place.backbone, training: { epochs: 1, augmentations: ['identity'] } },
    });
    const { status, stdout } = await benchmark('protocols', ['--set', 'model.imageSize=48']);
    await writeConfig();
    expect({ status, stdout }).toMatchObject({ status: 0 });
    expect(await readFile(place.at('protocols', 'report.html'), 'utf8')).toContain(
      'Selected on the test set',
    );
    const folder = place.at('protocols', 'cells');
    expect((await readdir(folder)).sort()).toEqual([
      '1-shot-authors',
      '2-normal',
      'all-normal',
      'zero-shot',
      'zero-shot-authors',
    ]);
    const run = async (cell: string) =>
      JSON.parse(await readFile(join(folder, cell, 'seed-0', 'run', 'run.json'), 'utf8')).data;
    const { sets: honest, selectedOn } = await run('zero-shot/Spots/iqe-clip');
    expect(honest).toMatchObject([{ name: 'Others', masks: false }]);
    expect([...honest[0].training, ...honest[0].heldBack].every((id) => /^valid/.test(id))).toBe(
      true,
    );
    expect(selectedOn).toBeUndefined();
    const authors = await run('zero-shot-authors/Spots/iqe-clip');
    expect(authors.sets[0].training.every((id: string) => /^test/.test(id))).toBe(true);
    expect(authors.selectedOn).toMatchObject({ name: 'Spots', splits: ['test'] });
    const fewShot = await run('1-shot-authors/Spots/iqe-clip');
    expect(fewShot.selectedOn).toMatchObject({ name: 'Spots', splits: ['test'], images: 6 });
    expect(fewShot.shots.normal.every((id: string) => /^valid/.test(id))).toBe(true);
    expect((await run('2-normal/Spots/patchcore')).shots.abnormal).toEqual([]);
    // Of three, one is held back for the threshold.
    const { shots } = await run('all-normal/Spots/patchcore');
    expect(shots).toMatchObject({ normal: { length: 2 }, abnormal: [] });
    expect(shots.normal.every((id: string) => /^valid\/good/.test(id))).toBe(true);
  });

  it('shows images without learning anew, and tells every time of those that cannot be read', async () => {
    const own = { sets: [{ name: 'Spots', folder: place.data }], methods: ['iqe-clip'] };
    await writeConfig(own);
    expect((await benchmark('shown')).status).toBe(0);
    const plain = await files(place.at('shown'));
    await writeConfig({ ...own, figures: ['embeddings', 'maps'], gallery: 2 });
    expect((await benchmark('shown')).status).toBe(0);
    const shown = await files(place.at('shown'));
    for (const name of Object.keys(plain)) {
      expect(shown[name] === plain[name], name).toBe(!/^(report\.\w+|benchmark\.json)$/.test(name));
    }
    const { report } = JSON.parse(shown['report.json']!);
    expect(report.embeddings).toMatchObject([{ title: 'iqe-clip on Spots, 1-shot' }]);
    expect(report.maps).toMatchObject([{ title: 'Spots, Few-shot, K = 1', methods: ['iqe-clip'] }]);
    expect(report.maps[0].images).toHaveLength(4);
    const pictured = report.evaluations[0].images.filter(
      ({ thumbnails }: { thumbnails: unknown }) => thumbnails,
    );
    expect(pictured).toHaveLength(2);
    // Again, from what is there.
    await rm(place.cache, { recursive: true });
    expect((await benchmark('shown')).status).toBe(0);
    expect(await files(place.at('shown'))).toEqual(shown);
    await expect(stat(place.cache)).rejects.toThrow();

    const run = Object.keys(shown).find((name) => name.endsWith('run.json'))!;
    const used: string[] = JSON.parse(shown[run]!).data.shots.normal;
    const spare = ['0.png', '1.png'].find((name) => !used.some((id) => id.endsWith(name)))!;
    const whole = await readFile(join(place.data, 'valid', 'good', 'img', spare));
    await writeFile(join(place.data, 'valid', 'good', 'img', spare), 'no picture');
    const first = await benchmark('shown');
    const again = await benchmark('shown');
    await writeFile(join(place.data, 'valid', 'good', 'img', spare), whole);
    await writeConfig();
    for (const { status, stderr } of [first, again]) {
      expect(status).toBe(4);
      expect(stderr).toContain(`Failed: `);
      expect(stderr).toContain(spare);
    }
  });

  it.each([
    ['no file', ['benchmark', '-o', 'x'], 2, /takes a file/],
    ['a file that is missing', ['benchmark', 'missing.yaml', '-o', 'x'], 2, /cannot be read/],
  ])('refuses %s', async (_, words, status, says) => {
    const result = await place.run([...words, '--config', place.at('machine.json')]);
    expect(result).toMatchObject({ status, stdout: '' });
    expect(result.stderr).toMatch(says);
  });

  it('prints the schema of its file', async () => {
    const { status, stdout } = await place.run(['benchmark', '--schema']);
    expect(status).toBe(0);
    expect(JSON.parse(stdout).properties).toHaveProperty('protocols');
  });
});
