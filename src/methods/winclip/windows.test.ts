import { describe, expect, it } from 'vitest';
import { expectClose } from '../../../test/support/close.js';
import { evaluate, host } from '../../../test/support/evaluate.js';
import { Random } from '../../base/random.js';
import { B } from '../../graph/shape.js';
import { input } from '../../graph/tensor.js';
import { windowPatches, windowSequences, windowsToPatches } from './windows.js';

const grid = 4;

describe.each([1, 2, 3, 4])('windows of %d × %d patches', (k) => {
  const windows = windowPatches(grid, k);

  it('cover every patch, each window a square', () => {
    expect(windows).toHaveLength((grid - k + 1) ** 2);
    expect(new Set(windows.flat()).size).toBe(grid * grid);
    for (const window of windows) {
      const rows = new Set(window.map((patch) => Math.floor(patch / grid)));
      const columns = new Set(window.map((patch) => patch % grid));
      expect([rows.size, columns.size, new Set(window).size]).toEqual([k, k, k * k]);
    }
  });

  it('become sequences of the class token and their patches', async () => {
    const width = 2;
    const tokens = Float32Array.from({ length: 2 * 17 * width }, (_, i) => i);
    const x = input('x', [B, 17, width]);
    const { y } = await evaluate(
      { y: windowSequences(x, grid, k) },
      { x: host(tokens, [2, 17, width]) },
    );
    const expected = [0, 1].flatMap((image) =>
      windows.flatMap((window) =>
        [0, ...window.map((patch) => patch + 1)].flatMap((token) => {
          const at = (image * 17 + token) * width;
          return [...tokens.subarray(at, at + width)];
        }),
      ),
    );
    expect(y!.shape).toEqual([2 * windows.length, 1 + k * k, width]);
    expect([...y!.data]).toEqual(expected);
  });

  it('give each patch the harmonic mean of those that contain it', async () => {
    const random = new Random(k, 'scores');
    const scores = windows.map(() => random.between(0.1, 0.9));
    const x = input('x', [B, windows.length]);
    const { y } = await evaluate(
      { y: windowsToPatches(x, grid, k) },
      { x: host(scores, [1, windows.length]) },
    );
    const expected = Array.from({ length: grid * grid }, (_, patch) => {
      const own = scores.filter((_, window) => windows[window]!.includes(patch));
      return own.length / own.reduce((sum, score) => sum + 1 / score, 0);
    });
    expectClose(y!.data, expected, 1e-5);
  });

  it('give 0 where a window scores 0, and no NaN', async () => {
    const scores = windows.map((_, window) => (window === 0 ? 0 : 0.5));
    const x = input('x', [B, windows.length]);
    const { y } = await evaluate(
      { y: windowsToPatches(x, grid, k) },
      { x: host(scores, [1, windows.length]) },
    );
    const expected = Array.from({ length: grid * grid }, (_, patch) =>
      windows[0]!.includes(patch) ? 0 : 0.5,
    );
    expectClose(y!.data, expected, 1e-6);
  });
});
