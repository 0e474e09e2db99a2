import type { Random } from '../../base/random.js';

/** Pixels [S, S] of an image, 1 inside, and the box [left, top, width, height] that they lie in. */
export interface Blob {
  readonly mask: Uint8Array;
  readonly box: readonly [left: number, top: number, width: number, height: number];
}

/** Noise above this is inside of a blob, which fills no less than a fifth of its box. */
const noiseThreshold = 0.3;
const smallestShare = 0.2;

/**
 * A blob of random outline: where Perlin noise of one cell, stretched over a box and turned about its
 * centre, is above {@link noiseThreshold}.
 *
 * @param range Smallest and largest side of the box, as parts of S.
 */
export function drawBlob(size: number, range: readonly [number, number], random: Random): Blob {
  const side = () => Math.max(2, Math.round(random.between(...range) * size));
  const [width, height] = [side(), side()];
  const left = random.integer(size - width + 1);
  const top = random.integer(size - height + 1);
  const mask = new Uint8Array(size * size);
  let inside = 0;
  while (inside < smallestShare * width * height) {
    const noise = perlinCell(random);
    const angle = random.between(-Math.PI / 2, Math.PI / 2);
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    inside = 0;
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const [x, y] = [column - (width - 1) / 2, row - (height - 1) / 2];
        const s = (cos * x - sin * y) / width + 0.5;
        const t = (sin * x + cos * y) / height + 0.5;
        const within = s >= 0 && s <= 1 && t >= 0 && t <= 1 && noise(s, t) > noiseThreshold;
        mask[(top + row) * size + left + column] = within ? 1 : 0;
        if (within) inside++;
      }
    }
  }
  return { mask, box: [left, top, width, height] };
}

/**
 * Perlin noise of one cell: √2 times the interpolation of g_ij · (s − i, t − j) between the corners
 * i, j ∈ {0, 1}, g of length 1, with weights 6t⁵ − 15t⁴ + 10t³.
 */
function perlinCell(random: Random): (s: number, t: number) => number {
  const gradients = Array.from({ length: 4 }, () => {
    const angle = random.between(0, 2 * Math.PI);
    return [Math.cos(angle), Math.sin(angle)] as const;
  });
  const fade = (t: number) => t * t * t * (t * (6 * t - 15) + 10);
  const corner = (i: number, j: number, s: number, t: number) => {
    const [x, y] = gradients[2 * j + i]!;
    return x * (s - i) + y * (t - j);
  };
  return (s, t) => {
    const weight = fade(s);
    const along = (j: number) => corner(0, j, s, t) * (1 - weight) + corner(1, j, s, t) * weight;
    return Math.SQRT2 * (along(0) * (1 - fade(t)) + along(1) * fade(t));
  };
}

/** A sheared and turned ellipse or rectangle: points c + M · u with ‖u‖₂ ≤ 1, or ‖u‖∞ ≤ 1. */
export interface ConvexShape {
  readonly kind: 'ellipse' | 'rectangle';
  readonly centre: readonly [x: number, y: number];
  /** M by rows. */
  readonly matrix: readonly [number, number, number, number];
}

/** @param range Smallest and largest extent, as parts of S. */
export function drawConvexShape(
  size: number,
  range: readonly [number, number],
  random: Random,
): ConvexShape {
  const kind = random.choose(['ellipse', 'rectangle'] as const);
  // (0.03 + Gamma(2, 0.1)) · S: mostly small, seldom large.
  const side = () => {
    const gamma = -0.1 * Math.log((1 - random.uniform()) * (1 - random.uniform()));
    return Math.min(Math.max(0.03 + gamma, range[0]), range[1]) * size;
  };
  const [a, b] = [side() / 2, side() / 2];
  const [shearX, shearY] = [0.2 * random.normal(), 0.2 * random.normal()];
  const angle = random.between(-Math.PI / 2, Math.PI / 2);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const m = [
    (cos - sin * shearY) * a,
    (cos * shearX - sin) * b,
    (sin + cos * shearY) * a,
    (sin * shearX + cos) * b,
  ] as const;
  const [reachX, reachY] = [Math.abs(m[0]) + Math.abs(m[1]), Math.abs(m[2]) + Math.abs(m[3])];
  const scale = Math.min(1, (range[1] * size) / 2 / Math.max(reachX, reachY));
  const centre = (reach: number) => random.between(scale * reach, size - 1 - scale * reach);
  return {
    kind,
    centre: [centre(reachX), centre(reachY)],
    matrix: [scale * m[0], scale * m[1], scale * m[2], scale * m[3]],
  };
}

/** M⁻¹ v. */
function inverse([a, b, c, d]: ConvexShape['matrix'], x: number, y: number): [number, number] {
  const determinant = a * d - b * c;
  return [(d * x - b * y) / determinant, (a * y - c * x) / determinant];
}

export function isInside(shape: ConvexShape, x: number, y: number): boolean {
  const [u, v] = inverse(shape.matrix, x - shape.centre[0], y - shape.centre[1]);
  return shape.kind === 'ellipse' ? u * u + v * v <= 1 : Math.max(Math.abs(u), Math.abs(v)) <= 1;
}

/** How many times (dx, dy) fit between a point inside and the edge: t > 0 with ‖M⁻¹ (p + t·d − c)‖ = 1. */
export function stepsToEdge(
  shape: ConvexShape,
  [x, y]: readonly [number, number],
  dx: number,
  dy: number,
): number {
  const [u, v] = inverse(shape.matrix, x - shape.centre[0], y - shape.centre[1]);
  const [du, dv] = inverse(shape.matrix, dx, dy);
  if (shape.kind === 'rectangle') {
    const along = (from: number, by: number) =>
      by === 0 ? Number.POSITIVE_INFINITY : (Math.sign(by) - from) / by;
    return Math.min(along(u, du), along(v, dv));
  }
  const a = du * du + dv * dv;
  const b = u * du + v * dv;
  const c = u * u + v * v - 1;
  return (-b + Math.sqrt(Math.max(0, b * b - a * c))) / a;
}
