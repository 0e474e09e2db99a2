import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { type ErrorCode, IqeError } from '../base/errors.js';
import { describeError, exitStatusOf } from './errors.js';

describe('exitStatusOf', () => {
  it.each<[ErrorCode, number]>([
    ['usage', 2],
    ['config', 2],
    ['unreadable', 3],
    ['interrupted', 130],
    ['shape', 1],
    ['checkpoint', 1],
    ['download', 1],
    ['data', 1],
    ['output', 1],
    ['runtime', 1],
  ])('%s is %d', (code, status) => {
    expect(exitStatusOf(new IqeError(code, 'message'))).toBe(status);
  });

  it('takes what Node throws at an aborted signal for an interruption', () => {
    const error = new DOMException('This operation was aborted', 'AbortError');
    expect(exitStatusOf(error)).toBe(130);
    expect(describeError(error, false)).toBe('Interrupted.\n');
  });

  it('is 0 after a help text that was asked for and 2 after another', () => {
    expect(exitStatusOf(new CommanderError(0, 'commander.helpDisplayed', ''))).toBe(0);
    expect(exitStatusOf(new CommanderError(1, 'commander.help', ''))).toBe(2);
  });

  it.each([new TypeError('x'), 'text', undefined])('is 1 for anything else (%s)', (error) => {
    expect(exitStatusOf(error)).toBe(1);
  });
});

describe('describeError', () => {
  it('says the message, then what to do', () => {
    const error = new IqeError('data', 'No image in X.', { hint: 'Look into Y.' });
    expect(describeError(error, false)).toBe('Error: No image in X.\nLook into Y.\n');
    expect(describeError(new IqeError('data', 'No image in X.'), false)).toBe(
      'Error: No image in X.\n',
    );
  });

  it('shows the stack and the cause with --verbose only', () => {
    const error = new IqeError('output', 'Cannot write.', { cause: new Error('the disk is full') });
    expect(describeError(error, false)).not.toContain('disk');
    expect(describeError(error, true)).toMatch(/ at .*errors\.test/);
    expect(describeError(error, true)).toContain('the disk is full');
  });

  it('points at --verbose where an error was not foreseen', () => {
    expect(describeError(new TypeError('x is undefined'), false)).toBe(
      'Error: x is undefined\nRun again with --verbose to see where it happened.\n',
    );
    expect(describeError('thrown text', false)).toContain('Error: thrown text\n');
  });
});
