import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { BoundedFolder } from './boundedFolder.node.js';

const root = mkdtempSync(join(tmpdir(), 'iqe-bounded-'));
afterAll(() => rmSync(root, { recursive: true }));

const isEntry = (name: string) => !name.startsWith('other');
const bytes = [new Uint8Array(60), new Uint8Array(40)];

/** A folder with files `old-0` … `old-4` of 100 bytes, each used later than the one before it. */
function folderOfFive(name: string): string {
  const folder = join(root, name);
  mkdirSync(folder);
  for (let index = 0; index < 5; index++) {
    const path = join(folder, `old-${index}`);
    writeFileSync(path, new Uint8Array(100));
    utimesSync(path, 1000 + index, 1000 + index);
  }
  return folder;
}

describe('BoundedFolder', () => {
  it('drops what was not used for the longest time, where there would be more than the limit', async () => {
    const path = folderOfFive('full');
    const folder = new BoundedFolder(path, 500, isEntry);
    await folder.write('ab/new', bytes);
    expect(readdirSync(path).sort()).toEqual(['ab', 'old-2', 'old-3', 'old-4']);
    expect(readdirSync(join(path, 'ab'))).toEqual(['new']);
  });

  it('keeps what was used since', async () => {
    const path = folderOfFive('used');
    await new BoundedFolder(path, 500, isEntry).touch('old-0');
    await new BoundedFolder(path, 500, isEntry).write('new', bytes);
    expect(readdirSync(path).sort()).toEqual(['new', 'old-0', 'old-3', 'old-4']);
  });

  it('never drops what it wrote or used itself', async () => {
    const path = folderOfFive('own');
    const folder = new BoundedFolder(path, 150, isEntry);
    await folder.touch('old-0');
    for (const name of ['a', 'b', 'c']) await folder.write(name, bytes);
    expect(readdirSync(path).sort()).toEqual(['a', 'b', 'c', 'old-0']);
  });

  it('neither counts nor drops files that are not its own', async () => {
    const path = folderOfFive('shared');
    writeFileSync(join(path, 'other'), new Uint8Array(10_000));
    utimesSync(join(path, 'other'), 0, 0);
    await new BoundedFolder(path, 700, isEntry).write('a', bytes);
    expect(readdirSync(path)).toHaveLength(7);
    await new BoundedFolder(path, 500, isEntry).write('b', bytes);
    expect(readdirSync(path)).toContain('other');
  });

  it('keeps all below the limit', async () => {
    const path = folderOfFive('roomy');
    const folder = new BoundedFolder(path, 700, isEntry);
    await folder.write('a', bytes);
    await folder.write('b', bytes);
    expect(readdirSync(path)).toHaveLength(7);
  });
});
