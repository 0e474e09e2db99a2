import type { Random } from '../../base/random.js';

/**
 * Gradient noise in the plane: smooth, of mean 0, about ±1, with features one unit wide.
 * It repeats every `period` units (a power of two) in both directions, so a full turn of an angle
 * scaled to `period` closes without a seam.
 */
export class SmoothNoise {
  readonly #gradients: Float32Array;
  readonly #period: number;

  constructor(random: Random, period = 32) {
    this.#period = period;
    this.#gradients = new Float32Array(2 * period * period);
    for (let i = 0; i < this.#gradients.length; i += 2) {
      const angle = random.between(0, 2 * Math.PI);
      this.#gradients[i] = Math.cos(angle);
      this.#gradients[i + 1] = Math.sin(angle);
    }
  }

  at(x: number, y: number): number {
    const x0 = Math.floor(x);
    const y0 = Math.floor(y);
    const fx = x - x0;
    const fy = y - y0;
    const a = this.#corner(x0, y0, fx, fy);
    const b = this.#corner(x0 + 1, y0, fx - 1, fy);
    const c = this.#corner(x0, y0 + 1, fx, fy - 1);
    const d = this.#corner(x0 + 1, y0 + 1, fx - 1, fy - 1);
    const tx = fx * fx * fx * (fx * (fx * 6 - 15) + 10);
    const ty = fy * fy * fy * (fy * (fy * 6 - 15) + 10);
    const top = a + (b - a) * tx;
    return 1.6 * (top + (c + (d - c) * tx - top) * ty);
  }

  #corner(column: number, row: number, fx: number, fy: number): number {
    const last = this.#period - 1;
    const at = 2 * ((row & last) * this.#period + (column & last));
    return (this.#gradients[at] as number) * fx + (this.#gradients[at + 1] as number) * fy;
  }
}

/**
 * A field of smooth noise, mean 0 and deviation about 1: standard normals on a coarse grid of
 * `cellsX × cellsY`, brought to `size × size` by cubic B-splines.
 */
export function noiseField(
  size: number,
  cellsX: number,
  cellsY: number,
  random: Random,
): Float32Array {
  const columns = Math.ceil(cellsX) + 3;
  const rows = Math.ceil(cellsY) + 3;
  const lattice = new Float32Array(columns * rows);
  for (let i = 0; i < lattice.length; i++) lattice[i] = random.normal();
  const alongX = splineWeights(size, cellsX);
  const alongY = splineWeights(size, cellsY);
  const stretched = new Float32Array(rows * size);
  for (let row = 0; row < rows; row++) {
    for (let x = 0; x < size; x++) {
      const from = row * columns + (alongX.first[x] as number);
      let sum = 0;
      for (let k = 0; k < 4; k++) {
        sum += (alongX.weights[4 * x + k] as number) * (lattice[from + k] as number);
      }
      stretched[row * size + x] = sum;
    }
  }
  const field = new Float32Array(size * size);
  // The mean over the phases of the sum of squared B-spline weights is 151/315 per axis.
  const unit = 315 / 151;
  for (let y = 0; y < size; y++) {
    const from = (alongY.first[y] as number) * size;
    for (let k = 0; k < 4; k++) {
      const weight = (alongY.weights[4 * y + k] as number) * unit;
      const source = from + k * size;
      for (let x = 0; x < size; x++) {
        const at = y * size + x;
        field[at] = (field[at] as number) + weight * (stretched[source + x] as number);
      }
    }
  }
  return field;
}

/** Sum of `octaves` noise fields, each twice as fine and `persistence` times as strong; deviation about 1. */
export function fractalField(
  size: number,
  cells: number,
  octaves: number,
  random: Random,
  persistence = 0.5,
  stretch: readonly [number, number] = [1, 1],
): Float32Array {
  const sum = new Float32Array(size * size);
  let power = 0;
  let amplitude = 1;
  let frequency = cells;
  for (let octave = 0; octave < octaves; octave++) {
    const layer = noiseField(
      size,
      Math.min(size, frequency * stretch[0]),
      Math.min(size, frequency * stretch[1]),
      random,
    );
    for (let i = 0; i < sum.length; i++) {
      sum[i] = (sum[i] as number) + amplitude * (layer[i] as number);
    }
    power += amplitude * amplitude;
    amplitude *= persistence;
    frequency *= 2;
  }
  const unit = 1 / Math.sqrt(power);
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) * unit;
  return sum;
}

/**
 * Independent samples of mean 0 and deviation 1, nearly normal: each is the sum of four 16-bit
 * uniforms from an xorshift generator, which is integer arithmetic and several times as fast as
 * drawing exact normals one by one.
 */
export function whiteNoise(length: number, random: Random): Float32Array {
  const samples = new Float32Array(length);
  let state = random.bits() | 1;
  // Four uniforms on 0 … 65535: mean 131070, deviation 65536 / √3.
  const unit = Math.sqrt(3) / 65536;
  for (let i = 0; i < length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const first = state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const sum = (first & 0xffff) + (first >>> 16) + (state & 0xffff) + (state >>> 16);
    samples[i] = (sum - 131070) * unit;
  }
  return samples;
}

function splineWeights(size: number, cells: number): { first: Int32Array; weights: Float32Array } {
  const first = new Int32Array(size);
  const weights = new Float32Array(4 * size);
  for (let x = 0; x < size; x++) {
    const position = (x / size) * cells;
    const cell = Math.floor(position);
    const t = position - cell;
    first[x] = cell;
    weights[4 * x] = ((1 - t) * (1 - t) * (1 - t)) / 6;
    weights[4 * x + 1] = (3 * t * t * t - 6 * t * t + 4) / 6;
    weights[4 * x + 2] = (-3 * t * t * t + 3 * t * t + 3 * t + 1) / 6;
    weights[4 * x + 3] = (t * t * t) / 6;
  }
  return { first, weights };
}
