import { describe, expect, it } from 'vitest';
import { expectWithin } from '../../test/support/close.js';
import { evaluate, host, hostIntegers } from '../../test/support/evaluate.js';
import { add, cast, exp, multiply } from './elementwise.js';
import { gatherRows } from './gather.js';
import { layerNorm } from './normalization.js';
import { compile } from './onnx.js';
import { B } from './shape.js';
import {
  apply,
  constant,
  createNode,
  input,
  integers,
  scalar,
  type Tensor,
  weight,
} from './tensor.js';

/** How often a text stands in a model. */
const occurrences = (model: Uint8Array, text: string) =>
  Buffer.from(model).toString('latin1').split(text).length - 1;

describe('compile', () => {
  it('writes equal nodes once', () => {
    const x = input('x', [B, 2]);
    const once = compile({ y: exp(x) }).body.length;
    const twice = compile({ y: multiply(exp(x), exp(x)) }).body.length;
    expect(twice - once).toBeLessThan(60);
  });

  it('runs an input that is an output, and one tensor under two names', async () => {
    const x = input('x', [2]);
    const y = add(x, constant([1, 2], [2]));
    const result = await evaluate({ x, a: y, b: y }, { x: host([5, 6], [2]) });
    expect([...result.x!.data]).toEqual([5, 6]);
    expect([...result.a!.data]).toEqual([6, 8]);
    expect([...result.b!.data]).toEqual([6, 8]);
  });

  it('refuses feeds that do not fit, with the name and the shape', async () => {
    const ids = input('ids', [B], 'int64');
    const table = input('table', [4, 2]);
    const outputs = { y: gatherRows(table, ids) };
    await expect(evaluate(outputs, { ids: hostIntegers([1], [1]) })).rejects.toThrow(
      "'table' needs [4, 2], got nothing",
    );
    await expect(
      evaluate(outputs, { ids: hostIntegers([1], [1]), table: host([1, 2], [1, 2]) }),
    ).rejects.toThrow('got [1, 2]');
  });

  it('lists inputs, outputs and weight files', () => {
    const x = input('x', [B, 2]);
    const ids = input('ids', [3], 'int64');
    const at = { dataType: 'float16', shape: [2], length: 4 } as const;
    const first = weight({ ...at, name: 'w', file: 'folder/a', offset: 8 });
    const second = weight({ ...at, name: 'v', file: 'folder/a', offset: 12 });
    const { inputs, outputs, weightFiles } = compile({
      y: add(multiply(x, first), second),
      half: cast(x, 'float16'),
      ids,
    });
    expect(inputs).toEqual([
      { name: 'x', shape: [B, 2], dataType: 'float32' },
      { name: 'ids', shape: [3], dataType: 'int64' },
    ]);
    expect(outputs).toEqual([
      { name: 'y', shape: [B, 2], dataType: 'float32' },
      { name: 'half', shape: [B, 2], dataType: 'float16' },
      { name: 'ids', shape: [3], dataType: 'int64' },
    ]);
    expect(weightFiles).toEqual(['folder/a']);
  });

  it('takes one input for all of its uses, and refuses two of one name that differ', async () => {
    const twice = add(input('x', [2]), input('x', [2]));
    expect(compile({ twice }).inputs).toHaveLength(1);
    const { y } = await evaluate({ y: twice }, { x: host([1, 2], [2]) });
    expect([...y!.data]).toEqual([2, 4]);
    const differing: [Tensor, string][] = [
      [input('x', [3]), 'float32 [2] and float32 [3]'],
      [input('x', [B]), 'float32 [2] and float32 [B]'],
      [input('x', [2], 'int64'), 'float32 [2] and int64 [2]'],
    ];
    for (const [other, message] of differing) {
      const act = () => compile({ a: input('x', [2]), other });
      expect(act).toThrow(expect.objectContaining({ code: 'runtime' }));
      expect(act).toThrow(`Two inputs are named 'x': ${message}.`);
    }
  });

  it('lets an input, an output and a parameter have the same name', async () => {
    const x = input('x', [2]);
    const { x: result } = await evaluate({ x: multiply(x, 2) }, { x: host([1, 2], [2]) });
    expect([...result!.data]).toEqual([2, 4]);
  });

  it('writes only what the outputs need', () => {
    const x = input('x', [2]);
    const y = exp(x);
    multiply(y, input('unused', [2]));
    expect(compile({ y }).inputs.map(({ name }) => name)).toEqual(['x']);
    expect(occurrences(compile({ y }).body, 'Mul')).toBe(0);
  });

  it('writes equal nodes once, and what differs in anything apart', async () => {
    const x = input('x', [B, 2]);
    const [gamma, beta] = [constant([1, 1], [2]), constant([0, 0], [2])];
    const outputs = {
      a: layerNorm(x, gamma, beta, 1e-5),
      same: layerNorm(x, constant([1, 1], [2]), constant([0, 0], [2]), 1e-5),
      otherEpsilon: layerNorm(x, gamma, beta, 1),
      otherGain: layerNorm(x, constant([2, 2], [2]), beta, 1e-5),
    };
    expect(occurrences(compile(outputs).body, 'LayerNormalization')).toBe(3);
    const results = await evaluate(outputs, { x: host([1, 3], [1, 2]) });
    const values = Object.values(results).map(({ data }) => data[1]!);
    expectWithin(values, [1, 1, Math.SQRT1_2, 2], 1e-4);
  });

  it('keeps constants of equal bytes but other shapes and types apart', async () => {
    const zeros = constant([0, 0], [2]);
    const results = await evaluate({
      zeros,
      column: constant([0, 0], [2, 1]),
      zero: integers([0]),
      one: scalar(1),
      ones: constant([1], [1]),
    });
    expect(Object.values(results).map(({ shape }) => shape)).toEqual([[2], [2, 1], [1], [], [1]]);
    expect(results.zero!.data).toEqual(BigInt64Array.of(0n));
  });

  it('writes a large constant once', () => {
    const values = Float32Array.from({ length: 1000 }, (_, index) => index);
    const size = (...tensors: Tensor[]) =>
      compile(Object.fromEntries(tensors.map((tensor, index) => [`${index}`, tensor]))).body.length;
    const table = constant(values, [1000]);
    expect(size(exp(table), multiply(table, table)) - size(exp(table))).toBeLessThan(500);
    expect(size(table, constant(values.slice(), [10, 100]))).toBeGreaterThan(8000);
  });

  it('gives a node all of its outputs where another of its kind has fewer', async () => {
    const x = input('x', [1, 2]);
    const gamma = constant([1, 1], [2]);
    const description = {
      op: 'LayerNormalization',
      inputs: [x, gamma],
      attributes: { epsilon: { float: 0.5 } },
      shape: x.shape,
    };
    const one = apply(description);
    const [, average] = createNode({
      ...description,
      moreOutputs: [
        [1, 1],
        [1, 1],
      ],
    });
    const results = await evaluate({ one, average: average! }, { x: host([1, 3], [1, 2]) });
    expect(results.average!.data[0]).toBe(2);
  });

  it('writes graphs deeper than the stack of calls', () => {
    let y: Tensor = input('x', [1]);
    for (let depth = 0; depth < 20_000; depth++) y = exp(y);
    expect(occurrences(compile({ y }).body, 'Exp')).toBe(20_000);
  });
});
