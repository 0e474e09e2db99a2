import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandLine } from '../../../test/support/commandLine.js';
import { writeSmallDataSet } from '../../../test/support/smallDataSet.js';

let folder: string;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iqe-fit-verb-'));
  await writeSmallDataSet(at('Spots_AD'), { perLabel: 2 });
  await writeFile(at('wrong.txt'), 'x-0: 0.png');
  await writeFile(at('others.txt'), 'a-0: 7.png\nn-0: 0.png');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('what to learn from', () => {
  const data = () => at('Spots_AD');
  const cases: [string, () => string[], number, RegExp][] = [
    ['nothing', () => [], 2, /Either a data set or --normal DIR is needed/],
    ['two places', () => [data(), '--normal', data()], 2, /and not both/],
    ['abnormal images alone', () => ['--abnormal', data()], 2, /Either a data set or --normal/],
    ['abnormal images of a data set', () => [data(), '--abnormal', 'x'], 2, /go with --normal/],
    ['masks of a data set', () => [data(), '--masks', 'x'], 2, /go with --normal/],
    ['normal images alone', () => ['--normal', data()], 2, /learns from normal images alone/],
    ['no shots', () => [data(), '--shots', '0'], 2, /learns from normal images alone/],
    ['half a shot', () => [data(), '--shots', '0.5'], 2, /'0\.5' is invalid. A whole number/],
    [
      'too many shots',
      () => [data(), '--shots', '3'],
      1,
      /3 wanted, 2 found .*\n.*at most 2 shots/,
    ],
    ['both choices', () => [data(), '--shots', '2', '--shot-file', 'x'], 2, /not both/],
    ['a lost shot file', () => [data(), '--shot-file', at('no')], 3, /no cannot be read: ENOENT/],
    [
      'no shot file',
      () => [data(), '--shot-file', at('wrong.txt')],
      1,
      /wrong\.txt: .*line 1: "x-0/,
    ],
    ["another set's shot file", () => [data(), '--shot-file', at('others.txt')], 1, /7\.png/],
    ['a lost data set', () => [at('nowhere')], 3, /nowhere: there is no such file/],
    ['an unset variable', () => [''], 2, /A path is expected/],
  ];

  it.each(cases)(
    'is refused where it is %s, and nothing is written',
    async (_, words, status, says) => {
      const result = await commandLine(['fit', ...words(), '-o', at('run')]);
      expect(result).toMatchObject({ status, stdout: '' });
      expect(result.stderr).toMatch(/^Error: .*\n.*\n$/);
      expect(result.stderr).toMatch(says);
      expect(await readdir(folder)).not.toContain('run');
    },
  );
});

it('needs a folder to write to', async () => {
  for (const out of [[], ['-o', '']]) {
    const { status, stderr } = await commandLine(['fit', at('Spots_AD'), ...out]);
    expect(status).toBe(2);
    expect(stderr).toContain('-o, --out <run>');
  }
});
