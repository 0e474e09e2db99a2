import type { Random } from '../../base/random.js';
import { noiseField } from './noise.js';
import type { Bounds, Shape } from './shapes.js';

/** How the anatomical plane lies in the picture. */
export interface Pose {
  /** Where the anatomical origin lies, in half pictures from the centre. */
  readonly centreX: number;
  readonly centreY: number;
  /** One anatomical unit in half pictures, along u and v; negative to mirror. */
  readonly scaleX: number;
  readonly scaleY: number;
  /** Turn in radians, clockwise on the screen. */
  readonly angle: number;
  /** Deviation of the elastic warp in anatomical units, and its number of cells across. */
  readonly warp: number;
  readonly warpCells: number;
}

/**
 * Anatomical coordinates (u to the right, v downwards) of every pixel of a `size × size` picture:
 * a pose plus a smooth elastic warp, so that ellipses and outlines drawn in it look grown, and
 * everything in one picture is bent alike.
 */
export class Frame {
  readonly size: number;
  readonly u: Float32Array;
  readonly v: Float32Array;
  /** Pixels per anatomical unit. */
  readonly unit: number;
  readonly #pose: Pose;
  readonly #warpU: Float32Array | undefined;
  readonly #warpV: Float32Array | undefined;
  readonly #cos: number;
  readonly #sin: number;

  constructor(size: number, pose: Pose, random: Random) {
    this.size = size;
    this.#pose = pose;
    this.#cos = Math.cos(pose.angle);
    this.#sin = Math.sin(pose.angle);
    this.unit = (size / 2) * Math.sqrt(Math.abs(pose.scaleX * pose.scaleY));
    this.u = new Float32Array(size * size);
    this.v = new Float32Array(size * size);
    if (pose.warp > 0) {
      this.#warpU = noiseField(size, pose.warpCells, pose.warpCells, random);
      this.#warpV = noiseField(size, pose.warpCells, pose.warpCells, random);
    }
    for (let y = 0, i = 0; y < size; y++) {
      const dy = (2 * (y + 0.5)) / size - 1 - pose.centreY;
      for (let x = 0; x < size; x++, i++) {
        const dx = (2 * (x + 0.5)) / size - 1 - pose.centreX;
        const warpU = this.#warpU === undefined ? 0 : pose.warp * (this.#warpU[i] as number);
        const warpV = this.#warpV === undefined ? 0 : pose.warp * (this.#warpV[i] as number);
        this.u[i] = (dx * this.#cos + dy * this.#sin) / pose.scaleX + warpU;
        this.v[i] = (dy * this.#cos - dx * this.#sin) / pose.scaleY + warpV;
      }
    }
  }

  /** The pixel position of an anatomical point, warp included to first order. */
  toPixel(u: number, v: number): [x: number, y: number] {
    const [x, y] = this.#affine(u, v);
    if (this.#warpU === undefined || this.#warpV === undefined) return [x, y];
    const column = Math.min(this.size - 1, Math.max(0, Math.floor(x)));
    const row = Math.min(this.size - 1, Math.max(0, Math.floor(y)));
    const at = row * this.size + column;
    const { warp } = this.#pose;
    return this.#affine(
      u - warp * (this.#warpU[at] as number),
      v - warp * (this.#warpV[at] as number),
    );
  }

  /** The anatomical point of a pixel index. */
  at(pixel: number): [u: number, v: number] {
    return [this.u[pixel] as number, this.v[pixel] as number];
  }

  /**
   * Visits the pixels of `shape` with their coverage, 0…1: the edge is a smooth step `softness`
   * anatomical units wide, but at least a pixel and a half, so that nothing falls between pixels.
   */
  cover(shape: Shape, visit: (pixel: number, coverage: number) => void, softness = 0): void {
    const { size, u, v } = this;
    const step = Math.max(softness, 1.5 / this.unit);
    const half = step / 2;
    const { left, top, right, bottom } = this.#pixelBounds(shape.bounds, step);
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) {
        const pixel = y * size + x;
        const depth = shape.depth(u[pixel] as number, v[pixel] as number, pixel);
        if (depth <= -half) continue;
        if (depth >= half) {
          visit(pixel, 1);
        } else {
          const t = depth / step + 0.5;
          visit(pixel, t * t * (3 - 2 * t));
        }
      }
    }
  }

  /**
   * `shape` with its depth at every pixel worked out once: for outlines that many other shapes of
   * the picture are made from.
   */
  measured(shape: Shape): Shape {
    const depths = new Float32Array(this.size * this.size);
    for (let i = 0; i < depths.length; i++) {
      depths[i] = shape.depth(this.u[i] as number, this.v[i] as number, i);
    }
    return {
      bounds: shape.bounds,
      depth: (u, v, pixel) => (pixel === undefined ? shape.depth(u, v) : (depths[pixel] as number)),
    };
  }

  /** The coverage of `shape` as a field. */
  coverage(shape: Shape, softness?: number): Float32Array {
    const field = new Float32Array(this.size * this.size);
    this.cover(
      shape,
      (pixel, coverage) => {
        field[pixel] = coverage;
      },
      softness,
    );
    return field;
  }

  /** Brings `target` to `value` (a number, or a field of them) inside `shape`, by `opacity`. */
  paint(
    target: Float32Array,
    shape: Shape,
    value: number | Float32Array,
    options: { softness?: number; opacity?: number } = {},
  ): void {
    const { opacity = 1 } = options;
    this.cover(
      shape,
      (pixel, coverage) => {
        const old = target[pixel] as number;
        const aim = typeof value === 'number' ? value : (value[pixel] as number);
        target[pixel] = old + (aim - old) * coverage * opacity;
      },
      options.softness,
    );
  }

  /** Adds `value` (a number, or a field of them) to `target` inside `shape`. */
  add(target: Float32Array, shape: Shape, value: number | Float32Array, softness?: number): void {
    this.cover(
      shape,
      (pixel, coverage) => {
        const amount = typeof value === 'number' ? value : (value[pixel] as number);
        target[pixel] = (target[pixel] as number) + amount * coverage;
      },
      softness,
    );
  }

  #affine(u: number, v: number): [x: number, y: number] {
    const { centreX, centreY, scaleX, scaleY } = this.#pose;
    const a = u * scaleX;
    const b = v * scaleY;
    const x = centreX + a * this.#cos - b * this.#sin;
    const y = centreY + a * this.#sin + b * this.#cos;
    return [((x + 1) / 2) * this.size, ((y + 1) / 2) * this.size];
  }

  #pixelBounds(bounds: Bounds, softness: number): Bounds {
    const margin = softness + 3.5 * this.#pose.warp;
    const xs: number[] = [];
    const ys: number[] = [];
    for (const u of [bounds.left - margin, bounds.right + margin]) {
      for (const v of [bounds.top - margin, bounds.bottom + margin]) {
        const [x, y] = this.#affine(u, v);
        xs.push(x);
        ys.push(y);
      }
    }
    const within = (value: number) => Math.min(this.size, Math.max(0, value));
    return {
      left: within(Math.floor(Math.min(...xs))),
      top: within(Math.floor(Math.min(...ys))),
      right: within(Math.ceil(Math.max(...xs))),
      bottom: within(Math.ceil(Math.max(...ys))),
    };
  }
}
