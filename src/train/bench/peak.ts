import { linear } from '../../graph/matmul.js';
import { compile } from '../../graph/onnx.js';
import type { HostTensor, Runtime } from '../../graph/session.js';
import { constant, input } from '../../graph/tensor.js';
import { medianSeconds } from './timing.js';

const [rows, inner, columns] = [1280, 768, 3072];

/**
 * What this machine computes in a second where nothing but arithmetic counts, in GFLOP/s: the float32
 * product [1280, 768] · [768, 3072] through ONNX Runtime, 2 · 1280 · 768 · 3072 operations.
 */
export async function matrixProductRate(runtime: Runtime): Promise<number> {
  // Which numbers does not matter, as long as none is 0 or not normal.
  const numbers = (size: number) => new Float32Array(size).map((_, at) => (at % 7) - 3.5);
  const weight = constant(numbers(columns * inner), [columns, inner]);
  const session = await runtime.createSession(
    compile({ y: linear(input('x', [rows, inner]), weight) }),
  );
  try {
    const x: HostTensor = { data: numbers(rows * inner), shape: [rows, inner] };
    const y: HostTensor = { data: new Float32Array(rows * columns), shape: [rows, columns] };
    const seconds = await medianSeconds(() => session.run({ x }, { y }), 21);
    return (2 * rows * inner * columns) / seconds / 1e9;
  } finally {
    await session.release();
  }
}
