import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Pickled, pickle } from '../../test/support/torchWriter.js';
import { unpickle } from './pickle.js';

class Refusal extends Error {}

const globals = new Map<string, unknown>([
  ['collections.OrderedDict', () => new Map()],
  ['known.value', 'value'],
  ['known.count', (values: readonly unknown[]) => values.length],
]);

const load = (bytes: Uint8Array) =>
  unpickle(bytes, {
    globals,
    persistent: (id) => ({ id }),
    refused: (what) => new Refusal(what),
  });

/** The bytes of a pickle: text as ASCII, numbers as bytes. */
const raw = (...parts: (string | number)[]) =>
  Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === 'number' ? part : [...part].map((character) => character.charCodeAt(0)),
    ),
  );

describe('unpickle', () => {
  it('reads what was written', () => {
    const value: fc.Arbitrary<Pickled> = fc.letrec<{ value: Pickled }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(null, true, false),
        fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.integer({ min: 0, max: 70_000 })),
        fc.double({ noInteger: true, noNaN: true }),
        fc.string({ unit: 'grapheme' }),
        fc.array(tie('value'), { maxLength: 5 }),
        fc
          .array(fc.tuple(fc.string(), tie('value')), { maxLength: 5 })
          .map((entries) => new Map(entries)),
      ),
    })).value;
    fc.assert(
      fc.property(value, (written) => {
        expect(load(pickle(written))).toEqual(written);
      }),
      { seed: 1 },
    );
  });

  it('reads lists, ordered dicts with a state, known globals and persistent ids', () => {
    const written: Pickled = {
      ordered: new Map<Pickled, Pickled>([
        ['list', { list: [1, 2] }],
        ['global', { global: 'known value' }],
        ['call', { call: { global: 'known count' }, with: [7, 8, 9] }],
        ['persistent', { persistent: ['storage', 1] }],
      ]),
      state: new Map([['_metadata', 1]]),
    };
    expect(load(pickle(written))).toEqual(
      new Map<string, unknown>([
        ['list', [1, 2]],
        ['global', 'value'],
        ['call', 3],
        ['persistent', { id: ['storage', 1] }],
      ]),
    );
    expect(load(raw(0x80, 2, ']K', 1, 'aK', 2, 'a.'))).toEqual([1, 2]);
  });

  it('reads memos of more than 256 objects', () => {
    const texts = Array.from({ length: 600 }, (_, index) => `text ${index}`);
    const written = [...texts, ...texts];
    expect(load(pickle(written))).toEqual(written);
  });

  const refusals: [string, Uint8Array, string][] = [
    ['an unknown global', pickle({ call: { global: 'os system' }, with: ['ls'] }), "'os.system'"],
    ['a global of a parent', pickle({ global: 'known value.constructor' }), 'value.constructor'],
    ['a call of a value', pickle({ call: { global: 'known value' }, with: [] }), 'no function'],
    ['a call of a text', pickle({ call: 'text', with: [] }), 'no function'],
    ['a call with no list', pickle({ call: { global: 'known count' }, with: 3 }), 'no function'],
    ['an unknown operation', raw(0x80, 2, 'i'), '0x69 at byte 2'],
    ['another protocol', raw(0x80, 4, 'N.'), 'protocol is 4'],
    ['nothing', raw(), 'cut off'],
    ['no end', raw(0x80, 2, 'N'), 'cut off'],
    ['half a number', raw(0x80, 2, 'J', 1, 2), 'cut off'],
    ['half a text', raw(0x80, 2, 'X', 9, 0, 0, 0, 'abc.'), 'cut off'],
    ['half a global', raw(0x80, 2, 'cknown'), 'cut off'],
    ['an end without a value', raw(0x80, 2, '.'), 'missing'],
    ['a tuple of too few', raw(0x80, 2, 'N', 0x86, '.'), 'missing'],
    ['a memo of nothing', raw(0x80, 2, 'q', 0, '.'), 'missing'],
    ['a tuple without a mark', raw(0x80, 2, 'Nt.'), 'did not begin'],
    ['a memo that is not there', raw(0x80, 2, 'h', 5, '.'), 'object 5'],
    ['items in no list', raw(0x80, 2, '}Na.'), 'no list'],
    ['items in no dict', raw(0x80, 2, ']NNs.'), 'no dict'],
    ['a state of no dict', raw(0x80, 2, ']Nb.'), 'no dict'],
    ['a number beyond counting', raw(0x80, 2, 0x8a, 8, 0, 0, 0, 0, 0, 0, 0, 64, '.'), 'number'],
  ];
  it.each(refusals)('refuses %s', (_, bytes, part) => {
    expect(() => load(bytes)).toThrow(Refusal);
    expect(() => load(bytes)).toThrow(part);
  });

  it('refuses, and does nothing else, whatever the bytes', () => {
    const seedBytes = pickle({ ordered: new Map([['a', ['storage', { global: 'known value' }]]]) });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(seedBytes.length - 1), fc.integer({ min: 0, max: 255 })), {
          minLength: 1,
          maxLength: 5,
        }),
        (changes) => {
          const bytes = seedBytes.slice();
          for (const [at, byte] of changes) bytes[at] = byte;
          try {
            load(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(Refusal);
          }
        },
      ),
      { numRuns: 2000, seed: 2 },
    );
  });
});
