import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
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
