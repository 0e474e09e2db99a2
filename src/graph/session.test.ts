import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TensorConstructor } from 'onnxruntime-common';
import { Tensor as OrtTensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { host, hostIntegers } from '../../test/support/evaluate.js';
import { IqeError } from '../base/errors.js';
import { add, cast, multiply } from './elementwise.js';
import { reshape } from './layout.js';
import { compile } from './onnx.js';
import { nodeRuntime } from './runtime.node.js';
import { type HostTensors, Runtime, type RuntimeOptions, type Session } from './session.js';
import { B, times } from './shape.js';
import { input, type Tensor, weight } from './tensor.js';

const runtime = nodeRuntime({ threads: 1 });
const sessions: Session[] = [];

async function session(outputs: Record<string, Tensor>): Promise<Session> {
  const made = await runtime.createSession(compile(outputs));
  sessions.push(made);
  return made;
}

afterAll(async () => {
  for (const made of sessions) await made.release();
});

const pair = () => {
  const [x, y] = [input('x', [B, 2]), input('y', [B, 2])];
  return { sum: add(x, y), product: multiply(x, y) };
};
const feeds = { x: host([1, 2, 3, 4], [2, 2]), y: host([5, 6, 7, 8], [2, 2]) };

describe('Session.run', () => {
  it('gives all outputs, or those that are asked for', async () => {
    const made = await session(pair());
    expect(made.inputs.map(({ name }) => name).sort()).toEqual(['x', 'y']);
    expect(await made.run(feeds)).toEqual({
      sum: host([6, 8, 10, 12], [2, 2]),
      product: host([5, 12, 21, 32], [2, 2]),
    });
    expect(Object.keys(await made.run(feeds, {}, ['product']))).toEqual(['product']);
  });

  it('takes batches of any size, one after the other and at once', async () => {
    const made = await session(pair());
    const ask = async (batch: number) => {
      const values = Float32Array.from({ length: 2 * batch }, (_, index) => index);
      const x = host(values, [batch, 2]);
      const { sum } = await made.run({ x, y: x }, {}, ['sum']);
      expect(sum).toEqual(
        host(
          values.map((value) => 2 * value),
          [batch, 2],
        ),
      );
    };
    for (const batch of [3, 1, 0, 5]) await ask(batch);
    await Promise.all([1, 2, 3, 4, 5, 6].map(ask));
  });

  it('writes into tensors that it is given, again and again', async () => {
    const made = await session(pair());
    const sum = host([0, 0, 0, 0], [2, 2]);
    const x = host([0, 0, 0, 0], [2, 2]);
    for (let step = 1; step <= 3; step++) {
      (x.data as Float32Array).fill(step);
      const results = await made.run({ ...feeds, x }, { sum });
      expect(results.sum).toBe(sum);
      expect([...(sum.data as Float32Array)]).toEqual([5, 6, 7, 8].map((value) => value + step));
    }
  });

  /** A runtime whose sessions give `output`, and what they were asked for. */
  const fake = (output: object, options: RuntimeOptions = {}) => {
    const asked: unknown[] = [];
    const run = async (_feeds: unknown, fetches: Record<string, unknown>) => {
      asked.push(fetches['out/y']);
      return { 'out/y': output };
    };
    const module = {
      Tensor: OrtTensor as TensorConstructor,
      InferenceSession: { create: async () => ({ run }) as never },
    };
    return { made: new Runtime(module, options), asked };
  };
  const increment = () => compile({ y: add(input('x', [2]), 1) });

  it('copies where a runtime does not write in place', async () => {
    const output = new OrtTensor('float32', Float32Array.of(7, 8), [2]);
    for (const [writesInPlace, isAsked] of [
      [undefined, true],
      [false, false],
    ] as const) {
      const { made, asked } = fake(output, writesInPlace === undefined ? {} : { writesInPlace });
      const session = await made.createSession(increment());
      const y = host([0, 0], [2]);
      expect((await session.run({ x: host([1, 2], [2]) }, { y })).y).toBe(y);
      expect([...(y.data as Float32Array)]).toEqual([7, 8]);
      expect(asked.map((tensor) => tensor !== null)).toEqual([isAsked]);
    }
  });

  it('gives half precision as its bits where the engine has numbers for it', async () => {
    class Float16Array extends Uint16Array {
      override get [Symbol.toStringTag]() {
        return 'Float16Array' as never;
      }
    }
    const { made } = fake({ data: Float16Array.of(0x3c00, 0x4000), dims: [2] });
    const { y } = await (await made.createSession(increment())).run({ x: host([1, 2], [2]) });
    expect(Object.prototype.toString.call(y!.data)).toBe('[object Uint16Array]');
    expect([...(y!.data as Uint16Array)]).toEqual([0x3c00, 0x4000]);
  });

  it('takes and gives every type of numbers', async () => {
    const types = {
      float32: Float32Array.of(1, 2),
      float16: Uint16Array.of(0x3c00, 0x4000),
      int32: Int32Array.of(1, 2),
      int64: BigInt64Array.of(1n, 2n),
      uint8: Uint8Array.of(1, 2),
      int8: Int8Array.of(1, 2),
      bool: Uint8Array.of(1, 0),
    } as const;
    for (const [type, data] of Object.entries(types) as [keyof typeof types, never][]) {
      const x = input('x', [2], type);
      const made = await session({ same: x, wide: cast(x, 'float32') });
      const results = await made.run({ x: { data, shape: [2] } });
      expect(results.same).toEqual({ data, shape: [2] });
      expect([...(results.wide!.data as Float32Array)]).toEqual([1, type === 'bool' ? 0 : 2]);
    }
  });

  const doubled = add(
    reshape(input('z', [B, 2, 3]), [times(B, 2), 3]),
    input('w', [times(B, 2), 3]),
  );
  const graph = { ...pair(), doubled, same: input('v', [2]) };
  const ones = (...shape: number[]) =>
    host(new Array(shape.reduce((size, axis) => size * axis, 1)).fill(1), shape);
  const good = { ...feeds, z: ones(2, 2, 3), w: ones(4, 3), v: ones(2) };
  const misfits: [string, HostTensors, string][] = [
    ['nothing', { ...good, v: undefined as never }, "Input 'v' needs [2], got nothing."],
    ['another size', { ...good, v: ones(3) }, "Input 'v' needs [2], got [3]."],
    ['another rank', { ...good, v: ones(1, 2) }, "Input 'v' needs [2], got [1, 2]."],
    ['a batch of 1, which would be repeated', { ...good, x: ones(1, 2) }, '[B, 2] (B is '],
    ['another batch', { ...good, x: ones(3, 2) }, '[B, 2] (B is '],
    ['a batch that is not twice the other', { ...good, w: ones(2, 3) }, ' (B is '],
    ['too few numbers', { ...good, x: host([1, 2, 3], [2, 2]) }, "Tensor 'x' does not fit"],
    ['numbers of another type', { ...good, x: hostIntegers([1, 2, 3, 4], [2, 2]) }, 'float32'],
  ];
  it.each(misfits)('refuses %s', async (_, values, message) => {
    const made = await session(graph);
    await expect(made.run(good)).resolves.toHaveProperty('doubled');
    const error = await made.run(values).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(IqeError);
    expect(error).toMatchObject({ code: 'shape', message: expect.stringContaining(message) });
  });

  it('refuses a batch that is no multiple', async () => {
    const made = await session({ y: add(input('x', [times(B, 2)]), 1) });
    await expect(made.run({ x: ones(4) })).resolves.toHaveProperty('y');
    await expect(made.run({ x: ones(3) })).rejects.toThrow("Input 'x' needs [2B], got [3].");
  });

  it('refuses to write into a tensor of another shape, and leaves it alone', async () => {
    const made = await session(pair());
    const sum = host([9, 9], [1, 2]);
    await expect(made.run(feeds, { sum })).rejects.toMatchObject({
      code: 'shape',
      message: expect.stringMatching(
        /^Output 'sum' needs \[B, 2\] \(B is 2 in '[xy]'\), got \[1, 2\]\.$/,
      ),
    });
    expect([...(sum.data as Float32Array)]).toEqual([9, 9]);
  });

  it('cannot be used after its release', async () => {
    const made = await runtime.createSession(compile(pair()));
    await made.release();
    await expect(made.run(feeds)).rejects.toMatchObject({ name: 'IqeError', code: 'runtime' });
  });
});

describe('Runtime.createSession', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'iqe-session-'));
    await writeFile(join(folder, 'weights'), new Uint8Array(Float32Array.of(0, 1, 2, 3).buffer));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  const weightAt = (file: string, offset: number, length = 8) =>
    compile({
      y: add(
        input('x', [2]),
        weight({ name: 'w', dataType: 'float32', shape: [2], file, offset, length }),
      ),
    });

  it('finds weights in files and in memory, at any byte', async () => {
    const x = host([0, 0], [2]);
    for (const offset of [0, 4, 8]) {
      const made = await runtime.createSession(weightAt('weights', offset), {
        weightFolder: folder,
      });
      const { y } = await made.run({ x });
      expect([...(y!.data as Float32Array)]).toEqual([offset / 4, offset / 4 + 1]);
      await made.release();
    }
    const bytes = new Uint8Array(11);
    bytes.set(new Uint8Array(Float32Array.of(5, 6).buffer), 3);
    await writeFile(join(folder, 'odd'), bytes);
    for (const options of [{ weightBytes: { odd: bytes } }, { weightFolder: folder }]) {
      const made = await runtime.createSession(weightAt('odd', 3), options);
      const { y } = await made.run({ x });
      expect([...(y!.data as Float32Array)]).toEqual([5, 6]);
      await made.release();
    }
  });

  it('refuses weights that are not there, and what is no graph', async () => {
    const graphs = [
      weightAt('nowhere', 0),
      weightAt('weights', 12),
      weightAt('weights', 0, 4),
      { ...compile(pair()), body: Uint8Array.of(1, 2, 3) },
    ];
    for (const graph of graphs) {
      await expect(runtime.createSession(graph, { weightFolder: folder })).rejects.toMatchObject({
        name: 'IqeError',
        code: 'runtime',
        message: expect.stringContaining('ONNX Runtime could not load the graph'),
      });
    }
  });
});
