import { Random } from '../../src/base/random.js';

/**
 * `bytes` damaged by chance: cut off somewhere, or with some bytes changed anywhere or in the first
 * 512. The same seed and labels give the same damage.
 */
export function damaged(
  bytes: Uint8Array,
  seed: number,
  ...labels: readonly string[]
): Uint8Array<ArrayBuffer> {
  const random = new Random(seed, 'damage', ...labels);
  const kind = random.choose(['cut', 'anywhere', 'start'] as const);
  if (kind === 'cut') return Uint8Array.from(bytes.subarray(0, random.integer(bytes.length)));
  const copy = Uint8Array.from(bytes);
  const reach = kind === 'start' ? Math.min(512, bytes.length) : bytes.length;
  const changes = 1 + random.integer(random.choose([4, 100]));
  for (let change = 0; change < changes; change++) {
    copy[random.integer(reach)] = random.integer(256);
  }
  return copy;
}
