import { add, exp, log, multiply, relu, square, subtract, tanh } from '../../graph/elementwise.js';
import { concat, slice } from '../../graph/layout.js';
import { staticDimension } from '../../graph/shape.js';
import { sum } from '../../graph/sum.js';
import { constant, type Tensor } from '../../graph/tensor.js';
import { linearLayer } from '../../nn/layers.js';
import { filled, type Weights } from '../../nn/parameters.js';

/*
 * The conditional normalising flow of CFLOW-AD (Gudovskiy et al. 2022): what FrEIA 0.2 (Ardizzone et al.)
 * calls a sequence of `AllInOneBlock`s, on rows of C values with a condition each.
 */

/** Scales of coupling are kept within e^(±1.9). */
const clamp = 1.9;
/** What a subnet says is made this much smaller. */
const damping = 0.1;
/** The start of global scales, at which they are 1. */
const unitScale = 2 * Math.log(Math.exp(5) - 1);

/** What mixes the channels after each block: a fixed rotation or permutation of the last axis. */
export type Mixing = (x: Tensor, block: number, weights: Weights) => Tensor;

export interface Flowed {
  /** z [R, C] */
  readonly z: Tensor;
  /** log |∂z/∂x| [R] */
  readonly logJacobian: Tensor;
}

/**
 * @param x [R, C]
 * @param condition [R, P]
 */
export function flow(
  x: Tensor,
  condition: Tensor,
  weights: Weights,
  blocks: number,
  mixing: Mixing,
): Flowed {
  let y = x;
  let logJacobian: Tensor | undefined;
  for (let block = 0; block < blocks; block++) {
    const own = weights.at('module_list').at(block);
    const coupled = coupling(y, condition, own);
    const { z, logScale } = globalScale(coupled.z, own);
    y = mixing(z, block, own);
    const gained = add(coupled.logJacobian, logScale);
    logJacobian = logJacobian ? add(logJacobian, gained) : gained;
  }
  return { z: y, logJacobian: logJacobian! };
}

/** x₂ ← x₂ · e^s + t with s, t from a subnet on x₁ and the condition: log |J| = Σ s. */
function coupling(x: Tensor, condition: Tensor, weights: Weights): Flowed {
  const channels = staticDimension(x.shape, 1, 'flow');
  const kept = Math.ceil(channels / 2);
  const changed = channels - kept;
  const first = slice(x, 1, 0, kept);
  const second = slice(x, 1, kept, channels);
  const a = multiply(
    subnet(concat([first, condition], 1), weights.at('subnet'), 2 * changed),
    damping,
  );
  const s = multiply(tanh(slice(a, 1, 0, changed)), clamp);
  const moved = add(multiply(second, exp(s)), slice(a, 1, changed, 2 * changed));
  return { z: concat([first, moved], 1), logJacobian: sum(s, [1]) };
}

/** Linear, ReLU, Linear; twice as wide inside. */
function subnet(x: Tensor, weights: Weights, out: number): Tensor {
  const width = staticDimension(x.shape, 1, 'flow');
  return linearLayer(relu(linearLayer(x, weights.at(0), 2 * width)), weights.at(2), out);
}

/** x · c + o with c = 0.1 · softplus(g), softplus(g) = 2 · ln(1 + e^(g/2)): log |J| = Σ ln c. */
function globalScale(x: Tensor, weights: Weights): { z: Tensor; logScale: Tensor } {
  const channels = staticDimension(x.shape, 1, 'flow');
  const g = weights.get('global_scale', [1, channels], filled(unitScale));
  const offset = weights.get('global_offset', [1, channels], filled(0));
  const scale = multiply(log(add(exp(multiply(g, 0.5)), 1)), 0.2);
  return { z: add(multiply(x, scale), offset), logScale: sum(log(scale), [1]) };
}

/** log p for each of the C values: log N(z; 0, 1) + log |J|, divided by C: [R]. */
export function logProbability({ z, logJacobian }: Flowed): Tensor {
  const channels = staticDimension(z.shape, 1, 'flow');
  const energy = multiply(sum(square(z), [1]), 0.5);
  const total = subtract(logJacobian, energy);
  return add(multiply(total, 1 / channels), -0.5 * Math.log(2 * Math.PI));
}

/**
 * Sines and cosines of the place: the first half of the channels encodes the column, the second the row.
 *
 * @returns [P, height, width], P divisible by 4
 */
export function positions(channels: number, height: number, width: number): Float32Array {
  const half = channels / 2;
  const data = new Float32Array(channels * height * width);
  for (let channel = 0; channel < channels; channel++) {
    const index = channel % half;
    const frequency = Math.exp((-(index - (index % 2)) * Math.log(1e4)) / half);
    const wave = index % 2 === 0 ? Math.sin : Math.cos;
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const place = channel < half ? column : row;
        data[(channel * height + row) * width + column] = wave(place * frequency);
      }
    }
  }
  return data;
}

/** {@link positions} as the condition of each place: [1, height·width, P]. */
export function positionRows(channels: number, height: number, width: number): Tensor {
  const planes = positions(channels, height, width);
  const places = height * width;
  const rows = new Float32Array(planes.length);
  for (let place = 0; place < places; place++) {
    for (let c = 0; c < channels; c++) rows[place * channels + c] = planes[c * places + place]!;
  }
  return constant(rows, [1, places, channels]);
}
