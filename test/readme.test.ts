import { existsSync, readFileSync } from 'node:fs';
import { cp, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demo } from '../src/cli/demo.js';
import { TextStream } from './support/commandLine.js';
import { Workplace } from './support/workplace.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const scripts = (
  JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  }
).scripts;

/** The lines of all blocks of commands, without what is said about them. */
const commands = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)]
  .flatMap(([, block]) => block!.split('\n'))
  .map((line) => line.replace(/\s+#.*$/, '').trim())
  .filter((line) => line !== '');
const ours = commands.filter((line) => line.startsWith('npx iqe-clip '));

let place: Workplace;
beforeAll(async () => {
  place = await Workplace.create();
  for (const [name, folder] of [
    ['DATA', ''],
    ['IMAGES', 'test/Ungood/img'],
    ['NORMAL', 'valid/good/img'],
    ['ABNORMAL', 'valid/Ungood/img'],
    ['MASKS', 'valid/Ungood/anomaly_mask'],
  ] as const) {
    await cp(join(place.data, folder), place.at(name), { recursive: true });
  }
});
afterAll(() => place.remove());

describe('README', () => {
  it('has commands that can all be run here, or are scripts of the package', () => {
    expect(ours.length).toBeGreaterThan(6);
    const others = commands.filter((line) => !ours.includes(line));
    for (const line of others) {
      for (const part of line.split('&&').map((words) => words.trim())) {
        if (part === 'npm ci') continue;
        const script = /^npm (?:run )?([\w:-]+)$/.exec(part)?.[1];
        expect(Object.keys(scripts), part).toContain(script);
      }
    }
  });

  // One after the other: a command uses what those before it wrote.
  it.each(ours)('%s', async (line) => {
    const words = line.split(/\s+/).slice(2);
    // Words in capitals stand for folders; drawing is shortened.
    const given = words.map((word) => (/^[A-Z]+\d?$/.test(word) ? place.at(word) : word));
    const shorter = words[1] === 'synth' ? ['--valid', '1', '--test', '1', '--size', '64'] : [];
    const { status, stdout, stderr } = await place.run([...given, ...shorter]);
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(stdout).not.toBe('');
    const output = given[given.indexOf('-o') + 1];
    if (given.includes('-o')) expect((await readdir(output!)).length).toBeGreaterThan(0);
  });

  it('names scripts, pages and pictures that are there', () => {
    for (const [, script] of readme.matchAll(/`npm (?:run )?([\w:-]+)[^`]*`/g)) {
      if (script !== 'ci') expect(Object.keys(scripts)).toContain(script);
    }
    for (const [, target] of readme.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)) {
      expect(existsSync(join(root, target!)), target).toBe(true);
    }
  });
});

describe('npm run demo', () => {
  const run = async (...words: string[]) => {
    const [stdout, stderr] = [new TextStream(), new TextStream()];
    const signal = new AbortController().signal;
    const status = await demo(['-o', place.at('demo'), '--epochs', '1', ...words], {
      stdout,
      stderr,
      environment: {
        IQE_BACKBONE: place.backbone,
        IQE_MODEL_IMAGE_SIZE: '48',
        IQE_MODEL_QUERY_MODULE_BLOCKS: '1',
        IQE_MODEL_QUERY_MODULE_HEADS: '4',
        IQE_TRAINING_AUGMENTATIONS: '["identity"]',
      },
      signal,
      now: () => 0,
    });
    return { status, stdout: stdout.text, stderr: stderr.text };
  };

  it('goes from drawings to reports, of no and of 4 + 4 examples', async () => {
    const { status, stdout, stderr } = await run('--images', '2');
    expect({ status, stderr }).toMatchObject({ status: 0 });
    const reports = stdout.match(/file:\/\/\S+/g)!.map((url) => fileURLToPath(url));
    for (const report of reports) expect(readFileSync(report, 'utf8')).toContain('<img');
    const folders = reports.map((report) => dirname(report));
    expect(folders).toEqual([place.at('demo', 'evaluation'), place.at('demo', 'zero-shot')]);
  });

  it('takes a data set of real images, and ends where a command fails', async () => {
    expect(await run('--data', place.at('DATA'))).toMatchObject({ status: 0 });
    expect(await run('--data', place.at('nowhere'))).toMatchObject({ status: 3 });
  });
});

describe('pages of documentation', () => {
  const pages = ['CONTRIBUTING.md', 'CHANGELOG.md', 'models/tiny/README.md', 'bench/README.md'];

  it('link to what is there', async () => {
    const docs = await readdir(join(root, 'docs'), { recursive: true });
    const all = docs.map((name) => join('docs', name)).concat(pages);
    for (const page of all.filter((name) => name.endsWith('.md') && !name.includes('/api/'))) {
      const text = readFileSync(join(root, page), 'utf8');
      for (const [, target] of text.matchAll(/\]\((?!https?:)([^)#\s]+)[^)]*\)/g)) {
        expect(existsSync(join(root, dirname(page), target!)), `${page}: ${target}`).toBe(true);
      }
    }
  });
});
