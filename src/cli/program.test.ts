import { describe, expect, it } from 'vitest';
import { commandLine } from '../../test/support/commandLine.js';
import { IqeError, throwIfAborted } from '../base/errors.js';
import { exitStatus } from './errors.js';
import { type VerbBody, type VerbBuilder, type VerbContext, verbCommand } from './verb.js';
import { packageVersion } from './version.js';

/** A verb `do [what]` with all common options. */
function verb(body: VerbBody<{ own?: string }, [what?: string]>): { verbs: VerbBuilder[] } {
  const flags = ['preset', 'backbone', 'threads', 'epochs', 'batch-size', 'cache'] as const;
  return {
    verbs: [
      (run) =>
        verbCommand('do', 'Does something.', flags)
          .argument('[what]', 'Anything.')
          .option('--own <text>', 'Its own option.')
          .action(run(body)),
    ],
  };
}

const nothing = verb(async () => undefined);

describe('help', () => {
  it('lists the verbs and goes to stdout', async () => {
    const { status, stdout, stderr } = await commandLine(['--help']);
    expect(status).toBe(0);
    expect(stderr).toBe('');
    for (const word of ['data', 'info', '--config', 'IQE_', 'Exit status']) {
      expect(stdout).toContain(word);
    }
  });

  it('of a verb has texts, choices and defaults from the schema, its own options first', async () => {
    const { stdout } = await commandLine(['do', '--help'], nothing);
    const text = stdout.replace(/\s+/g, ' ');
    expect(text).toContain('Passes over the training images. (default: 50)');
    expect(text).toContain('(choices: "paper", "official")');
    expect(text).toContain('--cache <dir>');
    expect(stdout.indexOf('--own')).toBeLessThan(stdout.indexOf('Common options:'));
    for (const option of ['--json', '--config', '--set', '--seed', '--quiet', '--verbose']) {
      expect(stdout).toContain(option);
    }
  });

  it('is shown on stderr, as an error, where a verb is missing', async () => {
    for (const words of [[], ['data']]) {
      const { status, stdout, stderr } = await commandLine(words);
      expect(status).toBe(2);
      expect(stdout).toBe('');
      expect(stderr).toContain('Usage: iqe-clip');
    }
  });

  it('is not needed for the version', async () => {
    expect(await commandLine(['--version'])).toEqual({
      status: 0,
      stdout: `${packageVersion}\n`,
      stderr: '',
    });
  });
});

describe('a wrong command line is status 2 and says what is right', () => {
  it.each([
    [
      'a wrong verb',
      ['inof'],
      /unknown command 'inof'\n\(Did you mean info\?\)\n'iqe-clip --help'/,
    ],
    ['a wrong verb of a group', ['data', 'chek', 'x'], /'chek'(.|\n)*'iqe-clip data --help'/],
    ['a wrong option', ['info', '--sed', '1'], /'--sed'\n.*--seed(.|\n)*'iqe-clip info --help'/],
    ['a wrong choice', ['info', '--device', 'tpu'], /'tpu' is invalid.*auto, cpu, webgpu, cuda/],
    ['a wrong number', ['info', '--threads', 'all'], /threads \(--threads\): .*got "all"/],
    ['a missing value', ['info', '--seed'], /'--seed <n>' argument missing/],
    ['a missing operand', ['data', 'check'], /missing required argument 'dir'/],
    ['one operand too many', ['data', 'check', 'a', 'b'], /too many arguments/],
    ['a wrong setting', ['info', '--set', 'epochs=3'], /Did you mean training\.epochs\?/],
    ['a missing file', ['info', '--config', 'none.yaml'], /none\.yaml cannot be read/],
  ])('%s', async (_name, words, message) => {
    const { status, stdout, stderr } = await commandLine(words);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^Error: /);
    expect(stderr.split('\n').length).toBeLessThanOrEqual(4);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  });
});

describe('a verb', () => {
  it('gets its options, operands and settings', async () => {
    const seen: unknown[] = [];
    const words = ['do', 'it', '--own', 'x', '--epochs', '3', '--set', 'seed=4', '--batch-size=5'];
    const { status } = await commandLine(words, {
      ...verb(async ({ settings }, { own }, what) => {
        seen.push(what, own, settings.given);
      }),
      environment: { IQE_EPOCHS: '9', IQE_PRESET: 'official' },
    });
    expect(status).toBe(0);
    expect(seen).toEqual([
      'it',
      'x',
      { preset: 'official', seed: 4, training: { epochs: 3, batchSize: 5 } },
    ]);
  });

  it.each(Object.values(exitStatus))('decides on the status: %d', async (status) => {
    expect(
      (
        await commandLine(
          ['do'],
          verb(async () => status),
        )
      ).status,
    ).toBe(status);
  });

  it('fails with a few lines, and a stack with --verbose only', async () => {
    const failing = verb(async () => {
      throw new IqeError('unreadable', 'No image in X.', { hint: 'Look into Y.' });
    });
    expect(await commandLine(['do'], failing)).toEqual({
      status: 3,
      stdout: '',
      stderr: 'Error: No image in X.\nLook into Y.\n',
    });
    expect((await commandLine(['do', '--verbose'], failing)).stderr).toMatch(/\n +at /);
  });

  it('that fails in an unforeseen way is status 1', async () => {
    const failing = verb(async () => {
      throw new TypeError('x is not a function');
    });
    const { status, stderr } = await commandLine(['do'], failing);
    expect(status).toBe(1);
    expect(stderr).toBe(
      'Error: x is not a function\nRun again with --verbose to see where it happened.\n',
    );
  });
});

describe('output', () => {
  const report = ({ onProgress, note, print }: VerbContext) => {
    for (let done = 0; done <= 10; done++) {
      onProgress({ stage: 'work', done, total: 10, unit: 'steps' });
    }
    note('a note');
    print({ answer: 42 }, ({ answer }) => `The answer is ${answer}.`);
  };
  const reporting = () => {
    let time = 0;
    return { ...verb(async (context) => report(context)), now: () => time++ };
  };

  it('has results on stdout, progress and notes on stderr', async () => {
    const { stdout, stderr } = await commandLine(['do'], reporting());
    expect(stdout).toBe('The answer is 42.\n');
    expect(stderr).toMatch(/^work: 2\/10 steps(.|\n)*took 0:10\na note\n$/);
  });

  it('is one JSON object with --json', async () => {
    const { stdout } = await commandLine(['do', '--json'], reporting());
    expect(JSON.parse(stdout)).toEqual({ answer: 42 });
  });

  it('is the result alone with --quiet', async () => {
    expect(await commandLine(['do', '--quiet'], reporting())).toEqual({
      status: 0,
      stdout: 'The answer is 42.\n',
      stderr: '',
    });
  });

  it('has no rest of a bar before a note, a result or an error', async () => {
    let time = 0;
    const interrupted = verb(async ({ onProgress }) => {
      for (const done of [0, 1]) onProgress({ stage: 'work', done, total: 9, unit: 'steps' });
      throw new IqeError('data', 'Wrong.');
    });
    const { stderr } = await commandLine(['do'], {
      ...interrupted,
      isTTY: true,
      now: () => 3 * time++,
    });
    expect(stderr.split('\r')).toEqual([
      '',
      expect.stringMatching(/^work .* 11%/),
      '\x1b[KError: Wrong.\n',
    ]);
  });

  it('cannot be two results', async () => {
    const twice = verb(async ({ print }) => {
      print(1, String);
      print(2, String);
    });
    const { status, stdout } = await commandLine(['do', '--json'], twice);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '1\n' });
  });
});

it('an aborted signal reaches the verb and is status 130', async () => {
  const controller = new AbortController();
  const { status, stdout, stderr } = await commandLine(['do'], {
    ...verb(async ({ signal }) => {
      controller.abort();
      throwIfAborted(signal);
    }),
    signal: controller.signal,
  });
  expect({ status, stdout }).toEqual({ status: 130, stdout: '' });
  expect(stderr).toBe('Stopping; Ctrl-C again ends at once.\nInterrupted.\n');
});
