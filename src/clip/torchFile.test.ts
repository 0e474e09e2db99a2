import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { damaged } from '../../test/support/damage.js';
import {
  type Pickled,
  pickledStateDict,
  pickledTensor,
  type TorchTensor,
  writeTorchArchive,
  writeTorchFile,
} from '../../test/support/torchWriter.js';
import { writeZip, type ZipFile } from '../../test/support/zipWriter.js';
import { IqeError } from '../base/errors.js';
import type { DataType } from '../graph/tensor.js';
import { byteLength, toFloat32 } from './storedTensor.js';
import { readTorchFile } from './torchFile.js';

const where = '/some folder/pytorch_model.bin';

function readFile(bytes: Uint8Array) {
  const read = async (offset: number, length: number) => {
    expect(offset + length).toBeLessThanOrEqual(bytes.length);
    return bytes.subarray(offset, offset + length);
  };
  return readTorchFile(read, bytes.length, where);
}

const dataTypes: DataType[] = [
  'float32',
  'float16',
  'bfloat16',
  'int64',
  'int32',
  'uint8',
  'int8',
  'bool',
];

const numbers = (length: number) => Uint8Array.from({ length }, (_, index) => (7 * index) % 251);

/** A file with one tensor `x` of a storage of 24 bytes. */
const fileWith = (changes: Partial<TorchTensor>, more: readonly ZipFile[] = []) => {
  const tensor: TorchTensor = { dataType: 'float32', shape: [2, 3], key: '0', ...changes };
  const state = pickledStateDict([['x', pickledTensor(tensor)]]);
  return writeTorchArchive(state, { 0: numbers(24) }, { more });
};

describe('readTorchFile', () => {
  it('finds the bytes of any tensors, in archives of any kind', async () => {
    const tensor = fc
      .tuple(
        fc.constantFrom(...dataTypes),
        fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }),
        fc.integer(),
      )
      .map(([dataType, shape, seed]) => {
        const bytes = numbers(byteLength(dataType, shape)).map((byte) => byte ^ seed);
        return { dataType, shape, bytes };
      });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), tensor), { minLength: 1, maxLength: 6 }),
        fc.record({
          zip64: fc.boolean(),
          alignment: fc.constantFrom(1, 64),
          comment: fc.constantFrom('', 'PK\x05\x06 is how a directory ends'),
        }),
        async (entries, options) => {
          const tensors = Object.fromEntries(entries);
          const file = writeTorchFile(tensors, options);
          const found = await readFile(file);
          expect([...found.keys()].sort()).toEqual(Object.keys(tensors).sort());
          for (const [name, { dataType, shape, bytes }] of Object.entries(tensors)) {
            const { offset, length, ...stored } = found.get(name)!;
            expect(stored).toEqual({ name, dataType, shape });
            expect(file.subarray(offset, offset + length)).toEqual(bytes);
            if (options.alignment === 64) expect(offset % 64).toBe(0);
          }
        },
      ),
      { seed: 3 },
    );
  });

  it('finds bytes after 4 GiB', async () => {
    const before = 5 * 2 ** 30;
    const tensors = { x: { dataType: 'int8', shape: [9], bytes: numbers(9) } } as const;
    const end = writeTorchFile(tensors, { zip64: true, before });
    const read = async (offset: number, length: number) =>
      Uint8Array.from({ length }, (_, index) => end[offset - before + index] ?? 0);
    const found = await readTorchFile(read, before + end.length, where);
    const { offset, length } = found.get('x')!;
    expect(offset).toBeGreaterThan(before);
    expect(await read(offset, length)).toEqual(numbers(9));
  });

  it('takes views and shared storages that are in one piece', async () => {
    const storage = { dataType: 'float32', key: 'shared', elements: 6 } as const;
    const state = pickledStateDict([
      ['whole', pickledTensor({ ...storage, shape: [3, 2] })],
      ['rows', pickledTensor({ ...storage, shape: [2, 2], offset: 2 })],
      ['column of one', pickledTensor({ ...storage, shape: [1, 2], offset: 4, stride: [9, 1] })],
      ['nothing', pickledTensor({ ...storage, shape: [0, 2], stride: [5, 5] })],
    ]);
    const data = new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer);
    const file = writeTorchArchive(state, { shared: data });
    const found = await readFile(file);
    const values = (name: string) => {
      const { offset, length, dataType } = found.get(name)!;
      return [...toFloat32(file.subarray(offset, offset + length), dataType)];
    };
    expect(values('whole')).toEqual([1, 2, 3, 4, 5, 6]);
    expect(values('rows')).toEqual([3, 4, 5, 6]);
    expect(values('column of one')).toEqual([5, 6]);
    expect(values('nothing')).toEqual([]);
  });

  it('takes parameters, and leaves out what is no tensor', async () => {
    const tensor = pickledTensor({ dataType: 'float16', shape: [2], key: '0' });
    const parameter = {
      call: { global: 'torch._utils _rebuild_parameter' },
      with: [tensor, true, { ordered: new Map() }],
    };
    const state = new Map<Pickled, Pickled>([
      ['weight', parameter],
      ['epoch', 3],
      ['names', { list: ['a', 'b'] }],
      [7, tensor],
    ]);
    const found = await readFile(writeTorchArchive(state, { 0: numbers(4) }));
    expect([...found.keys()]).toEqual(['weight']);
    expect(found.get('weight')).toMatchObject({ dataType: 'float16', shape: [2], length: 4 });
  });

  it('reads what torch.save of PyTorch 2.13 wrote', async () => {
    // torch.save(torch.nn.Linear(2, 1).state_dict(), …) with weight [[1, -2]] and bias [0.5].
    const pickle = [
      '8002 63636f6c6c656374696f6e730a4f726465726564446963740a 7100 29 52 7101 28',
      '5806000000776569676874 7102 63746f7263682e5f7574696c730a5f72656275696c645f74656e736f725f76320a 7103',
      '28 28 580700000073746f72616765 7104 63746f7263680a466c6f617453746f726167650a 7105 580100000030 7106',
      '5803000000637075 7107 4b02 74 7108 51 4b00 4b01 4b02 86 7109 4b02 4b01 86 710a 89 6800 29 52 710b 74',
      '710c 52 710d 580400000062696173 710e 6803 28 28 6804 6805 580100000031 710f 6807 4b01 74 7110 51',
      '4b00 4b01 85 7111 4b01 85 7112 89 6800 29 52 7113 74 7114 52 7115 75 7d 7116',
      '58090000005f6d65746164617461 7117 6800 29 52 7118 5800000000 7119 7d 711a 580700000076657273696f6e',
      '711b 4b01 73 73 73 62 2e',
    ].join('');
    const file = writeTorchArchive(
      null,
      {
        0: new Uint8Array(Float32Array.of(1, -2).buffer),
        1: new Uint8Array(Float32Array.of(0.5).buffer),
      },
      { more: [{ name: 'data.pkl', bytes: Buffer.from(pickle.replaceAll(' ', ''), 'hex') }] },
    );
    const found = await readFile(file);
    const { offset, length } = found.get('weight')!;
    expect([...toFloat32(file.subarray(offset, offset + length), 'float32')]).toEqual([1, -2]);
    expect(found.get('weight')!.shape).toEqual([1, 2]);
    expect(found.get('bias')).toMatchObject({ shape: [1], length: 4 });
  });
});

describe('a file that cannot be used is an error that says where and why', () => {
  const good = fileWith({});
  const refused = (state: Pickled) => writeTorchArchive(state, { 0: numbers(24) });
  const tensorOf = (parameters: readonly Pickled[]) =>
    refused(
      new Map([['x', { call: { global: 'torch._utils _rebuild_tensor_v2' }, with: parameters }]]),
    );
  const storage = { persistent: ['storage', { global: 'torch FloatStorage' }, '0', 'cpu', 6] };
  const entry = (file: ZipFile) => [file];
  const cases: [string, Uint8Array, ...string[]][] = [
    ['nothing', new Uint8Array(0), 'no directory'],
    ['the last byte is missing', good.slice(0, -1), 'no directory'],
    ['only the beginning', good.slice(0, 200), 'no directory'],
    ['the beginning is missing', good.slice(64), 'directory'],
    ['no data.pkl', writeZip([{ name: 'a/b', bytes: numbers(3) }]), 'without data.pkl'],
    ['no file at all', writeZip([]), 'without data.pkl'],
    [
      'a compressed tensor',
      fileWith({}, entry({ name: 'data/0', bytes: numbers(24), method: 8 })),
      "'pytorch_model/data/0' is compressed",
    ],
    [
      'an encrypted tensor',
      fileWith({}, entry({ name: 'data/0', bytes: numbers(24), isEncrypted: true })),
      'encrypted',
    ],
    [
      'a compressed pickle',
      fileWith({}, entry({ name: 'data.pkl', bytes: numbers(24), method: 8 })),
      'data.pkl',
      'compressed',
    ],
    [
      'another byte order',
      fileWith({}, entry({ name: 'byteorder', bytes: Buffer.from('big') })),
      "byte order 'big'",
    ],
    ['a storage that is not there', fileWith({ key: '1' }), "no entry 'pytorch_model/data/1'"],
    ['a storage that is too short', fileWith({ shape: [7] }), "tensor 'x' [7] needs 28 bytes"],
    ['an offset beyond the storage', fileWith({ offset: 1 }), "tensor 'x'", 'from 4'],
    ['a transposed tensor', fileWith({ stride: [1, 2] }), "tensor 'x'", 'not in one piece'],
    ['a tensor with gaps', fileWith({ shape: [2, 2], stride: [3, 1] }), "tensor 'x'", '[3,1]'],
    ['an expanded tensor', fileWith({ shape: [4], stride: [0] }), "tensor 'x'", 'one piece'],
    ['a negative size', fileWith({ shape: [-2, -3] }), 'unknown way'],
    ['a size beyond counting', fileWith({ shape: [2 ** 40, 2 ** 40] }), "tensor 'x'"],
    ['a module instead of a state dict', refused({ global: 'torch.nn Linear' }), 'torch.nn.Linear'],
    [
      'a command',
      refused(new Map([['x', { call: { global: 'posix system' }, with: ['touch /tmp/x'] }]])),
      "'posix.system'",
    ],
    [
      'doubles',
      tensorOf([{ persistent: ['storage', { global: 'torch DoubleStorage' }, '0', 'cpu', 3] }]),
      "'torch.DoubleStorage'",
    ],
    ['a nested state dict', refused(new Map([['state_dict', new Map()]])), 'no dict of tensors'],
    ['a list', refused({ list: [1, 2] }), 'no dict of tensors'],
    ['a tensor of no storage', tensorOf(['0', 0, [2], [1], false, null]), 'unknown way'],
    ['a tensor without a stride', tensorOf([storage, 0, [2]]), 'unknown way'],
    ['a stride of another rank', tensorOf([storage, 0, [2, 3], [1], false, null]), 'unknown way'],
    [
      'a conjugated view',
      tensorOf([storage, 0, [2], [1], false, null, new Map([['conj', true]])]),
      'unknown way',
    ],
    [
      'a storage of no type',
      tensorOf([{ persistent: ['storage', 'float', '0', 'cpu', 3] }]),
      'unknown way',
    ],
    ['a persistent id of another kind', refused({ persistent: 'module' }), 'unknown way'],
    [
      'no pickle',
      fileWith({}, entry({ name: 'data.pkl', bytes: Buffer.from('I am none') })),
      'operation 0x49',
    ],
  ];

  it.each(cases)('%s', async (_, bytes, ...parts) => {
    const error = await readFile(bytes).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(IqeError);
    expect(error).toMatchObject({ code: 'checkpoint', hint: expect.any(String) });
    for (const part of [where, ...parts]) expect((error as IqeError).message).toContain(part);
  });

  it.each([false, true])(
    'whatever the damage, there is no other error (zip64: %s)',
    async (zip64) => {
      const tensors = { x: { dataType: 'float32', shape: [3], bytes: numbers(12) } } as const;
      const file = writeTorchFile(tensors, { zip64 });
      let refusals = 0;
      for (let seed = 0; seed < 1000; seed++) {
        const bytes = damaged(file, seed);
        try {
          for (const { offset, length } of (await readFile(bytes)).values()) {
            expect(offset + length).toBeLessThanOrEqual(bytes.length);
          }
        } catch (error) {
          expect(error).toMatchObject({ name: 'IqeError', code: 'checkpoint' });
          refusals++;
        }
      }
      expect(refusals).toBeGreaterThan(300);
    },
  );
});
