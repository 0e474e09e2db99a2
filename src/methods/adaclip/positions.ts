import type { InterpolationMatrix } from '../../nn/interpolation.js';

/** Keys' parameter, as PyTorch has it without antialiasing. */
const a = -0.75;

/**
 * Cubic interpolation with a = −0.75 and without antialiasing, half-pixel centres, borders repeated, as
 * PyTorch's `interpolate(mode='bicubic')` along one axis.
 */
export function sharpCubicInterpolation(source: number, target: number): InterpolationMatrix {
  const data = new Float32Array(target * source);
  for (let index = 0; index < target; index++) {
    const position = ((index + 0.5) * source) / target - 0.5;
    const left = Math.floor(position);
    for (let tap = left - 1; tap <= left + 2; tap++) {
      const inside = Math.min(source - 1, Math.max(0, tap));
      data[index * source + inside]! += kernel(position - tap);
    }
  }
  return { target, source, data };
}

function kernel(x: number): number {
  const t = Math.abs(x);
  if (t <= 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  return t < 2 ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a : 0;
}
