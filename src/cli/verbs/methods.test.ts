import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commandLine } from '../../../test/support/commandLine.js';
import { Workplace } from '../../../test/support/workplace.js';

let place: Workplace;
beforeAll(async () => {
  place = await Workplace.create();
});
afterAll(() => place.remove());

const run = () => place.at('remembered');
const normal = (...names: string[]) => join(place.data, 'test', 'good', 'img', ...names);

/** Runs a verb with settings that fit every method. */
function ran(...words: string[]) {
  return commandLine([...words, '--set', 'model.imageSize=48', '--threads', '1'], {
    environment: { IQE_CACHE: place.cache, IQE_BACKBONE: place.backbone },
  });
}

it('fits normal images alone, and scores with what it remembers', async () => {
  const fitted = await ran('fit', '--normal', normal(), '--method', 'patchcore', '-o', run());
  expect(fitted.status).toBe(0);
  expect(fitted.stdout).toMatch(/^Fitted patchcore .* on 4 normal and 0 abnormal images/);
  expect(fitted.stdout).toContain('It trains nothing.');
  const saved = JSON.parse(await readFile(join(run(), 'run.json'), 'utf8'));
  expect(saved).toMatchObject({
    config: { method: 'patchcore', model: { imageSize: 48, coresetFraction: 0.1 } },
    decision: { chosenOn: 'support images', calibration: { fittedOn: 'normal samples' } },
    history: [],
  });
  const scored = await ran('predict', '--run', run(), normal(), '--json');
  expect(scored.status).toBe(0);
  const { model, predictions } = JSON.parse(scored.stdout);
  expect(model.method).toBe('patchcore');
  expect(predictions).toHaveLength(4);
  for (const { score } of predictions) expect(score).toBeLessThan(0.9);
});

it('names the methods that can do with normal images where one cannot', async () => {
  const words = ['fit', '--normal', normal(), '--method', 'april-gan', '-o', place.at('none')];
  const { status, stderr } = await ran(...words);
  expect(status).toBe(2);
  expect(stderr).toMatch(/^Error: APRIL-GAN learns from normal and abnormal images;/);
  expect(stderr).toContain('--method clip+, winclip+, mediclip, patchcore, rd4ad, cflow or mkd.');
});

it('refuses settings of another method, and a run of another method', async () => {
  const unknown = await ran(
    ...['fit', place.data, '--method', 'clip', '-o', place.at('none')],
    ...['--set', 'model.prompt.depth=2'],
  );
  expect(unknown.status).toBe(2);
  expect(unknown.stderr).toMatch(/^Error: model \(--set\): Unrecognized key: "prompt"/);
  const other = await ran('predict', '--run', run(), normal('0.png'), '--method', 'mvfa');
  expect(other.status).toBe(2);
  expect(other.stderr).toMatch(/is one of patchcore, not of mvfa/);
});
