import { describe, expect, it } from 'vitest';
import { evaluate } from '../../test/support/evaluate.js';
import { floatToHalf } from './halfPrecision.js';
import { writeSafetensors } from './safetensors.js';
import { WeightFiles } from './weightFiles.js';

const values = Float32Array.from({ length: 12 }, (_, index) => index / 4 - 1);
const bytes = writeSafetensors({
  matrix: { data: values, shape: [4, 3] },
  half: { data: Uint16Array.from(values, floatToHalf), shape: [4, 3] },
  'tower.bias': { data: Float32Array.of(1, 2, 3), shape: [3] },
  ids: { data: BigInt64Array.of(1n, 2n), shape: [2] },
});

const open = () => {
  const reads: [number, number][] = [];
  const file = {
    name: 'weights',
    where: '/folder/weights.safetensors',
    length: bytes.length,
    read: async (offset: number, length: number) => {
      reads.push([offset, length]);
      return bytes.subarray(offset, offset + length);
    },
  };
  return WeightFiles.open([file], '/folder').then((files) => ({ files, reads }));
};

describe('WeightFiles', () => {
  it('knows what is there', async () => {
    const { files } = await open();
    expect(files.names).toEqual(['matrix', 'half', 'tower.bias', 'ids']);
    expect(files.stored.map(({ dataType }) => dataType)).toEqual([
      'float32',
      'float16',
      'float32',
      'int64',
    ]);
  });

  it('reads small tensors, and only some rows of large ones', async () => {
    const { files, reads } = await open();
    for (const name of ['matrix', 'half']) {
      expect(await files.read(name, [4, 3])).toEqual(values);
      reads.length = 0;
      const rows = await files.readRows(name, [4, 3], [2, 0, 2]);
      expect([...rows]).toEqual(
        [2, 0, 2].flatMap((row) => [...values.slice(3 * row, 3 * row + 3)]),
      );
      expect(reads.map(([, length]) => length)).toEqual(Array(3).fill(name === 'half' ? 6 : 12));
    }
    expect(await files.readRows('matrix', [4, 3], [])).toHaveLength(0);
    for (const row of [4, -1, Number.NaN]) {
      await expect(files.readRows('matrix', [4, 3], [row])).rejects.toMatchObject({
        code: 'checkpoint',
        message: `Tensor 'matrix' has 4 rows, row ${row} was asked for.`,
      });
    }
  });

  it('gives weights to graphs without reading them, also under another shape', async () => {
    const { files, reads } = await open();
    reads.length = 0;
    const outputs = {
      matrix: files.weights.get('matrix', [4, 3]),
      flat: files.reshaped('half', [4, 3], [12]),
      bias: files.weights.at('tower').get('bias', [3]),
    };
    const results = await evaluate(outputs, {}, { weightBytes: { weights: bytes } });
    expect(results.matrix).toMatchObject({ data: values, shape: [4, 3] });
    expect(results.flat).toMatchObject({ data: values, shape: [12] });
    expect([...results.bias!.data]).toEqual([1, 2, 3]);
    expect(reads).toEqual([]);
  });

  it('names what does not fit', async () => {
    const { weights } = (await open()).files;
    const where = '/folder/weights.safetensors';
    const cases: [() => unknown, string][] = [
      [() => weights.at('tower').get('scale', [3]), "/folder has no tensor 'tower.scale' [3]."],
      [() => weights.get('matrix', [3, 4]), `${where}: tensor 'matrix' is [4, 3], but`],
      [() => weights.get('matrix', [12]), 'needs [12]'],
      [() => weights.get('ids', [2]), `${where}: tensor 'ids' holds int64`],
    ];
    for (const [act, message] of cases) {
      expect(act).toThrow(expect.objectContaining({ code: 'checkpoint' }));
      expect(act).toThrow(message);
    }
  });
});
