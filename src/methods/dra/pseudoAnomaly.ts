import type { Random } from '../../base/random.js';
import type { SyntheticImage } from '../method.js';

/**
 * A pseudo anomaly by CutMix (Yun et al. 2019): a rectangle of another normal image, a random share of the
 * area, put at another place of this one.
 *
 * @param normal Planes [3, S, S] of all normal images.
 * @param index Which of them is changed.
 */
export function pseudoAnomaly(
  normal: readonly Float32Array[],
  index: number,
  random: Random,
): SyntheticImage {
  const planes = Float32Array.from(normal[index]!);
  const source = normal[random.integer(normal.length)]!;
  const size = Math.round(Math.sqrt(planes.length / 3));
  const side = Math.max(1, Math.round(size * Math.sqrt(random.uniform())));
  const place = () => random.integer(size - side + 1);
  const [fromRow, fromColumn, toRow, toColumn] = [place(), place(), place(), place()];
  const mask = new Float32Array(size * size);
  for (let row = 0; row < side; row++) {
    const to = (toRow + row) * size + toColumn;
    const from = (fromRow + row) * size + fromColumn;
    mask.fill(1, to, to + side);
    for (let start = 0; start < planes.length; start += size * size) {
      planes.set(source.subarray(start + from, start + from + side), start + to);
    }
  }
  return { planes, mask };
}
