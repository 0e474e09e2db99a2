#!/usr/bin/env node
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writePhantomSet } from '../data/phantoms/writePhantomSet.node.js';
import { exitStatus } from './errors.js';
import { interruption } from './interruption.js';
import { runProgram } from './program.js';
import { verbs } from './verbs.js';

/**
 * `npm run demo [-- --data DIR]`: draws a data set, learns from four normal and four abnormal images,
 * measures and predicts, all with the commands that a user would type, which it prints.
 */
const folder = 'iqe-clip-demo';
const dataFlag = process.argv.indexOf('--data');
const given = dataFlag > 0 ? process.argv[dataFlag + 1] : undefined;
const now = () => performance.now() / 1000;
const started = now();
const { signal, stop } = interruption(now, () => process.exit(exitStatus.interrupted));
process.on('SIGINT', stop);

async function command(...words: string[]): Promise<void> {
  process.stdout.write(`\n$ npx iqe-clip ${words.join(' ')}\n`);
  const { stdout, stderr, env: environment } = process;
  const status = await runProgram(words, verbs, { stdout, stderr, environment, signal, now });
  if (status !== exitStatus.ok) process.exit(status);
}

async function drawnData(): Promise<string> {
  process.stdout.write('Drawing phantoms of dermoscopy: no real images are shipped.\n');
  const counts = {
    train: { normal: 0, abnormal: 0 },
    valid: { normal: 12, abnormal: 12 },
    test: { normal: 20, abnormal: 20 },
  };
  const [set] = await writePhantomSet({
    folder,
    seed: 0,
    modalities: ['dermoscopy'],
    counts,
    signal,
  });
  return set!.folder;
}

await rm(folder, { recursive: true, force: true });
const data = given ?? (await drawnData());
const run = join(folder, 'run');
const pictures = join(folder, 'pictures');
const cache = join(folder, 'cache');
await command('data', 'check', data);
await command('fit', data, '--shots', '4', '--epochs', '10', '--cache', cache, '-o', run);
await command('evaluate', '--run', run, data);
await command(
  'predict',
  '--run',
  run,
  join(data, 'test', 'Ungood', 'img'),
  '-o',
  pictures,
  '--save',
  'overlay',
);
process.stdout.write(
  `\nDone in ${Math.round(now() - started)} s. Overlays are in ${pictures}.\n` +
    'The model is tiny, pretrained on drawings: real work needs a real CLIP (--backbone).\n',
);
