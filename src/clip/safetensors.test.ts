import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { damaged } from '../../test/support/damage.js';
import { IqeError } from '../base/errors.js';
import type { HostTensor, TensorData } from '../graph/session.js';
import { floatToHalf, halfToFloat } from './halfPrecision.js';
import { readSafetensorsHeader, toFloat32, writeSafetensors } from './safetensors.js';

const where = '/some folder/model.safetensors';

function readHeader(bytes: Uint8Array, fileLength = bytes.length) {
  const read = async (offset: number, length: number) => {
    expect(offset + length).toBeLessThanOrEqual(bytes.length);
    return bytes.subarray(offset, offset + length);
  };
  return readSafetensorsHeader(read, fileLength, where);
}

/** A file with this header, which may be anything, and a body of `bodyLength` bytes. */
function fileOf(header: unknown, bodyLength = 0): Uint8Array {
  const text = new TextEncoder().encode(
    typeof header === 'string' ? header : JSON.stringify(header),
  );
  const file = new Uint8Array(8 + text.length + bodyLength);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  return file;
}

const kinds: readonly [string, number, (bytes: Uint8Array<ArrayBuffer>) => TensorData][] = [
  ['float32', 4, (bytes) => new Float32Array(bytes.buffer)],
  ['float16', 2, (bytes) => new Uint16Array(bytes.buffer)],
  ['int32', 4, (bytes) => new Int32Array(bytes.buffer)],
  ['int64', 8, (bytes) => new BigInt64Array(bytes.buffer)],
  ['uint8', 1, (bytes) => new Uint8Array(bytes.buffer)],
  ['int8', 1, (bytes) => new Int8Array(bytes.buffer)],
];

interface Drawn extends HostTensor {
  readonly dataType: string;
}

/** Tensors of every kind whose bytes are drawn at random: NaN, infinities and subnormals included. */
const drawnTensor: fc.Arbitrary<Drawn> = fc
  .tuple(fc.constantFrom(...kinds), fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 3 }))
  .chain(([[dataType, size, view], shape]) => {
    const length = shape.reduce((product, dimension) => product * dimension, size);
    return fc
      .uint8Array({ minLength: length, maxLength: length })
      .map((bytes) => ({ dataType, shape, data: view(Uint8Array.from(bytes)) }));
  });

const drawnName = fc
  .oneof(fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', 'constructor', 'a.b.0', '7'))
  .filter((name) => name !== '__metadata__');

const bytesOf = ({ buffer, byteOffset, byteLength }: TensorData) =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);

describe('writeSafetensors and readSafetensorsHeader', () => {
  it('give back the bytes, types, shapes, names and metadata of any tensors', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(drawnName, drawnTensor), { maxLength: 6 }),
        fc.dictionary(fc.string(), fc.string({ unit: 'grapheme' })),
        async (entries, metadata) => {
          const tensors = Object.fromEntries(entries);
          const file = writeSafetensors(tensors, metadata);
          const header = await readHeader(file);
          expect(header.metadata).toEqual(metadata);
          expect([...header.tensors.keys()].sort()).toEqual(Object.keys(tensors).sort());
          for (const [name, { data, dataType, shape }] of Object.entries(tensors)) {
            const { offset, length, ...stored } = header.tensors.get(name)!;
            expect(stored).toEqual({ name, dataType, shape });
            expect(file.subarray(offset, offset + length)).toEqual(bytesOf(data));
          }
        },
      ),
      { seed: 1 },
    );
  });

  it('begin the body at a multiple of 8 and leave no byte unused', async () => {
    for (const name of ['a', 'ab', 'abc', 'äöü', '👁']) {
      const tensors = { [name]: { data: Float32Array.of(1, 2), shape: [2] } };
      const file = writeSafetensors(tensors);
      const { offset, length } = (await readHeader(file)).tensors.get(name)!;
      expect(offset % 8).toBe(0);
      expect(offset + length).toBe(file.length);
    }
  });

  it('store a part of a larger buffer', async () => {
    const data = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
    const file = writeSafetensors({ x: { data, shape: [2] } });
    const { offset, length } = (await readHeader(file)).tensors.get('x')!;
    expect([...toFloat32(file.subarray(offset, offset + length), 'float32')]).toEqual([2, 3]);
  });

  it('round float32, and nothing else, to half precision on wish', async () => {
    await fc.assert(
      fc.asyncProperty(fc.float32Array({ maxLength: 20 }), async (values) => {
        const ids = Int32Array.from(values, (_, index) => index);
        const shape = [values.length];
        const tensors = { values: { data: values, shape }, ids: { data: ids, shape } };
        const file = writeSafetensors(tensors, {}, true);
        const header = await readHeader(file);
        const stored = header.tensors.get('values')!;
        expect(stored.dataType).toBe('float16');
        expect(header.tensors.get('ids')!.dataType).toBe('int32');
        const bytes = file.subarray(stored.offset, stored.offset + stored.length);
        const expected = Float32Array.from(values, (value) => halfToFloat(floatToHalf(value)));
        expect(toFloat32(bytes, 'float16')).toEqual(expected);
      }),
      { seed: 2 },
    );
  });

  it('read the types that only others write', async () => {
    const entry = (dtype: string, end: number) => ({ dtype, shape: [3], data_offsets: [0, end] });
    const header = await readHeader(
      fileOf({ half: entry('BF16', 6), mask: entry('BOOL', 3), __metadata__: null }, 6),
    );
    expect([...header.tensors.values()].map(({ dataType }) => dataType)).toEqual([
      'bfloat16',
      'bool',
    ]);
    expect(header.metadata).toEqual({});
  });
});

describe('toFloat32', () => {
  it('does not share memory, and takes bytes that are not aligned', () => {
    const bytes = new Uint8Array([9, 0, 0, 128, 63, 0, 0, 0, 64]);
    const values = toFloat32(bytes.subarray(1), 'float32');
    bytes.fill(0);
    expect([...values]).toEqual([1, 2]);
    expect([...toFloat32(Buffer.from([9, 0, 60, 0, 192]).subarray(1), 'float16')]).toEqual([1, -2]);
    expect([...toFloat32(Uint8Array.of(128, 63, 0, 192), 'bfloat16')]).toEqual([1, -2]);
  });

  it('refuses whole numbers', () => {
    expect(() => toFloat32(new Uint8Array(8), 'int64')).toThrow('int64');
  });
});

describe('a damaged .safetensors file is an error that says where and what', () => {
  const good = { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16] };
  const whole = fileOf({ x: good }, 16);
  const headerOf = (x: unknown) => fileOf({ x }, 16);
  const withLength = (length: bigint) => {
    const file = whole.slice();
    new DataView(file.buffer).setBigUint64(0, length, true);
    return file;
  };
  const tensor = "tensor 'x'";
  const cases: [string, Uint8Array, ...string[]][] = [
    ['nothing', new Uint8Array(0), 'it has 0 bytes'],
    ['cut within the length', whole.slice(0, 7), 'it has 7 bytes'],
    ['cut after the length', whole.slice(0, 8), 'header should have'],
    ['cut within the header', whole.slice(0, 30), 'header should have', 'the file has 30'],
    ['cut after the header', whole.slice(0, -16), tensor],
    ['the last byte is missing', whole.slice(0, -1), tensor, `${whole.length}`],
    ['a header as long as 2^64', withLength(2n ** 64n - 1n), '18446744073709552000 bytes'],
    ['a header longer than the file', withLength(BigInt(whole.length)), 'header should have'],
    ['a header cut off by its length', withLength(20n), 'JSON'],
    ['a header with bytes of the body', withLength(BigInt(whole.length - 8)), 'JSON'],
    ['an empty header', fileOf(''), 'JSON'],
    ['text', fileOf('not JSON'), 'JSON'],
    ['broken UTF-8', fileOf('{"\u00e4":0}').map((byte) => (byte === 0xc3 ? 0xff : byte)), 'JSON'],
    ['a list', fileOf([good], 16), 'JSON object'],
    ['a number', fileOf('12'), 'JSON object'],
    ['null', fileOf('null'), 'JSON object'],
    ['metadata that are no texts', fileOf({ __metadata__: { a: 1 } }), 'metadata'],
    ['an entry that is null', headerOf(null), tensor, 'shape'],
    ['an entry that is text', headerOf('x'), tensor, 'shape'],
    ['no shape', headerOf({ ...good, shape: undefined }), tensor, 'shape'],
    ['a negative size', headerOf({ ...good, shape: [-2, -2] }), tensor],
    ['a size that is not whole', headerOf({ ...good, shape: [2.5] }), tensor],
    ['no offsets', headerOf({ ...good, data_offsets: undefined }), tensor, 'offsets'],
    ['one offset', headerOf({ ...good, data_offsets: [16] }), tensor, 'offsets'],
    ['a negative offset', headerOf({ ...good, data_offsets: [-16, 0] }), tensor],
    ['offsets outside', headerOf({ ...good, data_offsets: [8, 24] }), tensor, 'the file at'],
    ['far outside', headerOf({ ...good, data_offsets: [2 ** 50, 2 ** 50 + 16] }), tensor],
    ['offsets in reverse', headerOf({ ...good, data_offsets: [16, 0] }), tensor, 'has -16'],
    ['too few bytes', headerOf({ ...good, data_offsets: [0, 12] }), 'needs 16 bytes and has 12'],
    ['too many bytes', headerOf({ ...good, shape: [1, 3] }), tensor, 'needs 12 bytes and has 16'],
    ['a size beyond counting', headerOf({ ...good, shape: [2 ** 40, 2 ** 40] }), tensor],
    ['an unknown type', headerOf({ ...good, dtype: 'F8_E4M3' }), tensor, "'F8_E4M3'"],
    ['no type', headerOf({ ...good, dtype: undefined }), tensor, "'undefined'"],
    ['a type of JavaScript', headerOf({ ...good, dtype: 'constructor' }), "type 'constructor'"],
  ];

  it('and the file that is damaged below is a good one', async () => {
    expect((await readHeader(whole)).tensors.get('x')).toMatchObject({ shape: [2, 2], length: 16 });
  });

  it.each(cases)('%s', async (_, bytes, ...parts) => {
    const error = await readHeader(bytes).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(IqeError);
    expect(error).toMatchObject({ code: 'checkpoint', hint: expect.any(String) });
    for (const part of [where, ...parts]) expect((error as IqeError).message).toContain(part);
  });

  it('whatever the damage, there is no other error', async () => {
    const tensors = { 'a.weight': { data: new Float32Array(40), shape: [5, 8] } };
    const file = writeSafetensors({ ...tensors, b: { data: new Uint8Array(3), shape: [3] } });
    let refused = 0;
    for (let seed = 0; seed < 500; seed++) {
      const bytes = damaged(file, seed);
      try {
        for (const { offset, length } of (await readHeader(bytes)).tensors.values()) {
          expect(offset + length).toBeLessThanOrEqual(bytes.length);
        }
      } catch (error) {
        expect(error).toMatchObject({ name: 'IqeError', code: 'checkpoint' });
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(200);
  });
});
