import { expect, it } from 'vitest';
import { commandLine } from '../../../test/support/commandLine.js';

it.each([
  ['no data', ['--run', 'r'], 2, /missing required argument 'data'/],
  [
    'no run and no zero-shot head',
    ['d', '--backbone', 'other'],
    2,
    /no run to score.*\n.*--method can be clip, clip-ac, winclip, medclip\./,
  ],
  ['a method that has to be fitted', ['d', '--method', 'mvfa'], 2, /mvfa needs a run/],
  ['an unset variable for the run', ['--run', '', 'd'], 2, /A path is expected/],
  ['an unset variable for the data', ['--run', 'r', ''], 2, /A path is expected/],
  ['an unknown split', ['--run', 'r', '--split', 'all', 'd'], 2, /train, valid, test/],
  ['a gate that none could pass', ['--run', 'r', '--min-auroc', '95', 'd'], 2, /from 0 to 1/],
  [
    'data that is not there',
    ['--run', 'r', 'd-not-there'],
    3,
    /d-not-there: there is no such file/,
  ],
])('refuses %s', async (_, words, status, says) => {
  const result = await commandLine(['evaluate', ...words]);
  expect(result).toMatchObject({ status, stdout: '' });
  expect(result.stderr).toMatch(says);
  expect(result.stderr.split('\n')).toHaveLength(3);
});
