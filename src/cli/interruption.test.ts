import { expect, it } from 'vitest';
import { interruption } from './interruption.js';

it('aborts at the first Ctrl-C, ends at the second, and takes an echo of npm for the same', () => {
  const ends: number[] = [];
  let time = 0;
  const { signal, stop } = interruption(
    () => time,
    () => ends.push(time),
  );
  const states: [boolean, number[]][] = [];
  for (time of [10, 10.1, 10.2, 11]) {
    stop();
    states.push([signal.aborted, [...ends]]);
  }
  expect(states).toEqual([
    [true, []],
    [true, []],
    [true, []],
    [true, [11]],
  ]);
});
