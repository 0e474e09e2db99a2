import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compiledPackage } from '../../test/support/commandLine.js';
import { Workplace } from '../../test/support/workplace.js';
import { packageVersion } from './version.js';

let folder: string;
beforeAll(() => {
  folder = compiledPackage();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const main = () => join(folder, 'dist', 'bin', 'main.js');

function start(script: string, ...words: string[]) {
  return spawn(process.execPath, [script, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
}

async function finished(child: ChildProcess) {
  const [stdout, stderr, [status]] = await Promise.all([
    child.stdout ? text(child.stdout) : '',
    child.stderr ? text(child.stderr) : '',
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { status, stdout, stderr };
}

describe('the compiled command', () => {
  it('knows its version and its verbs', async () => {
    expect(await finished(start(main(), '--version'))).toEqual({
      status: 0,
      stdout: `${packageVersion}\n`,
      stderr: '',
    });
  });

  it('prints JSON on stdout and nothing else', async () => {
    const { status, stdout, stderr } = await finished(start(main(), 'info', '--json'));
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ iqeClip: packageVersion, run: null });
  });

  it('leaves with the status of an error', async () => {
    const { status, stdout, stderr } = await finished(start(main(), 'inof'));
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain('Did you mean info?');
  });

  it('does not mind a reader that has seen enough', async () => {
    const child = start(main(), 'info', '--schema');
    child.stdout.destroy();
    const [stderr, [status]] = await Promise.all([text(child.stderr), once(child, 'close')]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it.skipIf(!existsSync('/dev/full'))('fails where its result cannot be written', async () => {
    const full = openSync('/dev/full', 'w');
    const { status, stderr } = await finished(
      spawn(process.execPath, [main(), 'info'], { stdio: ['ignore', full, 'pipe'] }),
    );
    expect(status).toBe(1);
    expect(stderr).toMatch(/^Error: The result could not be written: .*space/);
  });
});

describe('predict', () => {
  let place: Workplace;
  beforeAll(async () => {
    place = await Workplace.create();
    const words = ['fit', place.data, '--shots', '2', '-o', place.at('run')];
    expect(await place.run(words)).toMatchObject({ status: 0 });
    await writeFile(join(place.data, 'broken.png'), 'no picture');
  });
  afterAll(() => place.remove());

  const words = (out: string) => [
    ...['predict', '--run', place.at('run'), place.data, '-o', place.at(out), '--json'],
    ...['--config', place.config],
  ];
  const outputs = async (out: string) => {
    const names = (await readdir(place.at(out), { recursive: true })).sort();
    const pictures = names.filter((name) => /\.(png|npy)$/.test(name));
    return Promise.all(pictures.map(async (name) => [name, await readFile(place.at(out, name))]));
  };

  it('says and draws in two threads what it does in one', async () => {
    const [one, two] = [
      await place.run(words('one')),
      await finished(start(main(), ...words('two'))),
    ];
    expect(two.status).toBe(one.status);
    const told = (text: string) => text.replace(/"milliseconds": \d+/g, '');
    expect(told(two.stdout)).toBe(told(one.stdout));
    expect(JSON.parse(two.stdout).failures).toMatchObject([{ code: 'unreadable' }]);
    const drawn = await outputs('two');
    expect(drawn.length).toBe(4 * JSON.parse(two.stdout).predictions.length);
    expect(drawn).toEqual(await outputs('one'));
  });

  it('ends where its pictures cannot be written', async () => {
    await writeFile(place.at('file'), '');
    const { status, stderr } = await finished(start(main(), ...words('file/below')));
    expect(status).toBe(1);
    expect(stderr).toMatch(/Error: Cannot write .*\n.*choose another folder/);
  });

  it('ends with Ctrl-C, and leaves no half of a picture', async () => {
    const child = start(main(), ...words('stopped'));
    await once(child.stderr, 'data');
    child.kill('SIGINT');
    const { status, stdout } = await finished(child);
    expect({ status, stdout }).toEqual({ status: 130, stdout: '' });
    const left = await readdir(place.at('stopped'), { recursive: true }).catch(() => []);
    expect(left.filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

describe('Ctrl-C', () => {
  /** Starts a verb that, once it is interrupted, saves for `seconds` first. */
  async function startWorking(seconds: number) {
    const url = (file: string) => JSON.stringify(pathToFileURL(join(folder, 'dist', file)).href);
    const script = join(folder, 'work.mjs');
    await writeFile(
      script,
      `import { setTimeout as wait } from 'node:timers/promises';
      import { throwIfAborted } from ${url('base/errors.js')};
      import { runProcess } from ${url('cli/process.js')};
      import { verbCommand } from ${url('cli/verb.js')};
      await runProcess([(run) => verbCommand('work', '').action(run(async ({ signal, note }) => {
        note('working');
        while (!signal.aborted) await wait(10);
        await wait(${1000 * seconds});
        note('saved');
        throwIfAborted(signal);
      }))]);`,
    );
    const child = start(script, 'work');
    const [beginning] = await once(child.stderr, 'data');
    expect(String(beginning)).toBe('working\n');
    return child;
  }

  it.each(['SIGINT', 'SIGTERM'] as const)('(%s) lets the verb end cleanly', async (signal) => {
    const child = await startWorking(0);
    child.kill(signal);
    const { status, stderr } = await finished(child);
    expect(status).toBe(130);
    expect(stderr).toMatch(/^Stopping; .*\nsaved\nInterrupted\.\n$/);
  });

  it('again ends at once', async () => {
    const child = await startWorking(600);
    const pressing = setInterval(() => child.kill('SIGINT'), 200);
    const { status, stderr } = await finished(child);
    clearInterval(pressing);
    expect(status).toBe(130);
    expect(stderr).not.toContain('saved');
  });
});
