import { describe, expect, it } from 'vitest';
import { Random } from '../base/random.js';
import { calibrated } from '../metrics/calibration.js';
import { decide, goalOf, type JudgedImage } from './decision.js';

const random = new Random(2);
const images = Array.from({ length: 60 }, (_, index): JudgedImage => {
  const label = index % 3 ? 0 : 1;
  const score = 0.3 * label + 0.3 * random.normal();
  return { score, label, map: Float32Array.of(0, score), mask: undefined };
});
const share = (label: 0 | 1, isFound: (image: JudgedImage) => boolean) => {
  const own = images.filter((image) => image.label === label);
  return own.filter(isFound).length / own.length;
};

describe('decide', () => {
  it.each([0.5, 0.8, 0.95, 1])(
    'chooses the highest threshold that finds a share of %s',
    (wanted) => {
      const { calibration, threshold, mapThreshold } = decide(
        images,
        'validation images',
        true,
        goalOf(wanted),
      );
      expect(threshold!.chosenFor).toEqual({ goal: 'sensitivity', atLeast: wanted });
      const found = ({ score }: JudgedImage) =>
        calibrated(calibration, score) >= threshold!.threshold;
      expect(share(1, found)).toBeGreaterThanOrEqual(wanted);
      expect(share(1, found)).toBe(threshold!.rates.sensitivity);
      // Above it is another score, from which on too few are found.
      const next = Math.min(...images.filter(found).map(({ score }) => score));
      expect(share(1, ({ score }) => score > next)).toBeLessThan(wanted);
      // Pixels follow the image where nothing else is known of them.
      expect(share(1, ({ score }) => score >= mapThreshold!)).toBe(threshold!.rates.sensitivity);
    },
  );

  it('chooses the largest F1 unless told', () => {
    const { threshold } = decide(images, 'validation images', true, goalOf(null));
    expect(threshold!.chosenFor).toEqual({ goal: 'f1Max' });
    expect(decide(images, 'validation images', true).threshold).toEqual(threshold);
  });

  it('chooses nothing without images', () => {
    expect(decide([], 'validation images', true, goalOf(0.9))).toMatchObject({
      threshold: null,
      chosenOn: 'no images',
    });
  });
});
