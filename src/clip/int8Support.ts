import { linear } from '../graph/matmul.js';
import { compile } from '../graph/onnx.js';
import { quantizedWeight } from '../graph/quantized.js';
import type { HostTensor, HostTensors, Runtime } from '../graph/session.js';
import { constant, input, type Tensor } from '../graph/tensor.js';
import type { Checkpoint } from './checkpoint.js';
import { type Int8Store, int8Checkpoint } from './int8Tower.js';

/** How well a machine multiplies in int8. */
export interface Int8Support {
  /** Time of a product in int8 over that of the same in float32. */
  readonly timeShare: number;
  /**
   * Whether sums of two products are cut off at 16 bits, as on x86 processors without VNNI: weights
   * must then not use their eighth bit.
   */
  readonly saturates: boolean;
}

/** Rows, input and output channels: about one product of a ViT-B. */
const [rows, inner, out] = [256, 768, 768];
const runs = 5;

/** Measures {@link Int8Support} in a few tens of milliseconds. */
export async function measureInt8(runtime: Runtime): Promise<Int8Support> {
  const x = input('x', [rows, inner]);
  const ones = constant(new Float32Array(out * inner).fill(1), [out, inner]);
  const bytes = new Uint8Array(inner * out).fill(127);
  const file = 'largest-int8-weights';
  const location = { name: file, file, dataType: 'int8', offset: 0, length: bytes.length } as const;
  const scales = constant(new Float32Array(out).fill(1 / 127), [out]);
  const int8Ones = quantizedWeight({ ...location, shape: [inner, out] }, scales);

  const float = await timed(runtime, linear(x, ones));
  const int8 = await timed(runtime, linear(x, int8Ones), { [file]: bytes });
  // A sum of `inner` products of the largest numbers, if none is cut off.
  const saturates = Math.abs(int8.value / inner - 1) > 0.01;
  return { timeShare: int8.milliseconds / float.milliseconds, saturates };
}

/** The shortest run of a product, and one entry of it, where all of x is 1. */
async function timed(runtime: Runtime, y: Tensor, weightBytes: Record<string, Uint8Array> = {}) {
  const session = await runtime.createSession(compile({ y }), { weightBytes });
  const x: HostTensor = { data: new Float32Array(rows * inner).fill(1), shape: [rows, inner] };
  const into: HostTensors = { y: { data: new Float32Array(rows * out), shape: [rows, out] } };
  try {
    await session.run({ x }, into);
    let milliseconds = Number.POSITIVE_INFINITY;
    for (let run = 0; run < runs; run++) {
      const started = performance.now();
      await session.run({ x }, into);
      milliseconds = Math.min(milliseconds, performance.now() - started);
    }
    return { milliseconds, value: into.y!.data[0] as number };
  } finally {
    await session.release();
  }
}

/**
 * `checkpoint` with its image tower in int8 where this machine is faster at that; as it is, with a
 * note, where it is not.
 *
 * @param onNote Told why the tower stays in float32.
 */
export async function withInt8Tower(
  checkpoint: Checkpoint,
  runtime: Runtime,
  store: Int8Store,
  onNote?: (note: string) => void,
): Promise<Checkpoint> {
  const { timeShare, saturates } = await measureInt8(runtime);
  if (timeShare < 1) return int8Checkpoint(checkpoint, store, saturates ? 63 : 127);
  onNote?.(
    `int8 is slower than float32 on this machine (${timeShare.toFixed(1)} times as long): ` +
      'the image tower stays in float32.',
  );
  return checkpoint;
}
