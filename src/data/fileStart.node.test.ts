import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readFileStart } from './fileStart.node.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'starts '));
});
afterAll(() => rm(folder, { recursive: true }));

it('reads at most 4096 bytes', async () => {
  const file = join(folder, 'file');
  await writeFile(file, new Uint8Array(5000).fill(7));
  expect(await readFileStart(file)).toEqual(new Uint8Array(4096).fill(7));
  await writeFile(file, 'short');
  expect(Buffer.from(await readFileStart(file)).toString()).toBe('short');
});

it.runIf(process.platform === 'linux')('refuses a pipe, rather than wait for it', async () => {
  const pipe = join(folder, 'pipe.png');
  execFileSync('mkfifo', [pipe]);
  await expect(readFileStart(pipe)).rejects.toMatchObject({
    code: 'unreadable',
    message: expect.stringMatching(/it is a pipe or a device/),
  });
});
