import { expect } from 'vitest';
import type { CommandLineResult } from './commandLine.js';

/**
 * Fails unless a command that ran with `--json` ended as a person and a script may expect: with this
 * status; on stdout nothing or one JSON object; on stderr a few lines of words, no stack trace.
 *
 * @returns The object on stdout.
 */
export function expectClear(
  { status, stdout, stderr }: CommandLineResult,
  expected: { readonly status: number; readonly says?: RegExp | readonly RegExp[] | undefined },
  // biome-ignore lint/suspicious/noExplicitAny: it is whatever the command printed.
): any {
  expect({ status, stderr }).toEqual({ status: expected.status, stderr: expect.any(String) });
  expect(stderr).not.toMatch(/^\s+at .*:\d+/m);
  expect(stderr).not.toMatch(/\b(undefined|NaN|\[object Object\])\b/);
  expect(stderr.split('\n').length, stderr).toBeLessThanOrEqual(9);
  for (const words of [expected.says ?? []].flat()) expect(stderr).toMatch(words);
  return stdout === '' ? undefined : JSON.parse(stdout);
}
