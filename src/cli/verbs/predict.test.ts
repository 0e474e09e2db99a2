import { expect, it } from 'vitest';
import { commandLine } from '../../../test/support/commandLine.js';

it.each([
  ['no image', ['--run', 'r'], /missing required argument 'input'/],
  [
    'no run and no zero-shot head',
    ['x.png', '--backbone', 'other'],
    /no run to score images with.*\n.*iqe-clip fit/,
  ],
  ['an unset variable for an image', ['--run', 'r', 'x.png', ''], /A path is expected/],
  ['an unset variable for the run', ['--run', '', 'x.png'], /A path is expected/],
  ['an unset variable for the output', ['--run', 'r', '-o', '', 'x.png'], /A path is expected/],
  ['unknown pictures', ['--run', 'r', '-o', 'o', '--save', 'npy,pdf', 'x.png'], /'pdf' is none of/],
  ['pictures and no place for them', ['--run', 'r', '--save', 'npy', 'x.png'], /not where.*\n.*-o/],
])('refuses %s', async (_, words, says) => {
  const { status, stdout, stderr } = await commandLine(['predict', ...words]);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(says);
  expect(stderr.split('\n')).toHaveLength(3);
});

it('looks for images before it loads a model', async () => {
  const { status, stderr } = await commandLine(['predict', '--run', 'r', 'not-there.png']);
  expect(status).toBe(3);
  expect(stderr).toMatch(/^Error: not-there\.png is not there\.\nGive image files, folders/);
});
