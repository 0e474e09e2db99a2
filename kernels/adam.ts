/*
 * Adam on four float32 arrays that lie in memory one after the other from address 0 on: parameters,
 * gradients, first and second moments. This is AssemblyScript, of which `npm run build:kernels` makes
 * src/nn/adamKernel.ts.
 */

/**
 * So many elements fit in each array. All four stay in a core's caches, and no two begin at the same place
 * of a page: some processors copy several times slower between such places.
 */
export const capacity: i32 = 4080;
const array: usize = <usize>capacity * 4;

/**
 * m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², p ← κ·p − r · m / (√v · s + ε), four elements at a time.
 *
 * @param count Elements of each array, rounded up to a multiple of 4.
 */
export function step(
  count: usize,
  beta1: f32,
  rest1: f32,
  beta2: f32,
  rest2: f32,
  kept: f32,
  rate: f32,
  scale: f32,
  epsilon: f32,
): void {
  const b1 = f32x4.splat(beta1);
  const r1 = f32x4.splat(rest1);
  const b2 = f32x4.splat(beta2);
  const r2 = f32x4.splat(rest2);
  const k = f32x4.splat(kept);
  const r = f32x4.splat(rate);
  const s = f32x4.splat(scale);
  const e = f32x4.splat(epsilon);
  const end = count * 4;
  for (let at: usize = 0; at < end; at += 16) {
    const g = v128.load(at, array);
    const m = f32x4.add(f32x4.mul(b1, v128.load(at, 2 * array)), f32x4.mul(r1, g));
    const v = f32x4.add(f32x4.mul(b2, v128.load(at, 3 * array)), f32x4.mul(f32x4.mul(r2, g), g));
    v128.store(at, m, 2 * array);
    v128.store(at, v, 3 * array);
    const change = f32x4.div(f32x4.mul(r, m), f32x4.add(f32x4.mul(f32x4.sqrt(v), s), e));
    v128.store(at, f32x4.sub(f32x4.mul(k, v128.load(at)), change));
  }
}
