import type { Random } from '../../base/random.js';

/** Lloyd's iterations end here at the latest; a few are enough as a rule. */
const mostIterations = 300;

/**
 * K-means (Lloyd 1982) from a k-means++ start (Arthur & Vassilvitskii 2007): the cluster of each point,
 * 0 … K − 1, such that every point is in the cluster whose mean is nearest. A cluster that runs empty
 * takes the point that is farthest from its own mean.
 *
 * @param points [N, width], one after the other
 * @param clusters K ≤ N; no cluster is empty unless points coincide
 */
export function kMeans(
  points: Float32Array,
  width: number,
  clusters: number,
  random: Random,
): Int32Array {
  const count = points.length / width;
  const means = firstMeans(points, width, clusters, random);
  const labels = new Int32Array(count).fill(-1);
  const distances = new Float64Array(count);
  for (let iteration = 0; iteration < mostIterations; iteration++) {
    let moved = false;
    for (let point = 0; point < count; point++) {
      let nearest = 0;
      let least = Number.POSITIVE_INFINITY;
      for (let cluster = 0; cluster < clusters; cluster++) {
        const distance = squaredDistance(points, point, means, cluster, width);
        if (distance < least) [nearest, least] = [cluster, distance];
      }
      if (labels[point] !== nearest) moved = true;
      labels[point] = nearest;
      distances[point] = least;
    }
    const refilled = fillEmpty(labels, distances, clusters);
    if (!moved && !refilled) break;
    averages(points, width, labels, means);
  }
  return labels;
}

/** Each next mean is a point drawn in proportion to its squared distance to the nearest mean so far. */
function firstMeans(
  points: Float32Array,
  width: number,
  clusters: number,
  random: Random,
): Float64Array {
  const count = points.length / width;
  const means = new Float64Array(clusters * width);
  const distances = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  let chosen = random.integer(count);
  for (let cluster = 0; cluster < clusters; cluster++) {
    means.set(points.subarray(chosen * width, (chosen + 1) * width), cluster * width);
    let total = 0;
    for (let point = 0; point < count; point++) {
      const distance = squaredDistance(points, point, means, cluster, width);
      distances[point] = Math.min(distances[point]!, distance);
      total += distances[point]!;
    }
    let rest = random.uniform() * total;
    chosen = distances.findIndex((distance) => {
      rest -= distance;
      return rest < 0;
    });
    if (chosen < 0) chosen = random.integer(count);
  }
  return means;
}

/** Gives each empty cluster the point that is farthest from its mean, of those that are not alone. */
function fillEmpty(labels: Int32Array, distances: Float64Array, clusters: number): boolean {
  const sizes = new Int32Array(clusters);
  for (const label of labels) sizes[label]!++;
  let filled = false;
  for (let cluster = 0; cluster < clusters; cluster++) {
    if (sizes[cluster]! > 0) continue;
    let farthest = -1;
    for (let point = 0; point < labels.length; point++) {
      if (sizes[labels[point]!]! < 2 || distances[point] === 0) continue;
      if (farthest < 0 || distances[point]! > distances[farthest]!) farthest = point;
    }
    if (farthest < 0) break;
    sizes[labels[farthest]!]!--;
    sizes[cluster]!++;
    labels[farthest] = cluster;
    distances[farthest] = 0;
    filled = true;
  }
  return filled;
}

function averages(
  points: Float32Array,
  width: number,
  labels: Int32Array,
  means: Float64Array,
): void {
  const sizes = new Int32Array(means.length / width);
  for (const label of labels) sizes[label]!++;
  for (const [cluster, size] of sizes.entries()) {
    if (size > 0) means.fill(0, cluster * width, (cluster + 1) * width);
  }
  for (const [point, label] of labels.entries()) {
    for (let c = 0; c < width; c++) {
      means[label * width + c]! += points[point * width + c]! / sizes[label]!;
    }
  }
}

function squaredDistance(
  points: Float32Array,
  point: number,
  means: Float64Array,
  mean: number,
  width: number,
): number {
  let sum = 0;
  for (let c = 0; c < width; c++) {
    const difference = points[point * width + c]! - means[mean * width + c]!;
    sum += difference * difference;
  }
  return sum;
}
