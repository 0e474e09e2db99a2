import type { Random } from '../../base/random.js';

/**
 * A region of the anatomical plane. `depth(u, v)` is the distance to its edge in anatomical
 * units, positive inside and negative outside: exact enough near the edge to draw it softly.
 */
export interface Shape {
  /** A rectangle that holds the whole shape. */
  readonly bounds: Bounds;
  /** `pixel` is the index of the pixel at (u, v), where there is one: see {@link Frame.measured}. */
  depth(u: number, v: number, pixel?: number): number;
}

export interface Bounds {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

const everywhere: Bounds = { left: -1e3, top: -1e3, right: 1e3, bottom: 1e3 };

/** A shape given by its depth function, `bounds` everywhere unless told. */
export function region(depth: Shape['depth'], bounds: Bounds = everywhere): Shape {
  return { bounds, depth };
}

/**
 * An ellipse with half axes `radiusU`, `radiusV`, turned by `angle` radians. `bend` makes a banana
 * of it: at the end of its v axis it is shifted by `bend` along u.
 */
export function ellipse(
  u: number,
  v: number,
  radiusU: number,
  radiusV: number,
  angle = 0,
  bend = 0,
): Shape {
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const reach = Math.max(radiusU, radiusV) + Math.abs(bend);
  const smallest = Math.min(radiusU, radiusV);
  return {
    bounds: around(u, v, reach),
    depth(x, y) {
      const dx = x - u;
      const dy = y - v;
      const b = (dy * cos - dx * sin) / radiusV;
      const a = (dx * cos + dy * sin - bend * b * b) / radiusU;
      const radius = Math.sqrt(a * a + b * b);
      if (radius < 1e-6) return smallest;
      const length = Math.sqrt((a * radiusU) ** 2 + (b * radiusV) ** 2);
      return length / radius - length;
    },
  };
}

/**
 * A star-shaped region around (`u`, `v`): `radii` are the distances of its edge at equal angles,
 * counted from +u towards +v, joined by a smooth closed curve (periodic Catmull–Rom).
 */
export function outline(u: number, v: number, radii: readonly number[], angle = 0): Shape {
  // The table runs over the diamond angle (0…4 round the square |x| + |y| = 1), which orders
  // directions like the angle does and needs no arc tangent for every pixel.
  const table = new Float32Array(4 * perQuadrant + 2);
  let reach = 0;
  for (let i = 0; i < table.length; i++) {
    const turn = angleOfDiamond((i % (4 * perQuadrant)) / perQuadrant) - angle;
    const radius = closedCurve(radii, turn / (2 * Math.PI));
    table[i] = radius;
    reach = Math.max(reach, radius);
  }
  return {
    bounds: around(u, v, reach),
    depth(x, y) {
      const dx = x - u;
      const dy = y - v;
      const sum = Math.abs(dx) + Math.abs(dy) + 1e-12;
      const diamond =
        dy >= 0 ? (dx >= 0 ? dy / sum : 1 - dx / sum) : dx < 0 ? 2 - dy / sum : 3 + dx / sum;
      const position = diamond * perQuadrant;
      const k = Math.floor(position);
      const low = table[k] as number;
      const radius = low + ((table[k + 1] as number) - low) * (position - k);
      return radius - Math.sqrt(dx * dx + dy * dy);
    },
  };
}

const perQuadrant = 64;

function angleOfDiamond(diamond: number): number {
  const quadrant = Math.floor(diamond);
  const t = diamond - quadrant;
  return (quadrant * Math.PI) / 2 + Math.atan2(t, 1 - t);
}

/** The smooth closed curve through `values` at `turn` (1 is once round). */
function closedCurve(values: readonly number[], turn: number): number {
  const count = values.length;
  const position = (turn - Math.floor(turn)) * count;
  const k = Math.floor(position);
  const t = position - k;
  const a = values[(k + count - 1) % count] as number;
  const b = values[k % count] as number;
  const c = values[(k + 1) % count] as number;
  const d = values[(k + 2) % count] as number;
  return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}

/**
 * An irregular blob of mean radius `radius`: `irregularity` 0 is a circle, 0.15 lobulated, 0.4
 * ragged. `elongation` stretches it along a random direction, `spikes` (0…1) adds fine spicules.
 */
export function blob(
  u: number,
  v: number,
  radius: number,
  random: Random,
  options: { irregularity?: number; elongation?: number; spikes?: number; angle?: number } = {},
): Shape {
  const { irregularity = 0.15, elongation = 1, spikes = 0 } = options;
  const count = 24;
  const amplitudes = [0, 0, 0.5, 0.34, 0.24, 0.18, 0.14, 0.1, 0.08].map(
    (scale) => scale * irregularity * random.normal(),
  );
  const phases = amplitudes.map(() => random.between(0, 2 * Math.PI));
  const radii = Array.from({ length: count }, (_, i) => {
    const angle = (2 * Math.PI * i) / count;
    const stretch =
      1 / Math.sqrt((Math.cos(angle) / elongation) ** 2 + (Math.sin(angle) * elongation) ** 2);
    let factor = 1;
    for (const [order, amplitude] of amplitudes.entries()) {
      factor += amplitude * Math.cos(order * angle + (phases[order] as number));
    }
    if (spikes > 0) factor += spikes * Math.abs(random.normal()) * (i % 2);
    return radius * Math.max(0.3, factor) * stretch;
  });
  return outline(u, v, radii, options.angle ?? random.between(0, 2 * Math.PI));
}

/** Inside any of `shapes`. */
export function union(...shapes: readonly Shape[]): Shape {
  return {
    bounds: {
      left: Math.min(...shapes.map((shape) => shape.bounds.left)),
      top: Math.min(...shapes.map((shape) => shape.bounds.top)),
      right: Math.max(...shapes.map((shape) => shape.bounds.right)),
      bottom: Math.max(...shapes.map((shape) => shape.bounds.bottom)),
    },
    depth(u, v, pixel) {
      let deepest = Number.NEGATIVE_INFINITY;
      for (let k = 0; k < shapes.length; k++) {
        const depth = (shapes[k] as Shape).depth(u, v, pixel);
        if (depth > deepest) deepest = depth;
      }
      return deepest;
    },
  };
}

/** Inside `shape` and inside `other`. */
export function intersection(shape: Shape, other: Shape): Shape {
  return {
    bounds: {
      left: Math.max(shape.bounds.left, other.bounds.left),
      top: Math.max(shape.bounds.top, other.bounds.top),
      right: Math.min(shape.bounds.right, other.bounds.right),
      bottom: Math.min(shape.bounds.bottom, other.bounds.bottom),
    },
    depth: (u, v, pixel) => Math.min(shape.depth(u, v, pixel), other.depth(u, v, pixel)),
  };
}

/** Inside `shape` but not inside `hole`. */
export function difference(shape: Shape, hole: Shape): Shape {
  return {
    bounds: shape.bounds,
    depth: (u, v, pixel) => Math.min(shape.depth(u, v, pixel), -hole.depth(u, v, pixel)),
  };
}

/** `shape` with its edge moved outwards by `distance` (inwards where negative). */
export function grow(shape: Shape, distance: number): Shape {
  return {
    bounds: {
      left: shape.bounds.left - distance,
      top: shape.bounds.top - distance,
      right: shape.bounds.right + distance,
      bottom: shape.bounds.bottom + distance,
    },
    depth: (u, v, pixel) => shape.depth(u, v, pixel) + distance,
  };
}

/** The rim of `shape`, `width` thick, its outer side on the edge of `shape`. */
export function rim(shape: Shape, width: number): Shape {
  return {
    bounds: shape.bounds,
    depth(u, v, pixel) {
      const depth = shape.depth(u, v, pixel);
      return Math.min(depth, width - depth);
    },
  };
}

/** The mirror image of `shape` in the line u = 0. */
export function mirrored(shape: Shape): Shape {
  const { left, top, right, bottom } = shape.bounds;
  return {
    bounds: { left: -right, top, right: -left, bottom },
    depth: (u, v) => shape.depth(-u, v),
  };
}

function around(u: number, v: number, reach: number): Bounds {
  return { left: u - reach, top: v - reach, right: u + reach, bottom: v + reach };
}
