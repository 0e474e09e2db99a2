import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandLine } from '../../../test/support/commandLine.js';
import { pattern, png } from '../../../test/support/images.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iqe data ü '));
  for (const label of ['normal', 'abnormal']) {
    await mkdir(join(folder, 'set', label), { recursive: true });
    for (const name of ['1.png', '2.png']) {
      const size = label.length + Number(name[0]);
      await writeFile(join(folder, 'set', label, name), await png(size, 9, 1, pattern(size, 9, 1)));
    }
  }
  await mkdir(join(folder, 'none'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('data check', () => {
  it('tells what a folder is read as', async () => {
    const { status, stdout, stderr } = await commandLine(['data', 'check', join(folder, 'set')]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^set: usable\n/);
  });

  it('prints the whole check as JSON', async () => {
    const { stdout } = await commandLine(['data', 'check', join(folder, 'set'), '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ usable: true, layout: 'plain' });
  });

  it('is status 2 where the folder is no data set, which is a result', async () => {
    const { status, stdout, stderr } = await commandLine(['data', 'check', join(folder, 'none')]);
    expect({ status, stderr }).toEqual({ status: 2, stderr: '' });
    expect(stdout).toMatch(/not usable/);
  });

  it('is status 3 where there is no folder', async () => {
    const path = join(folder, 'missing');
    const { status, stdout, stderr } = await commandLine(['data', 'check', path, '--json']);
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
    expect(stderr).toContain(path);
  });
});

describe('data synth', () => {
  const synth = (...words: string[]) => commandLine(['data', 'synth', ...words]);
  const small = ['--size', '64', '--valid', '1', '--test', '1,2', '--modalities'];

  it('draws data sets that can be read, the same for the same seed', async () => {
    const out = join(folder, 'drawn');
    const words = [...small, 'dermoscopy, head-ct', '--seed', '3'];
    const first = await synth('-o', out, ...words, '--json');
    expect(first).toMatchObject({ status: 0 });
    const { seed, size, sets } = JSON.parse(first.stdout);
    expect({ seed, size }).toEqual({ seed: 3, size: 64 });
    expect(sets).toMatchObject([
      { modality: 'dermoscopy', images: 5 },
      { modality: 'head-ct', images: 5 },
    ]);
    const check = await commandLine(['data', 'check', sets[0].folder, '--json']);
    expect(check.status).toBe(0);
    await synth('-o', join(folder, 'again'), ...words);
    const picture = 'Phantom_Head_CT_AD/test/Ungood/img/phantom_0001.png';
    expect(await readFile(join(folder, 'again', picture))).toEqual(
      await readFile(join(out, picture)),
    );
  });

  it('leaves a data set that is there already', async () => {
    const words = ['-o', join(folder, 'once'), ...small, 'ultrasound'];
    expect((await synth(...words)).status).toBe(0);
    const again = await synth(...words);
    expect(again.status).toBe(1);
    expect(again.stderr).toContain('is there already');
  });

  it('says which modalities, counts and sizes there are', async () => {
    const out = join(folder, 'wrong');
    for (const [words, message] of [
      [['--modalities', 'brain-mr,pet'], /'pet' is none of brain-mr, head-ct/],
      [['--test', '1,2,3'], /One number or two/],
      [['--train', '-1'], /whole number/],
      [['--size', '10'], /from 32 to 1024/],
    ] as const) {
      const { status, stderr } = await synth('-o', out, ...words);
      expect(status).toBe(2);
      expect(stderr).toMatch(message);
    }
  });
});
