import { cp, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ReadOnlyFolder, readOnlyFolder } from './support/disks.js';
import { EarlierWork } from './support/earlierWork.js';
import { expectClear } from './support/messages.js';
import { writeSmallClip } from './support/smallClip.js';
import type { Workplace } from './support/workplace.js';

/** Folders of runs, backbones, outputs and caches with something wrong, on the command line. */

let work: EarlierWork;
let place: Workplace;

beforeAll(async () => {
  work = await EarlierWork.create();
  place = work.place;
});
afterAll(() => place.remove());
afterEach(() => work.expectUnharmed());

/** Files that make a copy of a folder a bad one, and what is said of it. */
type Damage = [what: string, damage: (folder: string) => Promise<unknown>, says: RegExp];

describe('a damaged run', () => {
  const edited = (change: (run: Record<string, unknown>) => object) => async (folder: string) => {
    const path = join(folder, 'run.json');
    await writeFile(path, JSON.stringify(change(JSON.parse(await readFile(path, 'utf8')))));
  };
  const damages: Damage[] = [
    [
      'that is not there',
      (folder) => rm(folder, { recursive: true }),
      /holds no run: .*\n.*fit DATA/,
    ],
    ['without run.json', (folder) => rm(join(folder, 'run.json')), /there is no run\.json/],
    ['with an empty run.json', (folder) => truncate(join(folder, 'run.json')), /is not JSON/],
    ['with half a run.json', (folder) => truncate(join(folder, 'run.json'), 400), /is not JSON/],
    ['of another program', edited(() => ({ name: 'x' })), /no run of this version: format/],
    ['of another version', edited((run) => ({ ...run, formatVersion: 9 })), /formatVersion/],
    ['that is not finished', edited((run) => ({ ...run, finished: false })), /is not finished/],
    [
      'with a model that does not fit',
      edited((run) => ({ ...run, config: { ...(run.config as object), model: { alpha: 'x' } } })),
      /no run of this version: config\.model\.alpha/,
    ],
    [
      'of another backbone',
      edited((run) => ({ ...run, backboneIdentity: 'x' })),
      /trained on other weights.*\n.*--backbone/,
    ],
    [
      'without weights',
      (folder) => rm(join(folder, 'weights.safetensors')),
      /weights\.safetensors cannot be read: ENOENT/,
    ],
    [
      'with empty weights',
      (folder) => truncate(join(folder, 'weights.safetensors')),
      /weights\.safetensors.*\n.*--overwrite/,
    ],
    [
      'with half its weights',
      (folder) => truncate(join(folder, 'weights.safetensors'), 10_000),
      /weights\.safetensors.*\n.*--overwrite/,
    ],
    [
      'with garbage for weights',
      (folder) => writeFile(join(folder, 'weights.safetensors'), 'weights'.repeat(1000)),
      /weights\.safetensors.*\n.*--overwrite/,
    ],
  ];

  it.each(damages)('%s is refused', async (_, damage, says) => {
    const run = place.at('damaged run');
    await cp(work.run, run, { recursive: true });
    await damage(run);
    const result = await work.json('predict', '--run', run, work.image());
    expect(expectClear(result, { status: 1, says: [says, /damaged run/] })).toBeUndefined();
    await rm(run, { recursive: true, force: true });
  });

  it('is replaced by fit --overwrite, and only by that', async () => {
    const run = place.at('garbage run');
    await cp(work.run, run, { recursive: true });
    await writeFile(join(run, 'run.json'), '{');
    const words = ['fit', place.data, '--shots', '2', '-o', run];
    expectClear(await work.json(...words), {
      status: 1,
      says: /run\.json is not JSON.*\n.*overwrite/,
    });
    expectClear(await work.json(...words, '--overwrite'), { status: 0 });
    expect((await readdir(run)).sort()).toEqual(['run.json', 'weights.safetensors']);
  });
});

describe('a backbone', () => {
  const damages: Damage[] = [
    [
      'without config.json',
      (folder) => rm(join(folder, 'config.json')),
      /config\.json cannot be read/,
    ],
    [
      'with half a config.json',
      (folder) => truncate(join(folder, 'config.json'), 50),
      /config\.json/,
    ],
    [
      'with the config.json of something else',
      (folder) => writeFile(join(folder, 'config.json'), '{"model_type": "bert"}'),
      /config\.json/,
    ],
    ['without weights', (folder) => rm(join(folder, 'model.safetensors')), /model\.safetensors/],
    [
      'with half its weights',
      (folder) => truncate(join(folder, 'model.safetensors'), 50_000),
      /model\.safetensors/,
    ],
    ['without its vocabulary', (folder) => rm(join(folder, 'merges.txt')), /tokenizer has 49408/],
    ['with half a vocabulary', (folder) => truncate(join(folder, 'merges.txt'), 60), /merges\.txt/],
    ['with nothing in it', emptied, /neither model\.safetensors nor .*\n.*config\.json/],
  ];

  it.each(damages)('%s is refused by fit', async (_, damage, says) => {
    const backbone = place.at('bad backbone');
    await cp(place.backbone, backbone, { recursive: true });
    await damage(backbone);
    const words = ['--shots', '2', '-o', place.at('none'), '--backbone', backbone];
    const result = await work.json('fit', place.data, ...words);
    expect(expectClear(result, { status: 1, says })).toBeUndefined();
    expect(await isUsable(place.at('none'))).toBe(false);
    await rm(backbone, { recursive: true });
  });

  it('that is not there is refused', async () => {
    const nowhere = ['--backbone', place.at('no backbone')];
    const says = /Backbone '.*no backbone' is no folder.*\n.*folder of a CLIP checkpoint/;
    const words = ['--shots', '2', '-o', place.at('none'), ...nowhere];
    expectClear(await work.json('fit', place.data, ...words), { status: 2, says });
    expectClear(await work.predict(work.image(), ...nowhere), { status: 2, says });
  });

  it('that the run was not trained on is refused', async () => {
    const other = place.at('other backbone');
    await writeSmallClip(other, { width: 64 });
    const result = await work.predict(work.image(), '--backbone', other);
    expectClear(result, {
      status: 1,
      says: /trained on other weights than those of '.*other backbone'/,
    });
  });

  async function isUsable(run: string): Promise<boolean> {
    const { status } = await work.json('predict', '--run', run, work.image());
    return status === 0;
  }

  async function emptied(folder: string): Promise<void> {
    await rm(folder, { recursive: true });
    await mkdir(folder);
  }
});

describe('where nothing can be written', () => {
  let folder: ReadOnlyFolder | undefined;
  beforeAll(async () => {
    folder = readOnlyFolder(place.at('read-only ñ'));
    if (!folder) console.warn('skipped: this superuser may mount no read-only folder');
    await writeFile(place.at('a file'), 'in the way');
  });
  afterAll(() => folder?.release());

  const places: [string, () => string | undefined][] = [
    ['in a read-only folder', () => folder && join(folder.path, 'new', 'folder')],
    ['in the very folder', () => folder?.path],
    ['below a file', () => place.at('a file', 'folder')],
    ['on a file', () => place.at('a file')],
  ];

  it.each(places)('%s, a run is refused before it is trained', async (_, output) => {
    const path = output();
    if (path === undefined) return;
    const progress: string[] = [];
    const result = await place.run(
      ['fit', place.data, '--shots', '2', '--epochs', '2', '--json', '-o', path],
      { onMessage: (text) => progress.push(text) },
    );
    const says = /^Error: Cannot write .*run\.json: /m;
    expect(expectClear(result, { status: 1, says })).toBeUndefined();
    expect(progress).toHaveLength(1);
  });

  it.each(places)('%s, pictures are refused', async (_, output) => {
    const path = output();
    if (path === undefined) return;
    const result = await work.predict(work.image(), '-o', path);
    const says = /^Error: Cannot write .*: /m;
    expect(expectClear(result, { status: 1, says })).toBeUndefined();
  });

  it.each(places)('%s, cached features are refused', async (_, output) => {
    const path = output();
    if (path === undefined) return;
    const words = ['--shots', '2', '-o', place.at('uncached'), '--cache', path];
    const result = await work.json('fit', place.data, ...words);
    const says = /^Error: Cannot write .*: /m;
    expect(expectClear(result, { status: 1, says })).toBeUndefined();
  });
});
