import { readdir, readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSmallDataSet } from './support/smallDataSet.js';
import { interruptedAt, Workplace } from './support/workplace.js';

let place: Workplace;
let trained: { stdout: string; status: number };

const train = (run: string, words: readonly string[] = [], options = {}) =>
  place.run(['train', ...sets(), '-o', place.at(run), '--seed', '1', ...words], options);
const sets = () => ['Masks', 'Labels', 'Left out'].map((name) => place.at(name));
const leftOut = ['--leave-out', 'Left out'];
const runJson = async (run: string) =>
  JSON.parse(await readFile(place.at(run, 'run.json'), 'utf8'));

beforeAll(async () => {
  place = await Workplace.create();
  await writeSmallDataSet(place.at('Masks'), { perLabel: 6 });
  await writeSmallDataSet(place.at('Labels'), { perLabel: 6, masks: false });
  await writeSmallDataSet(place.at('Left out'), { perLabel: 4 });
  const { backbone, cache, threads } = JSON.parse(await readFile(place.config, 'utf8'));
  await writeFile(place.at('machine.json'), JSON.stringify({ backbone, cache, threads }));
  trained = await train('run', [...leftOut, '--json', '--quiet']);
});
afterAll(() => place.remove());

describe('train', () => {
  it('learns from the sets that are not left out, and never from their test images', async () => {
    expect(trained.status).toBe(0);
    const { data, selected, history, decision } = JSON.parse(trained.stdout);
    expect(
      data.sets.map(({ name, masks }: { name: string; masks: boolean }) => [name, masks]),
    ).toEqual([
      ['Masks', true],
      ['Labels', false],
    ]);
    for (const { training, heldBack } of data.sets) {
      expect([training.length, heldBack.length]).toEqual([8, 4]);
      for (const id of [...training, ...heldBack]) expect(id).toMatch(/^valid\//);
    }
    expect(history).toHaveLength(3);
    expect(selected.epoch).toBeGreaterThanOrEqual(1);
    expect(selected.criterion).toBeGreaterThan(0.5);
    expect(decision.chosenOn).toBe('validation images');
    expect((await readdir(place.at('run'))).sort()).toEqual(['run.json', 'weights.safetensors']);
  });

  it('goes on after Ctrl-C, to the same bytes', async () => {
    const stopped = await train('stopped', leftOut, interruptedAt('training: 3/'));
    expect(stopped.status).toBe(130);
    expect((await runJson('stopped')).finished).toBe(false);
    expect(await readdir(place.at('stopped'))).toContain('checkpoint.safetensors');
    expect((await train('stopped', leftOut)).status).toBe(0);
    for (const file of ['run.json', 'weights.safetensors']) {
      const [again, whole] = await Promise.all(
        ['stopped', 'run'].map((run) => readFile(place.at(run, file))),
      );
      expect(again!.equals(whole!)).toBe(true);
    }
  });

  it('gives runs that other verbs take', async () => {
    const evaluated = await place.run([
      ...['evaluate', '--run', place.at('run'), place.at('Left out'), '--json', '--quiet'],
    ]);
    expect(evaluated.status).toBe(0);
    expect(JSON.parse(evaluated.stdout).image.auroc).toBeGreaterThan(0.5);
    const { status } = await place.run(['report', place.at('run')]);
    expect(status).toBe(0);
    const page = await readFile(place.at('run', 'report.html'), 'utf8');
    expect(page).toContain('8 of Masks (with masks), 8 of Labels (without masks)');
    const again = await train('run', leftOut);
    expect(again.stdout).toMatch(/^Trained iqe-clip .* on 16 images of Masks, Labels in/);
  });

  it('takes methods without training: their threshold is chosen', async () => {
    const { status, stdout } = await place.run([
      ...['train', ...sets(), ...leftOut, '-o', place.at('plain'), '--method', 'clip'],
      ...['--config', place.at('machine.json')],
    ]);
    expect({ status, stdout }).toMatchObject({ status: 0 });
    expect(stdout).toMatch(/Threshold .*, chosen on the held-back images/);
  });

  it.each([
    ['a set to leave out that is none', ['--leave-out', 'Nobody'], /no data set Nobody/],
    [
      'to leave out all',
      ['Masks', 'Labels', 'Left out'].flatMap((n) => ['--leave-out', n]),
      /left out/,
    ],
  ])('refuses %s', async (_, words, says) => {
    const { status, stderr } = await train('refused', words);
    expect(status).toBe(2);
    expect(stderr).toMatch(says);
  });
});
