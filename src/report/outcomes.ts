import type { Interval, ScoredImage } from './types.js';

/** What became of an image at a threshold. */
export type Outcome = 'missed' | 'false alarm' | 'detected' | 'cleared';

/** The outcome of one image: abnormal from score ≥ `threshold` on. */
export function outcomeOf(image: ScoredImage, threshold: number): Outcome {
  const positive = image.score >= threshold;
  if (image.label === 'abnormal') return positive ? 'detected' : 'missed';
  return positive ? 'false alarm' : 'cleared';
}

/** How many images had each outcome. */
export type OutcomeCounts = Readonly<Record<Outcome, number>>;

export function countOutcomes(images: readonly ScoredImage[], threshold: number): OutcomeCounts {
  const counts = { missed: 0, 'false alarm': 0, detected: 0, cleared: 0 };
  for (const image of images) counts[outcomeOf(image, threshold)]++;
  return counts;
}

/**
 * How wrong the score of an image is: how far it lies on the wrong side of the threshold (negative
 * on the right side), and 1 more where an abnormal image is missed, which is worse than any false
 * alarm. Without a threshold, how far beyond one half.
 */
export function severity(image: ScoredImage, threshold: number | null): number {
  const distance = image.score - (threshold ?? 0.5);
  if (image.label === 'normal') return distance;
  return threshold !== null && distance < 0 ? 1 - distance : -distance;
}

/** The images with the worst misses first; equal ones by id. */
export function worstFirst<T extends ScoredImage>(
  images: readonly T[],
  threshold: number | null,
): T[] {
  return [...images].sort(
    (a, b) =>
      severity(b, threshold) - severity(a, threshold) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
  );
}

/**
 * The 95 % interval of a share k / n after Wilson: (p + z²/2n ± z√(p(1 − p)/n + z²/4n²)) / (1 + z²/n)
 * with z = 1.96.
 */
export function wilsonInterval(successes: number, total: number): Interval {
  const z = 1.959963984540054;
  const share = successes / total;
  const scale = 1 + (z * z) / total;
  const centre = (share + (z * z) / (2 * total)) / scale;
  const half =
    (z / scale) * Math.sqrt((share * (1 - share)) / total + (z * z) / (4 * total * total));
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}
