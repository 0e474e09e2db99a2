import { describe, expect, it } from 'vitest';
import { expectWithin } from '../../test/support/close.js';
import { host } from '../../test/support/evaluate.js';
import { gelu } from './activation.js';
import { add, exp, multiply } from './elementwise.js';
import { foldedConstants } from './fold.js';
import { reshape, transpose } from './layout.js';
import { linear, matmul } from './matmul.js';
import { layerNorm, residual } from './normalization.js';
import { compile } from './onnx.js';
import { nodeRuntime } from './runtime.node.js';
import { B } from './shape.js';
import { constant, input, type Tensor } from './tensor.js';

const runtime = nodeRuntime({ threads: 1 });

/** Operators by how often they stand in a graph. */
const occurrences = (model: Uint8Array, op: string) =>
  Buffer.from(model).toString('latin1').split(op).length - 1;

async function values(outputs: Record<string, Tensor>, constants?: ReadonlyMap<Tensor, Tensor>) {
  const session = await runtime.createSession(compile(outputs, constants), { asWritten: true });
  try {
    return await session.run({ x: host([1, 2, 3, 4], [2, 2]) });
  } finally {
    await session.release();
  }
}

describe('foldedConstants', () => {
  const x = input('x', [B, 2]);
  const weights = constant([1, -2, 0.5, 3], [2, 2]);

  it('computes what depends on no input, and nothing else', async () => {
    const fixed = exp(matmul(weights, weights));
    const outputs = { y: matmul(x, fixed), z: multiply(add(x, 1), exp(x)), fixed };
    const constants = await foldedConstants(outputs, runtime, {});
    expect([...constants.keys()]).toEqual([fixed]);
    const folded = compile(outputs, constants);
    expect(occurrences(folded.body, 'MatMul')).toBe(1);
    expect(occurrences(folded.body, 'Exp')).toBe(1);
    const [plain, after] = [await values(outputs), await values(outputs, constants)];
    for (const name of ['y', 'z', 'fixed']) {
      expectWithin(
        after[name]!.data as Float32Array,
        plain[name]!.data as Float32Array,
        1e-6,
        name,
      );
    }
  });

  it('leaves large results where they are', async () => {
    const large = constant(new Float32Array(600 * 600).fill(1e-3), [600, 600]);
    const square = matmul(large, large);
    const y = matmul(matmul(x, constant(new Float32Array(1200).fill(1), [2, 600])), square);
    expect((await foldedConstants({ y }, runtime, {})).size).toBe(0);
  });

  it('has nothing to do where all depends on inputs', async () => {
    expect((await foldedConstants({ y: matmul(x, weights) }, runtime, {})).size).toBe(0);
  });
});

describe('layout of layouts', () => {
  it('is one operator, or none', async () => {
    const x = input('x', [B, 2]);
    const turned = transpose(
      transpose(reshape(reshape(x, [B, 1, 2]), [B, 2, 1]), [0, 2, 1]),
      [2, 1, 0],
    );
    const { body } = compile({ turned });
    expect(occurrences(body, 'Reshape')).toBe(1);
    expect(occurrences(body, 'Transpose')).toBe(1);
    expect([...(await values({ turned })).turned!.data]).toEqual([1, 3, 2, 4]);
    expect(transpose(transpose(x, [1, 0]), [1, 0])).toBe(x);
  });

  it('is left out between matrix products', () => {
    const rows = input('x', [B, 3, 4]);
    const ones = (...shape: number[]) =>
      constant(new Float32Array(shape[0]! * (shape[1] ?? 1)).fill(1), shape);
    const hidden = linear(layerNorm(rows, ones(4), ones(4), 1e-5), ones(8, 4));
    const y = residual(rows, linear(gelu(multiply(hidden, 0.5)), ones(4, 8)));
    const z = residual(y, linear(layerNorm(y, ones(4), ones(4), 1e-5), ones(4, 4)));
    // To rows and back once, and to rows for the sum.
    expect(occurrences(compile({ z }).body, 'Reshape')).toBe(3);
    expect(z.shape).toEqual(rows.shape);
  });

  it('is a weight under another shape', () => {
    const weight = reshape(constant([1, 2, 3, 4], [2, 2]), [4]);
    expect(weight.node.op).toBe('Stored');
    expect(weight.shape).toEqual([4]);
  });
});
