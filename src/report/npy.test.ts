import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeNpy, encodeNpy } from './npy.js';

describe('npy', () => {
  it('has the header that NumPy writes, the data at a multiple of 64 bytes', () => {
    const bytes = encodeNpy({ width: 3, height: 2, data: Float32Array.of(0, 1, 2, 3, 4, 0.5) });
    expect([...bytes.subarray(0, 8)]).toEqual([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
    expect([...bytes.subarray(8, 10)]).toEqual([118, 0]);
    const header = String.fromCharCode(...bytes.subarray(10, 128));
    expect(header).toMatch(/^\{'descr': '<f4', 'fortran_order': False, 'shape': \(2, 3\), \} *\n$/);
    expect([...bytes.subarray(128, 136)]).toEqual([0, 0, 0, 0, 0, 0, 128, 63]);
  });

  it('reads back what it writes, bit for bit', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        fc.float32Array({ minLength: 144, maxLength: 144 }),
        (width, height, values) => {
          const map = { width, height, data: values.slice(0, width * height) };
          expect(decodeNpy(encodeNpy(map))).toEqual(map);
        },
      ),
      { seed: 1 },
    );
  });

  it('reads from the middle of a buffer, and refuses what is no map or cut off', () => {
    const bytes = encodeNpy({ width: 2, height: 1, data: Float32Array.of(1, 2) });
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect([...decodeNpy(shifted.subarray(3)).data]).toEqual([1, 2]);
    expect(() => decodeNpy(bytes.subarray(0, bytes.length - 1))).toThrow(/136 bytes, this one 135/);
    expect(() => decodeNpy(new Uint8Array(5))).toThrow(/Expected a NumPy file/);
    const doubles = bytes.slice();
    doubles[10 + "{'descr': '<f".length] = '8'.charCodeAt(0);
    expect(() => decodeNpy(doubles)).toThrow(/float32/);
  });
});
