import { add, erf, exp, multiply, relu, sigmoid, square, subtract } from './elementwise.js';
import { beforeReshape, reshape } from './layout.js';
import { apply, type Tensor } from './tensor.js';

/** What CLIP checkpoints call `hidden_act`, and ReLU. */
export type Activation = 'gelu' | 'quick_gelu' | 'relu';

/** The function of that name. */
export function activate(x: Tensor, activation: Activation): Tensor {
  if (activation === 'gelu') return gelu(x);
  return activation === 'quick_gelu' ? quickGelu(x) : relu(x);
}

/** y = x · Φ(x), Φ(x) = (1 + erf(x/√2)) / 2; dy/dx = Φ(x) + x · e^(−x²/2) / √2π. */
export function gelu(x: Tensor): Tensor {
  const flat = beforeReshape(x);
  if (flat) return reshape(gelu(flat), x.shape);
  return apply({
    op: 'Gelu',
    inputs: [x],
    shape: x.shape,
    products: [
      (dy) => {
        const distribution = multiply(add(erf(multiply(x, Math.SQRT1_2)), 1), 0.5);
        const density = multiply(exp(multiply(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
        return multiply(dy, add(distribution, multiply(x, density)));
      },
    ],
  });
}

/** y = x · s, s = 1 / (1 + e^(−1.702 x)). */
export function quickGelu(x: Tensor): Tensor {
  return swish(x, 1.702);
}

/** y = x · s, s = 1 / (1 + e⁻ˣ): SiLU, also called Swish. */
export function silu(x: Tensor): Tensor {
  return swish(x, 1);
}

/** y = x · s, s = 1 / (1 + e^(−αx)); dy/dx = s · (1 + α · x · (1 − s)) = s + α · y · (1 − s). */
function swish(x: Tensor, steepness: number): Tensor {
  const flat = beforeReshape(x);
  if (flat) return reshape(swish(flat, steepness), x.shape);
  const y: Tensor = apply({
    op: 'QuickGelu',
    domain: 'com.microsoft',
    inputs: [x],
    attributes: { alpha: { float: steepness } },
    shape: x.shape,
    products: [
      (dy) => {
        const s = sigmoid(multiply(x, steepness));
        return multiply(dy, add(s, multiply(multiply(y, steepness), subtract(1, s))));
      },
    ],
  });
  return y;
}
