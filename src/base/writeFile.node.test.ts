import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeFileSafely } from './writeFile.node.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'written '));
});
afterAll(() => rm(folder, { recursive: true }));

describe('writeFileSafely', () => {
  it('makes the folders on the way, and leaves nothing else', async () => {
    await writeFileSafely(join(folder, 'a', 'b', 'c.txt'), [Buffer.from('o'), Buffer.from('k')]);
    await writeFileSafely(join(folder, 'a', 'b', 'c.txt'), 'new');
    expect(await readFile(join(folder, 'a', 'b', 'c.txt'), 'utf8')).toBe('new');
    expect(await readdir(join(folder, 'a', 'b'))).toEqual(['c.txt']);
  });

  it('makes folders that several writers need at the same time', async () => {
    const files = Array.from({ length: 8 }, (_, i) => join(folder, 'same', 'place', `${i}`));
    await Promise.all(files.map((file) => writeFileSafely(file, 'x')));
    expect(await readdir(join(folder, 'same', 'place'))).toHaveLength(8);
  });

  it('follows a link to a folder', async () => {
    await mkdir(join(folder, 'real'));
    await symlink(join(folder, 'real'), join(folder, 'link'));
    await writeFileSafely(join(folder, 'link', 'below', 'x'), 'x');
    expect(await readFile(join(folder, 'real', 'below', 'x'), 'utf8')).toBe('x');
  });

  it('says that a file is in the way', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(writeFileSafely(join(folder, 'file', 'x', 'y'), '')).rejects.toMatchObject({
      code: 'output',
      hint: expect.stringMatching(/is a file, not a folder/),
    });
  });

  it.runIf(process.platform === 'linux')('ends where no folder can be made', async () => {
    await expect(writeFileSafely('/proc/no/such/folder/x', '')).rejects.toMatchObject({
      code: 'output',
      hint: expect.stringMatching(/choose another/),
    });
  });
});
