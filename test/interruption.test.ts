import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { EarlierWork } from './support/earlierWork.js';
import { expectClear } from './support/messages.js';
import { interruptedAt, type Workplace } from './support/workplace.js';

/** Ctrl-C on the command line. */

let work: EarlierWork;
let place: Workplace;
const fitting = (name: string, ...words: string[]) => [
  ...['fit', place.data, '--shots', '2', '--seed', '1', '--batch-size', '2'],
  ...['-o', place.at(name), ...words],
];
const files = async (name: string) => (await readdir(place.at(name))).sort();
const run = async (name: string) => ({
  description: await readFile(place.at(name, 'run.json'), 'utf8'),
  weights: await readFile(place.at(name, 'weights.safetensors')),
});

beforeAll(async () => {
  work = await EarlierWork.create();
  place = work.place;
  expect(await place.run(fitting('whole'))).toMatchObject({ status: 0 });
});
afterAll(() => place.remove());
afterEach(() => work.expectUnharmed());

/** Runs a command that is interrupted; gives what it said besides its progress. */
async function interrupted(words: readonly string[], moment: string): Promise<string> {
  const { status, stdout, stderr } = await place.run(words, interruptedAt(moment));
  expect({ status, stdout }).toEqual({ status: 130, stdout: '' });
  expect(stderr).toContain(moment);
  return stderr.replace(/^\w+: \d+\/\d+ .*\n/gm, '');
}

describe('an interrupted fit', () => {
  it.each([
    ['features: 3/', ['run.json']],
    ['training: 8/', ['checkpoint.safetensors', 'run.json']],
    ['threshold: 2/', ['checkpoint.safetensors', 'run.json', 'weights.safetensors']],
  ])('at "%s" goes on when it is repeated, to the same bytes', async (moment, left) => {
    const name = `stopped at ${moment.replace(/\W/g, ' ')}`;
    const said = await interrupted(fitting(name), moment);
    expect(said).toBe('Stopping; Ctrl-C again ends at once.\nInterrupted.\n');
    expect(await files(name)).toEqual(left);

    const words = ['predict', '--run', place.at(name), work.image(), '--json'];
    const says = /is not finished\.\nRepeat the command that began it/;
    expectClear(await place.run(words), { status: 1, says });

    const { status, stderr } = await place.run(fitting(name));
    const note = left.length > 1 ? `Going on with the run in ${place.at(name)}.\n` : '';
    expect({ status, stderr }).toEqual({ status: 0, stderr: note });
    expect(await run(name)).toEqual(await run('whole'));
    expect(await files(name)).toEqual(['run.json', 'weights.safetensors']);
  });

  it('can be interrupted again and again', async () => {
    for (const moment of ['training: 2/', 'training: 9/']) {
      await interrupted(fitting('often'), moment);
    }
    expect((await place.run(fitting('often'))).status).toBe(0);
    expect(await run('often')).toEqual(await run('whole'));
  });

  it('leaves a finished run that it was to replace', async () => {
    const before = await run('whole');
    const overwriting = fitting('whole', '--seed', '2', '--overwrite');
    await interrupted(overwriting, 'training: 5/');
    expect(await run('whole')).toEqual(before);
    const words = ['predict', '--run', place.at('whole'), work.image(), '--json'];
    expectClear(await place.run(words), { status: 0 });
    expect((await place.run(overwriting)).stderr).toContain('Going on');
    expect(await run('whole')).not.toEqual(before);
    expect(await files('whole')).toEqual(['run.json', 'weights.safetensors']);
  });
});

describe('an interrupted look at images', () => {
  it('leaves whole pictures of those that were done', async () => {
    const images = join(place.data, 'test', 'good', 'img');
    const words = [
      'predict',
      '--run',
      work.run,
      images,
      '-o',
      place.at('stopped'),
      '--save',
      'npy',
    ];
    await interrupted([...words, '--json'], 'prediction: 2/');
    expect(await files('stopped')).toEqual(['0.npy', '1.npy']);
    expect((await place.run(words)).status).toBe(0);
    expect(await files('stopped')).toHaveLength(6);
  });

  it('gives no metrics of some of them', async () => {
    await interrupted(['evaluate', '--run', work.run, place.data, '--json'], 'evaluation: 3/');
  });
});
