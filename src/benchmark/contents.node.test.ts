import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Sample } from '../data/layout.js';
import { ContentHashes } from './contents.node.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iqe-clip-contents-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function sample(name: string, content: string, changes: Partial<Sample> = {}) {
  const imagePath = join(folder, name);
  await writeFile(imagePath, content);
  const known = { label: 0, maskPath: null, split: 'valid', patient: null, className: null };
  return { id: 'a', imagePath, ...known, ...changes } as Sample;
}
const hash = (...samples: Sample[]) => new ContentHashes().of(samples);

describe('ContentHashes', () => {
  it('depend on what images hold, not on where they lie', async () => {
    const one = await sample('one.png', 'pixels');
    expect(await hash(await sample('two.png', 'pixels'))).toBe(await hash(one));
    expect(await hash(await sample('three.png', 'other pixels'))).not.toBe(await hash(one));
  });

  it('depend on masks, labels, names, patients, splits and the order', async () => {
    const one = await sample('one.png', 'pixels');
    const other = { ...(await sample('two.png', 'other pixels')), id: 'b' };
    const changed: Sample[][] = [
      [{ ...one, maskPath: other.imagePath }],
      [{ ...one, label: 1 }],
      [{ ...one, id: 'c' }],
      [{ ...one, patient: 'p' }],
      [{ ...one, split: 'test' }],
      [one, other],
      [other, one],
    ];
    const hashes = await Promise.all([[one], ...changed].map((list) => hash(...list)));
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it('read a file once, and take a missing one for empty: it is reported where it is read', async () => {
    const hashes = new ContentHashes();
    const one = await sample('one.png', 'pixels');
    const before = await hashes.of([one]);
    await rm(one.imagePath);
    expect(await hashes.of([one])).toBe(before);
    const empty = await sample('empty.png', '');
    expect(await hash(one)).toBe(await hash(empty));
  });
});
