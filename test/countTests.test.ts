import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('../scripts/countTests.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'iqe-count-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What the script says of a report in the form of vitest's JSON reporter. */
function counted(report: string | object): string {
  const path = join(folder, 'report.json');
  writeFileSync(path, typeof report === 'string' ? report : JSON.stringify(report));
  return execFileSync(process.execPath, [script, path], { encoding: 'utf8' });
}

const file = (status: string, ...tests: string[]) => ({
  status,
  assertionResults: tests.map((test) => ({ status: test })),
});

const report = (success: boolean, files: readonly ReturnType<typeof file>[]) => {
  const count = (status: string) =>
    files
      .flatMap(({ assertionResults }) => assertionResults)
      .filter((test) => test.status === status).length;
  return {
    success,
    numPassedTests: count('passed'),
    numFailedTests: count('failed'),
    numPendingTests: count('skipped'),
    numTodoTests: count('todo'),
    testResults: files,
  };
};

describe('countTests.mjs', () => {
  it('counts tests', () => {
    expect(counted(report(true, [file('passed', 'passed', 'passed')]))).toBe(
      '2 passed, 0 failed\n',
    );
    const files = [file('failed', 'passed', 'failed'), file('passed', 'skipped', 'todo')];
    expect(counted(report(false, files))).toBe('1 passed, 1 failed, 2 skipped\n');
  });

  it('counts a file that cannot be loaded, or whose hooks fail, as one failure', () => {
    const files = [file('passed', 'passed'), file('failed'), file('failed', 'skipped', 'skipped')];
    expect(counted(report(false, files))).toBe('1 passed, 2 failed, 2 skipped\n');
  });

  it('counts an error outside of all tests, and a report that was never written', () => {
    expect(counted(report(false, [file('passed', 'passed')]))).toBe('1 passed, 1 failed\n');
    expect(counted('')).toBe('0 passed, 1 failed\n');
  });
});
