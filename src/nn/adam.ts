export interface AdamOptions {
  readonly learningRate: number;
  readonly betas: readonly [number, number];
  readonly epsilon: number;
}

/** What Adam remembers of one parameter: running means of the gradient and of its square. */
export interface Moments {
  readonly first: Float32Array;
  readonly second: Float32Array;
}

/**
 * One step of Adam (Kingma & Ba 2015, as PyTorch computes it), in place:
 * m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², p ← p − η · m̂ / (√v̂ + ε), with
 * m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ).
 *
 * @param step t, counted from 1.
 */
export function adamStep(
  parameter: Float32Array,
  gradient: Float32Array,
  moments: Moments,
  step: number,
  options: AdamOptions,
): void {
  const { first, second } = moments;
  const [beta1, beta2] = options.betas;
  const rate = options.learningRate / (1 - beta1 ** step);
  const deviation = 1 / Math.sqrt(1 - beta2 ** step);
  const { epsilon } = options;
  for (let i = 0; i < parameter.length; i++) {
    const g = gradient[i]!;
    const m = beta1 * first[i]! + (1 - beta1) * g;
    const v = beta2 * second[i]! + (1 - beta2) * g * g;
    first[i] = m;
    second[i] = v;
    parameter[i]! -= (rate * m) / (Math.sqrt(v) * deviation + epsilon);
  }
}
