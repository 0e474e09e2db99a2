import { describe, expect, it } from 'vitest';
import { countOutcomes, outcomeOf, wilsonInterval, worstFirst } from './outcomes.js';

const image = (id: string, label: 'normal' | 'abnormal', score: number) => ({ id, label, score });

const images = [
  image('a', 'abnormal', 0.9),
  image('b', 'abnormal', 0.5),
  image('c', 'abnormal', 0.1),
  image('d', 'normal', 0.8),
  image('e', 'normal', 0.49),
];

describe('outcomes', () => {
  it('counts an image as abnormal from the threshold on', () => {
    expect(images.map((one) => outcomeOf(one, 0.5))).toEqual([
      'detected',
      'detected',
      'missed',
      'false alarm',
      'cleared',
    ]);
    expect(countOutcomes(images, 0.5)).toEqual({
      detected: 2,
      missed: 1,
      'false alarm': 1,
      cleared: 1,
    });
  });

  it('puts the worst misses first, equal ones by id', () => {
    const ids = (threshold: number | null) => worstFirst(images, threshold).map(({ id }) => id);
    expect(ids(0.5)).toEqual(['c', 'd', 'b', 'e', 'a']);
    expect(ids(null)).toEqual(['c', 'd', 'b', 'e', 'a']);
    expect(ids(0.95)).toEqual(['c', 'b', 'a', 'd', 'e']);
    const slight = [image('false alarm', 'normal', 0.99), image('missed', 'abnormal', 0.49)];
    expect(worstFirst(slight, 0.5).map(({ id }) => id)).toEqual(['missed', 'false alarm']);
    expect(
      worstFirst([image('z', 'normal', 0.5), image('y', 'normal', 0.5)], 0.5).map(({ id }) => id),
    ).toEqual(['y', 'z']);
  });
});

describe('wilsonInterval', () => {
  it('agrees with published values', () => {
    // Newcombe 1998, table I: 81/263, 15/148, 0/20, 1/29.
    const published = [
      [81, 263, 0.2553, 0.3662],
      [15, 148, 0.0624, 0.1605],
      [0, 20, 0, 0.1611],
      [1, 29, 0.0061, 0.1718],
    ] as const;
    for (const [successes, total, low, high] of published) {
      const interval = wilsonInterval(successes, total);
      expect(interval[0]).toBeCloseTo(low, 4);
      expect(interval[1]).toBeCloseTo(high, 4);
    }
  });
});
