import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtobufWriter } from './protobuf.js';

type Field = readonly [number: number, value: bigint | number | Uint8Array];

/** Reads the wire format field by field, independently of the writer. */
function readFields(bytes: Uint8Array): Field[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields: Field[] = [];
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const field = Math.floor(tag / 8);
    switch (tag % 8) {
      case 0:
        fields.push([field, BigInt.asIntN(64, varint())]);
        break;
      case 5:
        fields.push([field, view.getFloat32(at, true)]);
        at += 4;
        break;
      case 2: {
        const length = Number(varint());
        fields.push([field, bytes.slice(at, at + length)]);
        at += length;
        break;
      }
      default:
        throw new Error(`wire type ${tag % 8}`);
    }
  }
  expect(at).toBe(bytes.length);
  return fields;
}

type Written =
  | { kind: 'integer'; field: number; value: number }
  | { kind: 'float'; field: number; value: number }
  | { kind: 'bytes'; field: number; value: Uint8Array }
  | { kind: 'text'; field: number; value: string }
  | { kind: 'message'; field: number; value: Written[] };

const field = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 2 ** 29 - 1 }));
const { message } = fc.letrec<{ message: Written[] }>((tie) => ({
  message: fc.array(
    fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.record({
        kind: fc.constant('integer' as const),
        field,
        value: fc.oneof(fc.maxSafeInteger(), fc.integer()),
      }),
      fc.record({ kind: fc.constant('float' as const), field, value: fc.float() }),
      fc.record({
        kind: fc.constant('bytes' as const),
        field,
        value: fc.uint8Array({ maxLength: 300 }),
      }),
      fc.record({
        kind: fc.constant('text' as const),
        field,
        value: fc.string({ unit: 'grapheme' }),
      }),
      fc.record({ kind: fc.constant('message' as const), field, value: tie('message') }),
    ),
    { maxLength: 6 },
  ),
}));

function write(fields: readonly Written[]): ProtobufWriter {
  const writer = new ProtobufWriter();
  for (const { kind, field: number, value } of fields) {
    if (kind === 'integer') writer.integer(number, value);
    else if (kind === 'float') writer.float(number, value);
    else if (kind === 'bytes') writer.bytes(number, value);
    else if (kind === 'text') writer.text(number, value);
    else writer.message(number, write(value));
  }
  return writer;
}

function expectFields(bytes: Uint8Array, written: readonly Written[]): void {
  const fields = readFields(bytes);
  expect(fields.map(([number]) => number)).toEqual(written.map(({ field: number }) => number));
  for (const [index, { kind, value }] of written.entries()) {
    const actual = fields[index]![1];
    if (kind === 'message') expectFields(actual as Uint8Array, value);
    else if (kind === 'integer') expect(actual).toBe(BigInt(value));
    else if (kind === 'text') expect(actual).toEqual(new TextEncoder().encode(value));
    else expect(actual).toEqual(value);
  }
}

describe('ProtobufWriter', () => {
  it('writes what a reader of the wire format reads', () => {
    fc.assert(
      fc.property(message, (fields) => expectFields(write(fields).finish(), fields)),
      { numRuns: 300, seed: 1 },
    );
  });

  it("writes protobuf's own example, zeros and negative numbers", () => {
    const hex = (writer: ProtobufWriter) => Buffer.from(writer.finish()).toString('hex');
    expect(hex(new ProtobufWriter().integer(1, 150))).toBe('089601');
    expect(hex(new ProtobufWriter().text(2, 'testing'))).toBe('120774657374696e67');
    expect(hex(new ProtobufWriter().integer(1, 0))).toBe('0800');
    expect(hex(new ProtobufWriter().integer(1, -1))).toBe('08ffffffffffffffffff01');
    expect(new ProtobufWriter().finish()).toEqual(new Uint8Array(0));
  });
});
