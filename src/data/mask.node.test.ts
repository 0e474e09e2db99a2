import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { png } from '../../test/support/images.js';
import { readMask } from './mask.node.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'masks '));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe('readMask', () => {
  it.each([
    ['8 bits', Uint8Array.of(0, 127, 128, 255)],
    ['16 bits', Uint16Array.of(1, 32767, 32768, 65535)],
  ])('cuts %s at half of full scale', async (name, data) => {
    const path = join(folder, `${name}.png`);
    await writeFile(path, await png(2, 2, 1, data));
    const mask = await readMask(path, { width: 2, height: 2, path: 'image.png' });
    expect([...mask.data]).toEqual([0, 0, 1, 1]);
  });

  it('names mask and image where they do not fit', async () => {
    const path = join(folder, 'square.png');
    await writeFile(path, await png(2, 2, 1, Uint8Array.of(0, 0, 0, 0)));
    await expect(readMask(path, { width: 3, height: 2, path: 'a/image.png' })).rejects.toThrow(
      `${path} has 2×2 pixels, a/image.png has 3×2`,
    );
  });

  it('names a mask that is not there', async () => {
    const path = join(folder, 'missing.png');
    await expect(readMask(path, { width: 1, height: 1, path: 'image.png' })).rejects.toMatchObject({
      code: 'unreadable',
      message: `Cannot read ${path}: there is no such file.`,
    });
  });
});
