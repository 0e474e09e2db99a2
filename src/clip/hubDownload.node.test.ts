import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HubServer, type ServedFile } from '../../test/support/hubServer.js';
import type { Progress } from '../base/progress.js';
import { type DownloadOptions, downloadFile } from './hubDownload.node.js';
import { PartialFile } from './hubPartial.node.js';

const body = Uint8Array.from({ length: 300_000 }, (_, index) => (index * index) % 251);
const sha256 = createHash('sha256').update(body).digest('hex');

describe('downloadFile', () => {
  const server = new HubServer();
  const path = '/o/n/resolve/main/weights';
  let folder: string;
  let target: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'iqe-download-'));
    target = join(folder, 'new', 'weights');
    server.files.clear();
    server.requests.length = 0;
    await server.start();
  });
  afterEach(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });

  const serve = (file: Partial<ServedFile>) =>
    server.files.set(path, { body, headers: { ETag: `"${sha256}"` }, ...file });
  const download = (options: DownloadOptions = {}) =>
    downloadFile(server.address + path, target, { retryDelay: 1, ...options });
  const listing = () => readdir(join(folder, 'new'));
  const expectComplete = async (expected: Uint8Array = body) => {
    expect(Buffer.compare(await readFile(target), expected)).toBe(0);
    expect(await listing()).toEqual(['weights']);
  };
  /** Leaves the first `bytes` bytes, as a process does whose server went away for good. */
  const leaveBeginning = async (bytes: number, file: Partial<ServedFile> = {}) => {
    serve({ ...file, cuts: [bytes, 0, 0, 0, 0] });
    await expect(download()).rejects.toMatchObject({ code: 'download' });
    server.requests.length = 0;
    return (await listing())[0] as string;
  };

  it('brings the file and reports how far it is', async () => {
    serve({});
    const reports: Progress[] = [];
    expect(await download({ onProgress: (progress) => reports.push(progress) })).toEqual({
      isMissing: false,
    });
    await expectComplete();
    expect(reports[0]).toEqual({
      stage: 'download weights',
      done: 0,
      total: body.length,
      unit: 'bytes',
    });
    expect(reports.at(-1)?.done).toBe(body.length);
    expect(reports.map(({ done }) => done)).toEqual(
      reports.map(({ done }) => done).sort((a, b) => a - b),
    );
  });

  it('brings an empty file', async () => {
    serve({ body: new Uint8Array(0), headers: {} });
    await download();
    await expectComplete(new Uint8Array(0));
  });

  it('goes on by itself after a cut', async () => {
    serve({ cuts: [100_000, 50_000] });
    await download();
    await expectComplete();
    expect(server.requests).toHaveLength(3);
    expect(server.requests[0]).toBe(path);
    expect(server.requests[2]).toMatch(/ bytes=\d+-$/);
  });

  it('gives up on a server that stays away, and goes on at the next call', async () => {
    const left = await leaveBeginning(120_000);
    expect(left).toMatch(/^weights\.\w+\.partial$/);
    const { length } = await readFile(join(folder, 'new', left));
    expect(length).toBeGreaterThan(0);
    serve({});
    await download();
    await expectComplete();
    expect(server.requests).toEqual([`${path} bytes=${length}-`]);
  });

  it('goes on with what a killed process left, not with what a living one writes', async () => {
    const left = await leaveBeginning(120_000);
    const version = left.split('.')[1];
    const dead = spawnSync(process.execPath, ['-e', '']).pid;
    const nameFor = (mark: string, pid: number) =>
      `weights.${version}.${mark}-${pid}-00000000.partial`;
    const mark = /\.([0-9a-f]{8})-/.exec(PartialFile.start(target, 'any').path)?.[1] as string;
    await rename(join(folder, 'new', left), join(folder, 'new', nameFor(mark, dead)));
    await writeFile(join(folder, 'new', nameFor(mark, process.pid)), 'another writes this');
    await writeFile(join(folder, 'new', nameFor('ffffffff', dead)), 'another host writes this');
    serve({});
    await download();
    expect(server.requests[0]).toMatch(/ bytes=\d+-$/);
    expect(Buffer.compare(await readFile(target), body)).toBe(0);
    expect((await listing()).sort()).toEqual(
      ['weights', nameFor(mark, process.pid), nameFor('ffffffff', dead)].sort(),
    );
  });

  it('takes the whole file from a server that ignores ranges', async () => {
    await leaveBeginning(120_000);
    serve({ ignoresRange: true });
    await download();
    await expectComplete();
    expect(server.requests).toHaveLength(1);
  });

  it('starts anew when the file on the server is another now', async () => {
    await leaveBeginning(120_000);
    const other = body.slice().reverse();
    serve({ body: other, headers: { ETag: '"another"' } });
    await download();
    await expectComplete(other);
    expect(server.requests).toHaveLength(2);
  });

  it('starts anew when the server has less than is here (416)', async () => {
    await leaveBeginning(120_000, { headers: { ETag: '"same"' } });
    serve({ body: body.subarray(0, 10), headers: { ETag: '"same"' } });
    await download();
    await expectComplete(body.subarray(0, 10));
  });

  it('takes what is complete but was not checked yet (416)', async () => {
    const left = await leaveBeginning(120_000);
    await writeFile(join(folder, 'new', left), body);
    serve({});
    await download();
    await expectComplete();
    expect(server.requests).toEqual([`${path} bytes=${body.length}-`]);
  });

  it('keeps no beginning of a file without a tag', async () => {
    serve({ headers: {}, cuts: [120_000, 0, 0, 0, 0] });
    await expect(download()).rejects.toThrow('cut');
    expect(await listing()).toEqual([]);
  });

  it("checks the redirect's linked tag, not the storage's own", async () => {
    const headers = { ETag: `"${'0'.repeat(64)}"` };
    serve({ headers, linkHeaders: { 'X-Linked-ETag': `"${sha256}"` }, cuts: [100_000] });
    await download();
    await expectComplete();
    expect(server.requests[3]).toMatch(/^\/storage.* bytes=\d+-$/);
  });

  it.each([
    ['tag', { headers: { ETag: `W/"${'a'.repeat(64)}"` } }],
    ['linked tag', { headers: {}, linkHeaders: { 'X-Linked-ETag': `"${'a'.repeat(64)}"` } }],
  ])('deletes a file whose checksum is not the %s', async (_, file) => {
    serve(file);
    await expect(download()).rejects.toMatchObject({
      code: 'download',
      message: expect.stringContaining(`SHA-256 is ${sha256}, the hub promises ${'a'.repeat(64)}`),
    });
    expect(await listing()).toEqual([]);
  });

  it('tells a missing file from a refusal', async () => {
    expect(await download()).toEqual({ isMissing: true, reason: 'Entry not found' });
    for (const status of [401, 403]) {
      serve({ refusals: [status] });
      await expect(download()).rejects.toMatchObject({
        code: 'download',
        message: expect.stringContaining(`${status}`),
        hint: expect.stringContaining('private or gated'),
      });
    }
    serve({ headers: { 'Content-Type': 'text/html; charset=utf-8' } });
    await expect(download()).rejects.toMatchObject({ hint: expect.stringContaining('sign-in') });
    expect(await listing()).toEqual([]);
  });

  it('tries a busy server again, for a while', async () => {
    serve({ refusals: [503, 429, 500] });
    await download();
    await expectComplete();
    await rm(target);
    serve({ refusals: [503, 503, 503, 503] });
    await expect(download()).rejects.toThrow('answers 503');
  });

  it('says that nobody is there', async () => {
    const { address } = server;
    await server.stop();
    await expect(download()).rejects.toMatchObject({
      code: 'download',
      message: expect.stringContaining(`Cannot reach ${address}`),
      hint: expect.stringContaining('IQE_HUB_MIRROR'),
    });
    await server.start();
  });

  it('stops when told to, and goes on from there', async () => {
    const controller = new AbortController();
    serve({});
    const stopped = download({
      signal: controller.signal,
      onProgress: ({ done }) => done > 0 && controller.abort(),
    });
    await expect(stopped).rejects.toMatchObject({ code: 'interrupted' });
    await download();
    await expectComplete();
    expect(server.requests.at(-1)).toMatch(/ bytes=\d+-$/);
    await expect(download({ signal: controller.signal })).rejects.toMatchObject({
      code: 'interrupted',
    });
  });

  it('does not wait for the next try when told to stop', async () => {
    const controller = new AbortController();
    serve({ cuts: [0] });
    const stopped = download({ signal: controller.signal, retryDelay: 1e6 });
    const timer = setInterval(() => {
      if (server.requests.length > 0) controller.abort();
    }, 1);
    await expect(stopped).rejects.toMatchObject({ code: 'interrupted' });
    clearInterval(timer);
  });

  it('brings a whole file for each of several at once', async () => {
    let waiting = 0;
    let letGo = () => {};
    const allHere = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    serve({
      halfway: async () => {
        if (++waiting === 3) letGo();
        await allHere;
      },
    });
    await Promise.all([download(), download(), download()]);
    await expectComplete();
  });

  it('says where it cannot write', async () => {
    serve({});
    await writeFile(join(folder, 'new'), 'a file where the folder should be');
    await expect(download()).rejects.toMatchObject({
      code: 'output',
      message: expect.stringContaining(target),
    });
  });
});
