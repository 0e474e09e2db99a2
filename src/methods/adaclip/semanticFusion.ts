import type { Random } from '../../base/random.js';
import { kMeans } from './kMeans.js';

/** So many of the most abnormal patches are clustered for each cluster. */
const patchesPerCluster = 5;

/** The `count` largest of `values`, the largest first; of equal ones the first. */
export function largest(values: Float32Array, count: number): number[] {
  const order = Array.from(values.keys()).sort((a, b) => values[b]! - values[a]! || a - b);
  return order.slice(0, count);
}

/**
 * Hybrid semantic fusion as weights of patches: the most abnormal ones are clustered, and the mean of
 * the clusters' means is wanted, so that a patch of a cluster of n counts 1 / (K · n).
 *
 * @param abnormal How abnormal each patch is [G²].
 * @param tokens Patch tokens of each stage [G², C], clustered side by side.
 * @param clusters K; as many as there are patches where they are fewer.
 * @returns [G²], Σ = 1
 */
export function fusionWeights(
  abnormal: Float32Array,
  tokens: readonly Float32Array[],
  clusters: number,
  random: Random,
): Float32Array {
  const count = abnormal.length;
  const chosen = largest(abnormal, Math.min(count, patchesPerCluster * clusters));
  const width = tokens[0]!.length / count;
  const points = new Float32Array(chosen.length * tokens.length * width);
  for (const [row, patch] of chosen.entries()) {
    for (const [stage, values] of tokens.entries()) {
      const at = (row * tokens.length + stage) * width;
      points.set(values.subarray(patch * width, (patch + 1) * width), at);
    }
  }
  const k = Math.min(clusters, chosen.length);
  return clusterWeights(chosen, kMeans(points, tokens.length * width, k, random), count);
}

/**
 * 1 / (K · n) for each patch of a cluster of n of the K clusters that have patches, 0 for all others.
 *
 * @param chosen Patches that were clustered.
 * @param labels Their clusters.
 * @param count G²
 */
export function clusterWeights(
  chosen: readonly number[],
  labels: ArrayLike<number>,
  count: number,
): Float32Array {
  const sizes = new Map<number, number>();
  for (const row of chosen.keys()) sizes.set(labels[row]!, (sizes.get(labels[row]!) ?? 0) + 1);
  const weights = new Float32Array(count);
  for (const [row, patch] of chosen.entries()) {
    weights[patch] = 1 / (sizes.size * sizes.get(labels[row]!)!);
  }
  return weights;
}
