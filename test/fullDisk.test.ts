import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type SmallDisk, smallDisk } from './support/disks.js';
import { EarlierWork } from './support/earlierWork.js';
import { expectClear } from './support/messages.js';
import { interruptedAt, type Workplace, watched } from './support/workplace.js';

/** The folder that is full where no disk may be mounted and one is only pretended. */
const pretended = vi.hoisted(() => ({ fullFolder: undefined as string | undefined }));

vi.mock('node:fs/promises', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:fs/promises')>();
  const open: typeof real.open = async (path, ...rest) => {
    const handle = await real.open(path, ...rest);
    if (pretended.fullFolder !== undefined && String(path).startsWith(pretended.fullFolder)) {
      handle.writeFile = async () => {
        throw Object.assign(new Error('ENOSPC: no space left on device, write'), {
          code: 'ENOSPC',
        });
      };
    }
    return handle;
  };
  return { ...real, open };
});

let work: EarlierWork;
let place: Workplace;
beforeAll(async () => {
  work = await EarlierWork.create();
  place = work.place;
});
afterAll(() => place.remove());
afterEach(() => work.expectUnharmed());

/** A disk that says that it is full when it is told to. */
async function pretendedDisk(path: string): Promise<SmallDisk> {
  await mkdir(path, { recursive: true });
  return {
    path,
    fill() {
      pretended.fullFolder = path;
    },
    free() {
      pretended.fullFolder = undefined;
    },
    release: () => undefined,
  };
}

describe('where a disk is full', () => {
  let disk: SmallDisk;
  beforeAll(async () => {
    const path = place.at('100 % full');
    disk = smallDisk(path) ?? (await pretendedDisk(path));
  });
  afterAll(() => disk.release());

  const on = (...names: string[]) => join(disk.path, ...names);
  const fitting = (folder: string, ...words: string[]) => [
    ...['fit', place.data, '--shots', '2', '--batch-size', '2', '-o', folder, '--json', ...words],
  ];
  const files = async (folder: string) => {
    const names = await readdir(folder, { recursive: true });
    return names.filter((file) => file !== 'filling').sort();
  };
  const weights = (folder: string) => readFile(join(folder, 'weights.safetensors'));
  const isFull = { status: 1, says: [/^Error: Cannot write .*ENOSPC/m, /The disk is full/] };

  it('a fit ends, harms no other run, and can be repeated', async () => {
    const [earlier, other, whole] = [on('earlier'), on('other'), place.at('whole')];
    expectClear(await place.run(fitting(earlier)), { status: 0 });
    expectClear(await place.run(fitting(whole, '--seed', '1')), { status: 0 });
    const before = await weights(earlier);

    // Stopped by hand, its state cannot be saved.
    const stopping = interruptedAt('training: 5/');
    const { onMessage, ...rest } = stopping;
    const filling = (text: string) => {
      if (text.startsWith('training: 5/')) disk.fill();
      onMessage!(text);
    };
    const stopped = await place.run(fitting(other, '--seed', '1'), { ...rest, onMessage: filling });
    expect(stopped).toMatchObject({ status: 1, stdout: '' });
    expect(stopped.stderr).toMatch(/Cannot write .*checkpoint\.safetensors: ENOSPC.*\nThe disk is/);
    expect(await files(other)).toEqual(['run.json']);
    expect(await weights(earlier)).toEqual(before);
    const looked = await place.run(['predict', '--run', earlier, work.image(), '--json']);
    expectClear(looked, { status: 0 });

    disk.free();
    expectClear(await place.run(fitting(other, '--seed', '1')), { status: 0 });
    expect(await weights(other)).toEqual(await weights(whole));
  });

  it('a fit that replaces a run leaves it as it was', async () => {
    const folder = on('replaced');
    expectClear(await place.run(fitting(folder)), { status: 0 });
    const before = await weights(folder);
    // The training ends, its weights cannot be saved.
    const filling = watched((text) => void (text.startsWith('training: 12/') && disk.fill()));
    const overwriting = fitting(folder, '--seed', '1', '--overwrite');
    const { status, stdout, stderr } = await place.run(overwriting, filling);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/Cannot write .*: ENOSPC.*\nThe disk is full/);
    expect(await weights(folder)).toEqual(before);
    const looked = await place.run(['predict', '--run', folder, work.image(), '--json']);
    expect(expectClear(looked, { status: 0 }).predictions).toHaveLength(1);

    disk.free();
    expectClear(await place.run(overwriting), { status: 0 });
    expect(await weights(folder)).not.toEqual(before);
    expect(await files(folder)).toEqual(['run.json', 'weights.safetensors']);
  });

  it('predict ends, and leaves earlier predictions as they were', async () => {
    const folder = on('pictures');
    const predict = (image: string) => work.predict(image, '-o', folder, '--save', 'npy');
    expectClear(await predict(work.image()), { status: 0 });
    const before = await readFile(join(folder, 'predictions.json'));
    disk.fill();
    expect(expectClear(await predict(work.image('1.png')), isFull)).toBeUndefined();
    expect(await files(folder)).toEqual(['0.npy', 'predictions.csv', 'predictions.json']);
    expect(await readFile(join(folder, 'predictions.json'))).toEqual(before);
    disk.free();
  });

  it('features are not cached, and fit says so', async () => {
    disk.fill();
    const cache = on('cache');
    const result = await place.run(fitting(place.at('cached'), '--cache', cache));
    expect(expectClear(result, isFull)).toBeUndefined();
    disk.free();
    expectClear(await place.run(fitting(place.at('cached'), '--cache', cache)), { status: 0 });
  });
});
