import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TextStream } from '../../test/support/commandLine.js';
import type { Progress } from '../base/progress.js';
import { progressDisplay } from './progress.js';

/** A display whose clock is set by each report. */
function display(isTTY: boolean, columns?: number) {
  const stream = new TextStream(isTTY, columns);
  let time = 0;
  const { onProgress, clear } = progressDisplay(stream, () => time);
  const at = (seconds: number, done: number, more: Partial<Progress> = {}) => {
    time = seconds;
    onProgress({ stage: 'training', done, total: 100, unit: 'steps', ...more });
  };
  return { stream, at, clear };
}

/** What a terminal shows of the last line. */
function screen(stream: TextStream): string {
  return stream.text.split('\r').at(-1)!.replace('\x1b[K', '');
}

describe('on a terminal', () => {
  it('shows a bar with stage, count, loss and time left', () => {
    const { stream, at } = display(true, 100);
    at(0, 0);
    at(3, 30, { loss: 0.43125 });
    expect(screen(stream)).toBe(
      'training  █████████░░░░░░░░░░░░░░░░░░░░░   30%  30/100 steps  loss 0.4313  0:07 left',
    );
  });

  it('makes the bar smaller on a narrow one, and leaves it out on a very narrow one', () => {
    const shown = (columns: number) => {
      const { stream, at } = display(true, columns);
      at(0, 0);
      at(3, 30);
      return screen(stream);
    };
    expect(shown(55)).toBe('training  ███░░░░░░░░░░   30%  30/100 steps  0:07 left');
    expect(shown(45)).toBe('training   30%  30/100 steps  0:07 left');
    expect(shown(20)).toBe('training   30%  30/');
  });

  it('is silent for two seconds', () => {
    const { stream, at } = display(true);
    for (let done = 0; done < 20; done++) at(done / 10, done);
    expect(stream.text).toBe('');
  });

  it('rewrites one line, at most ten times a second', () => {
    const { stream, at } = display(true);
    for (let done = 0; done < 90; done++) at(done / 20, done);
    expect(stream.text).not.toContain('\n');
    expect(stream.writes.length).toBeGreaterThan(20);
    expect(stream.writes.length).toBeLessThanOrEqual(25);
    for (const text of stream.writes)
      expect(text).satisfy((line: string) => line.startsWith('\r') && line.endsWith('\x1b[K'));
  });

  it('erases the bar when the stage is complete, and when asked to', () => {
    const { stream, at, clear } = display(true);
    at(0, 0);
    at(3, 50);
    at(4, 100);
    expect(screen(stream)).toBe('');
    at(5, 0);
    at(8, 50);
    clear();
    expect(screen(stream)).toBe('');
    const { length } = stream.writes;
    clear();
    expect(stream.writes.length).toBe(length);
  });

  it('stays within one line whatever the width', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 99 }),
        fc.option(fc.integer({ min: 100, max: 1e9 }), { nil: undefined }),
        (columns, done, total) => {
          const { stream, at } = display(true, columns);
          at(0, 0, { total });
          at(1000, done, { total, loss: 12.5 });
          expect(screen(stream).length).toBeLessThan(columns);
        },
      ),
    );
  });

  it('counts bytes in their units', () => {
    const { stream, at } = display(true);
    at(0, 0, { unit: 'bytes', total: 1.71e9 });
    at(10, 171e6, { unit: 'bytes', total: 1.71e9 });
    expect(screen(stream)).toContain('10%  171 MB/1.71 GB  1:30 left');
  });

  it('says how many where the total is unknown', () => {
    const { stream, at } = display(true);
    at(0, 0, { total: undefined });
    at(10, 7, { total: undefined, unit: 'files' });
    expect(screen(stream)).toBe('training  7 files');
  });
});

describe('elsewhere', () => {
  it('writes a line for each tenth of the work and one at the end', () => {
    const { stream, at } = display(false);
    for (let done = 0; done <= 100; done++) at(done, done, { loss: 1 });
    const lines = stream.text.split('\n');
    expect(lines.length).toBe(11);
    expect(lines[0]).toBe('training: 10/100 steps (10%), loss 1.0000, 1:30 left');
    expect(lines[9]).toBe('training: 100/100 steps (100%), loss 1.0000, took 1:40');
  });

  it('writes no more than every two seconds, no less than every thirty', () => {
    const fast = display(false);
    for (let done = 0; done <= 100; done++) fast.at(done / 20, done);
    expect(fast.stream.text.match(/\d+%/g)).toEqual(['40%', '80%', '100%']);
    const slow = display(false);
    for (let done = 0; done <= 10; done++) slow.at(10 * done, done, { total: 1e6 });
    expect(slow.stream.text.match(/\d+\/1000000/g)).toEqual([
      '3/1000000',
      '6/1000000',
      '9/1000000',
    ]);
  });

  it('is silent over what takes less than two seconds', () => {
    const { stream, at } = display(false);
    for (let done = 0; done <= 100; done++) at(done / 60, done);
    expect(stream.text).toBe('');
  });

  it('reckons the time left from where a continued stage began', () => {
    const { stream, at } = display(false);
    at(0, 80);
    at(5, 90);
    expect(stream.text).toBe('training: 90/100 steps (90%), 0:05 left\n');
  });

  it('takes a stage that begins again for a new one', () => {
    const { stream, at } = display(false);
    at(0, 0);
    at(10, 60);
    at(11, 5);
    at(12, 40);
    expect(stream.text).toBe('training: 60/100 steps (60%), 0:07 left\n');
  });
});
