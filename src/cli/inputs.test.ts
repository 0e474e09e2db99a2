import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inputImages } from './inputs.js';

let folder: string;
const files = [
  'a.png',
  'b.JPG',
  'notes.txt',
  '.hidden.png',
  'Scans (1)/x.png',
  'Scans (1)/[old]/y.tif',
  'Scans (1)/[old]/z.png',
  'out/a.overlay.png',
  'set/img/a.png',
  'set/masks/a.png',
  'set/masks/b.png',
  'other/mask/c.png',
];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iqe-inputs-'));
  for (const file of files) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), '');
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function names(operands: string[], output?: string, notes: string[] = []) {
  const { signal } = new AbortController();
  const at = (name: string) => join(folder, name);
  const images = await inputImages(operands.map(at), {
    signal,
    output: output && at(output),
    onNote: (note) => void notes.push(note),
  });
  expect(images.every(({ path, name }) => path.endsWith(name))).toBe(true);
  return images.map(({ name }) => name);
}

describe('the images that operands stand for', () => {
  it('are those below a folder, by name', async () => {
    expect(await names(['.'])).toEqual([
      ...['Scans (1)/[old]/y.tif', 'Scans (1)/[old]/z.png', 'Scans (1)/x.png'],
      ...['a.png', 'b.JPG', 'out/a.overlay.png', 'set/img/a.png'],
    ]);
  });

  it('are files whatever their names, and each image once', async () => {
    expect(await names(['notes.txt', 'a.png', './a.png', 'Scans (1)/../a.png'])).toEqual([
      ...['notes.txt', 'a.png'],
    ]);
  });

  it('are not masks beside images, unless nothing else is there', async () => {
    const notes: string[] = [];
    expect(await names(['set'], undefined, notes)).toEqual(['img/a.png']);
    expect(notes).toEqual([`Left out 2 masks in ${join(folder, 'set')}.`]);
    expect(await names(['set/masks', 'other/'])).toEqual(['a.png', 'b.png', 'mask/c.png']);
    expect(await names(['set/*/b.png'])).toEqual(['masks/b.png']);
  });

  it.each([
    ['*.png', ['a.png']],
    ['Scans (1)/*.png', ['x.png']],
    ['Scans (1)/[old]/*', ['y.tif', 'z.png']],
    [
      'Scans*/**/*.{tif,png}',
      ['Scans (1)/[old]/y.tif', 'Scans (1)/[old]/z.png', 'Scans (1)/x.png'],
    ],
    ['[ab].*', ['a.png', 'b.JPG']],
  ])('are those of the pattern %s, named from where it begins', async (pattern, expected) => {
    expect(await names([pattern])).toEqual(expected);
  });

  it('are not those of an output folder below a folder', async () => {
    expect(await names(['.'], 'out')).not.toContain('out/a.overlay.png');
    // Asked for by name, or in the same place as the images, they are.
    expect(await names(['out'], 'out')).toEqual(['a.overlay.png']);
    expect(await names(['.'], '.')).toContain('out/a.overlay.png');
    expect(await names(['.'], 'ou')).toContain('out/a.overlay.png');
  });

  it.each(['none.png', 'none/*.png', '*.gif', 'a.png/*.png'])(
    'are missing where there is nothing like %o',
    async (operand) => {
      const { signal } = new AbortController();
      const path = join(folder, operand);
      await expect(inputImages([path], { signal })).rejects.toMatchObject({
        code: 'unreadable',
        message: `${path} is not there.`,
      });
    },
  );
});
